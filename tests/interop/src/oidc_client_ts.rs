//! npm `oidc-client-ts` in pages of its own, at Evergrant's issuer. What comes back was validated by its code.

use anyhow::{Context, bail, ensure};
use evergrant_e2e::browser::Browser;
use evergrant_e2e::{Setup, World, eventually};
use serde_json::{Value, json};

use crate::peer::Peer;

/// The pages, on an origin that is another than the app's.
#[derive(Debug)]
pub struct OidcClientTs(Peer);

impl OidcClientTs {
    /// Serves the pages.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self(Peer::start("oidc_client_ts.js", &json!({}))?))
    }

    /// The demo, with an issuer that knows this client.
    pub fn setup(&self) -> Setup {
        let origin = self.0.origin();
        Setup::demo().with_client(&format!(
            r#"
            [[client]]
            client_id = "oidc-client-ts"
            name = "An app with another library"
            type = "public"
            redirect_uris = ["{origin}/callback"]
            post_logout_redirect_uris = ["{origin}/"]
            origins = ["{origin}"]
            grants = ["authorization_code", "refresh_token"]
            "#
        ))
    }

    /// Opens the first page, with the library's settings for the world's issuer, and some more.
    ///
    /// # Errors
    /// When it is not shown.
    pub async fn open(&self, world: &World, more: Value) -> anyhow::Result<()> {
        let origin = self.0.origin();
        let mut settings = json!({
            "authority": format!("{}/", world.issuer.origin()),
            "client_id": "oidc-client-ts",
            "redirect_uri": format!("{origin}/callback"),
            "post_logout_redirect_uri": format!("{origin}/"),
            "scope": "openid profile email",
            "loadUserInfo": true,
            "automaticSilentRenew": false,
        });
        let (Value::Object(all), Value::Object(more)) = (&mut settings, more) else {
            bail!("the settings are no JSON object")
        };
        all.extend(more);
        world.browser.open(origin).await?;
        let remember = "localStorage.settings = JSON.stringify(arguments[0])";
        world.browser.script(remember, vec![settings]).await?;
        world.browser.open(origin).await
    }

    /// Calls a method of the page's `UserManager`, with an argument unless it is null, and returns what it resolves to.
    ///
    /// # Errors
    /// When it rejects, with what the library says.
    pub async fn call(&self, browser: &Browser, method: &str, argument: Value) -> anyhow::Result<Value> {
        let script = "
            const plain = it => it && { ...it, expires_in: it.expires_in };
            return window.manager[arguments[0]](...arguments[1] === null ? [] : [arguments[1]])
                .then(it => ({ resolved: plain(it) ?? null }), error => ({ rejected: error.message }));";
        let mut settled = browser.script(script, vec![json!(method), argument]).await?;
        ensure!(settled["rejected"].is_null(), "{method} says: {}", settled["rejected"]);
        Ok(settled["resolved"].take())
    }

    /// Asks the issuer who the user is, with a proof of the library's key, or by the token alone. The status of the answer, and the
    /// scheme of its challenge.
    ///
    /// # Errors
    /// When the page cannot ask.
    pub async fn ask_who_it_is(&self, world: &World, with_proof: bool) -> anyhow::Result<Value> {
        let script = "
            const [url, withProof] = arguments;
            return (async () => {
                const user = await window.manager.getUser();
                const proof = { Authorization: `DPoP ${user.access_token}`, DPoP: await window.manager.dpopProof(url, user, 'GET') };
                const headers = withProof ? proof : { Authorization: `Bearer ${user.access_token}` };
                const answer = await fetch(url, { headers });
                return { status: answer.status, scheme: answer.headers.get('www-authenticate')?.split(' ')[0] ?? null };
            })();";
        let url = format!("{}/userinfo", world.issuer.origin());
        world.browser.script(script, vec![json!(url), json!(with_proof)]).await
    }

    /// Begins what ends in another page or needs the person: the call does not settle in this page, or not yet.
    ///
    /// # Errors
    /// When it throws at once.
    pub async fn begin(&self, browser: &Browser, method: &str) -> anyhow::Result<()> {
        let script = "
            window.begun = window.manager[arguments[0]]()
                .then(() => 'done', error => 'failed: ' + error.message)
                .then(outcome => { window.outcome = outcome; });";
        browser.script(script, vec![json!(method)]).await.map(drop)
    }

    /// Waits until what was begun in this page is done.
    ///
    /// # Errors
    /// When it failed.
    pub async fn wait_until_done(&self, browser: &Browser) -> anyhow::Result<()> {
        let outcome = eventually("what was begun has settled", async || {
            let outcome = browser.script("return window.outcome", vec![]).await?;
            Ok(outcome.as_str().context("it has not")?.to_owned())
        })
        .await?;
        ensure!(outcome == "done", "it {outcome}");
        Ok(())
    }

    /// Waits until the first page has a user.
    ///
    /// # Errors
    /// When it shows none.
    pub async fn wait_for_user(&self, browser: &Browser) -> anyhow::Result<Value> {
        eventually("the library has a user", async || {
            let script = "return location.pathname + ' ' + document.body.textContent";
            let page = browser.script(script, vec![]).await?;
            ensure!(page == "/ ", "the page is {page}");
            let user = self.call(browser, "getUser", Value::Null).await?;
            ensure!(!user.is_null(), "there is none");
            Ok(user)
        })
        .await
    }
}

//! npm `oidc-provider`, a certified OpenID provider, and the app's configuration for it.

use anyhow::{Context, bail, ensure};
use evergrant_e2e::{App, IssuerPages, World};
use fantoccini::Locator;
use serde_json::{Map, Value, json};

use crate::peer::Peer;

/// How a provider is to be.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Every response type that it offers, and its client may use.
    pub response_types: &'static [&'static str],
    /// How it signs.
    pub alg: &'static str,
    /// How long its access tokens live, in seconds.
    pub access_token_lifetime: u32,
    /// Whether its tokens are bound to a key, and proofs of that need a nonce (RFC 9449 §8).
    pub dpop: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { response_types: &["code"], alg: "ES256", access_token_lifetime: 3600, dpop: false }
    }
}

/// A running provider that knows the world's app.
#[derive(Debug)]
pub struct OidcProvider<'a> {
    world: &'a World,
    peer: Peer,
}

impl<'a> OidcProvider<'a> {
    /// Starts one, and tells the app by its `config.json` alone that this is its issuer. `config` is what else stands there.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(world: &'a World, settings: Settings, config: Value) -> anyhow::Result<Self> {
        let (app, silent) = (world.app_origin(), world.silent_origin());
        let uses_code = settings.response_types.contains(&"code");
        let grants: &[&str] = if uses_code { &["authorization_code", "refresh_token"] } else { &["implicit"] };
        let client = json!({
            "client_id": "evergrant-app",
            "redirect_uris": [format!("{app}/callback"), format!("{silent}/silent")],
            "post_logout_redirect_uris": [format!("{app}/")],
            "response_types": settings.response_types,
            "grant_types": grants,
            "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": settings.dpop,
        });
        let peer = Peer::start(
            "oidc_provider.js",
            &json!({
                "client": client,
                "response_types": settings.response_types,
                "alg": settings.alg,
                "access_token_lifetime": settings.access_token_lifetime,
                "dpop": settings.dpop,
            }),
        )?;
        let Value::Object(config) = config else { bail!("the configuration is no JSON object") };
        let mut keys = Map::new();
        keys.insert("issuer".to_owned(), json!(peer.origin()));
        keys.insert("scope".to_owned(), json!("openid profile email"));
        // The demo's API, which nobody knows there.
        keys.insert("audience".to_owned(), json!(""));
        keys.extend(config);
        world.app_dir.change_config(keys)?;
        Ok(Self { world, peer })
    }

    /// Its identifier.
    pub fn issuer(&self) -> &str {
        self.peer.origin()
    }

    /// Signs a person of any name in, with consent, and waits for the app.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn sign_in(&self, name: &str) -> anyhow::Result<()> {
        let app = App::of(self.world);
        app.open("/").await?;
        app.press("Sign in").await?;
        self.answer(name).await?;
        app.wait_for_status("signed-in").await
    }

    /// Goes through its pages: their fields are named as at Evergrant's issuer.
    ///
    /// # Errors
    /// When there are no such pages.
    pub async fn answer(&self, name: &str) -> anyhow::Result<()> {
        let pages = IssuerPages::of(self.world);
        pages.sign_in(name, "any").await?;
        ensure!(self.world.browser.address().await?.as_str().starts_with(self.issuer()), "another issuer was asked");
        pages.decide("allow").await
    }

    /// Confirms a sign-out on its page.
    ///
    /// # Errors
    /// When there is no such page.
    pub async fn confirm_sign_out(&self) -> anyhow::Result<()> {
        self.world.browser.click(Locator::Css("button[name=logout][value=yes]")).await
    }

    /// Signs with a new key from now on; the old one stays published.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn rotate_keys(&self) -> anyhow::Result<()> {
        self.post("/test/rotate-keys")
    }

    /// Signs with a new key from now on, and does not know the old one any more.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn replace_keys(&self) -> anyhow::Result<()> {
        self.post("/test/rotate-keys?withdraw")
    }

    /// Takes a refresh token back, as somebody who holds it may (RFC 7009).
    ///
    /// # Errors
    /// When it is refused.
    pub fn revoke(&self, refresh_token: &str) -> anyhow::Result<()> {
        let form = [("token", refresh_token), ("client_id", "evergrant-app")];
        ureq::post(format!("{}/token/revocation", self.issuer())).send_form(form)?;
        Ok(())
    }

    /// Asks for new tokens with a refresh token alone; what it answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn redeem_without_proof(&self, refresh_token: &str) -> anyhow::Result<Value> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("client_id", "evergrant-app")];
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let text = agent.post(format!("{}/token", self.issuer())).send_form(form)?.body_mut().read_to_string()?;
        // The parser's own message could quote a token.
        serde_json::from_str(&text).ok().context("the answer is no JSON")
    }

    fn post(&self, path: &str) -> anyhow::Result<()> {
        ureq::post(format!("{}{path}", self.issuer())).send_empty()?;
        Ok(())
    }

    /// What it printed.
    pub fn output(&self) -> String {
        self.peer.output()
    }
}

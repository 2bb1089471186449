//! npm `openid-client` in a server of its own, at Evergrant's issuer. What comes back was validated by its code, signatures
//! included.

use anyhow::{Context, ensure};
use evergrant_e2e::{IssuerPages, Setup, World};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::peer::Peer;

/// The server.
#[derive(Debug)]
pub struct OpenidClient(Peer);

impl OpenidClient {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> anyhow::Result<Self> {
        let settings = json!({
            "client_id": "openid-client", "client_secret": "secret", "public_client_id": "openid-client-public",
        });
        Ok(Self(Peer::start("openid_client.js", &settings)?))
    }

    /// The demo, with an issuer that knows this client. `more` is what else its registration says.
    pub fn setup(&self, more: &str) -> Setup {
        let origin = self.0.origin();
        Setup::demo().with_client(&format!(
            r#"
            [[client]]
            client_id = "openid-client"
            name = "A server with another library"
            type = "confidential"
            secret_hashes = ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"]
            redirect_uris = ["{origin}/callback"]
            post_logout_redirect_uris = ["{origin}/"]
            response_types = ["code", "code id_token"]
            grants = [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
            ]
            own_scope = "read:reports"
            {more}

            [[client]]
            client_id = "openid-client-public"
            name = "The same without a secret"
            type = "public"
            redirect_uris = ["{origin}/callback"]
            grants = ["authorization_code", "refresh_token"]
            dpop_bound_access_tokens = true
            "#
        ))
    }

    /// Has it discover the world's issuer, and authenticate there by `basic`, `post` or `none` from now on. Returns the metadata as
    /// the library read them.
    ///
    /// # Errors
    /// When the library refuses them.
    pub fn discover(&self, world: &World, authentication: &str) -> anyhow::Result<Value> {
        let issuer = format!("{}/", world.issuer.origin());
        self.ask("/discover", &[("issuer", &issuer), ("auth", authentication)])
    }

    /// The same, with a new key for `alg` that it proves to have from now on (DPoP).
    ///
    /// # Errors
    /// When the library refuses the metadata.
    pub fn discover_with_key(&self, world: &World, authentication: &str, alg: &str) -> anyhow::Result<Value> {
        let issuer = format!("{}/", world.issuer.origin());
        self.ask("/discover", &[("issuer", &issuer), ("auth", authentication), ("dpop", alg)])
    }

    /// Signs the demo's person in, by a browser that it sends to the issuer, with consent.
    ///
    /// # Errors
    /// When a step fails, or the library refuses an answer.
    pub async fn sign_in(&self, world: &World, parameters: &[(&str, &str)]) -> anyhow::Result<()> {
        let browser = &world.browser;
        browser.open(&self.address("/sign-in", parameters)).await?;
        let issuer = IssuerPages::of(world);
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        browser.wait_for_text("Signed in as Tess Tester").await
    }

    /// Has it do something, and returns what came of it.
    ///
    /// # Errors
    /// When the library refuses an answer.
    pub fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Value> {
        let answer = self.answer(path, parameters)?;
        ensure!(answer["error"].is_null(), "{path}: {answer}");
        Ok(answer)
    }

    /// The error that the library reports for what the issuer refuses.
    ///
    /// # Errors
    /// When the issuer does not refuse.
    pub fn refusal(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.answer(path, parameters)?;
        Ok(answer["error"].as_str().context("it was not refused")?.to_owned())
    }

    /// An address of the server, for a browser.
    pub fn address(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}{path}?{query}", self.0.origin())
    }

    fn answer(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Value> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let text = agent.get(self.address(path, parameters)).call()?.body_mut().read_to_string()?;
        serde_json::from_str(&text).context("its answer is no JSON")
    }
}

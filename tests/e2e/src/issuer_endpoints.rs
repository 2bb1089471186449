//! What somebody who holds a token can do with it at the issuer, past the app. Requests leave from the page that is shown.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::stored_session::Token;
use crate::world::World;

/// The issuer's endpoints for clients, used as the demo's client.
#[derive(Clone, Copy, Debug)]
pub struct IssuerEndpoints<'a> {
    world: &'a World,
    browser: &'a Browser,
}

impl<'a> IssuerEndpoints<'a> {
    /// The endpoints of this world's issuer.
    pub fn of(world: &'a World) -> Self {
        Self { world, browser: &world.browser }
    }

    /// Takes a token back (RFC 7009).
    ///
    /// # Errors
    /// When the issuer refuses.
    pub async fn revoke(&self, token: &Token) -> anyhow::Result<()> {
        let (status, _) = self.post("/oauth/revoke", json!({ "token": token.secret() })).await?;
        ensure!(status == 200, "the revocation was answered with {status}");
        Ok(())
    }

    /// Tries a refresh token; the error code that the issuer refuses it with, if it does.
    ///
    /// # Errors
    /// When the issuer does not answer.
    pub async fn refusal_of(&self, refresh_token: &Token) -> anyhow::Result<Option<String>> {
        let form = json!({ "grant_type": "refresh_token", "refresh_token": refresh_token.secret() });
        let (_, body) = self.post("/oauth/token", form).await?;
        Ok(body["error"].as_str().map(str::to_owned))
    }

    async fn post(&self, path: &str, mut form: Value) -> anyhow::Result<(u64, Value)> {
        form["client_id"] = json!("evergrant-app");
        let script = "
            return fetch(arguments[0], { method: 'POST', body: new URLSearchParams(arguments[1]) })
                .then(async answer => ({ status: answer.status, body: JSON.parse(await answer.text() || 'null') }));";
        let url = format!("{}{path}", self.world.issuer.origin());
        let mut answer = self.browser.script(script, vec![json!(url), form]).await?;
        let status = answer["status"].as_u64().context("there is no status")?;
        Ok((status, answer["body"].take()))
    }
}

//! What the server is told: one TOML file, in which an unknown key is an error that names it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use evergrant_core::address::Address;
use evergrant_core::protocol::metadata::is_safe_to_use;
use evergrant_core::protocol::{ClientId, ClientSecret, Issuer, Scope, token};
use evergrant_server::Origin;
use serde::Deserialize;
use url::Url;

/// The configuration. `Debug` hides the secret in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where people reach this server. Its callback is registered at the issuer: this, followed by `/callback`.
    pub public_url: Origin,
    /// Where people sign in, to the letter.
    pub issuer: Issuer,
    /// This server as the issuer knows it.
    pub client_id: ClientId,
    /// How it proves to be that.
    pub client_secret: ClientSecret,
    /// What is asked for; must contain `openid`, and `offline_access` for sessions that outlive an access token.
    pub scope: Scope,
    /// The API that access tokens are for.
    pub audience: Option<String>,
    /// Where that API lists expenses.
    pub api: Url,
    /// Whose refresh tokens are kept in a cookie; nobody's when left out.
    pub cookie_mode: Option<CookieMode>,
}

/// A single-page app whose refresh token this server keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieMode {
    /// The app as the issuer knows it.
    pub client_id: ClientId,
    /// The client's secret, if the issuer knows it as a confidential client: then codes are worth something here alone.
    pub client_secret: Option<ClientSecret>,
    /// Where its pages are. They must be of the same site as this server, or browsers keep the cookie to themselves.
    pub app_origins: Vec<Origin>,
}

impl CookieMode {
    /// How this server proves to the issuer that it acts for the app; `None` for a public client.
    pub(crate) fn authorization(&self) -> Option<String> {
        Some(token::basic_authorization(&self.client_id, self.client_secret.as_ref()?))
    }
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// One sentence about what is wrong with it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("the configuration {} cannot be used", path.display()))
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// One sentence about what is wrong with it.
    pub fn parse(toml: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(toml)?;
        config.check()?;
        Ok(config)
    }

    /// What serde cannot see.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let issuer = Address::parse(self.issuer.as_str()).context("`issuer` is no URL")?;
        for (key, address) in [("issuer", issuer), ("api", self.api.clone().into())] {
            ensure!(is_safe_to_use(&address), "`{key}` must begin with https:// (http:// only on this machine)");
        }
        ensure!(self.scope.contains("openid"), "`scope` must contain openid");
        Ok(())
    }

    /// Where sign-ins come back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.public_url)
    }

    /// Where sign-outs come back to.
    pub(crate) fn post_logout_redirect_uri(&self) -> String {
        format!("{}/", self.public_url)
    }

    /// Whether browsers reach this server over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.as_str().starts_with("https:")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DEMO: &str = include_str!("../demo.toml");

    #[test]
    fn the_demo_can_be_used_and_its_secret_stays_out_of_debug_output() {
        let config = Config::parse(DEMO).unwrap();
        assert_eq!(config.redirect_uri(), "http://localhost:3003/callback");
        assert!(!format!("{config:?}").contains("\"secret\""));
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (from, to, named) in [
            ("client_id", "cleint_id", "cleint_id"),
            ("issuer = \"http://localhost", "issuer = \"http://issuer.example", "`issuer`"),
            ("api = \"http://localhost", "api = \"http://api.example", "`api`"),
            ("openid profile", "profile", "`scope`"),
            ("\"http://localhost:8080\"", "\"*\"", "`*`"),
        ] {
            let text = DEMO.replacen(from, to, 1);
            assert_ne!(text, DEMO, "{from}");
            let error = format!("{:#}", Config::parse(&text).unwrap_err());
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}

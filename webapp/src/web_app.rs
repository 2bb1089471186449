//! Everything a request handler works with.

use std::sync::Arc;

use axum_extra::extract::CookieJar;
use evergrant_core::protocol::token;

use crate::back_channel::Received;
use crate::config::Config;
use crate::cookie_mode::Rotations;
use crate::cookies;
use crate::http::Http;
use crate::provider::Provider;
use crate::session::Session;
use crate::sessions::Sessions;

/// The web app: its configuration, the issuer it trusts, and who is signed in.
#[derive(Debug)]
pub struct WebApp {
    pub(crate) config: Config,
    pub(crate) http: Http,
    pub(crate) provider: Provider,
    pub(crate) sessions: Sessions,
    pub(crate) received: Received,
    pub(crate) rotations: Rotations,
}

impl WebApp {
    /// Makes the web app ready, with nobody signed in. The issuer is asked when somebody comes, so either may start first.
    ///
    /// # Errors
    /// When the configuration cannot work, or the machine cannot do TLS.
    pub fn new(config: Config) -> anyhow::Result<Arc<Self>> {
        config.check()?;
        let http = Http::new()?;
        let provider = Provider::new(http.clone(), config.issuer.clone());
        Ok(Arc::new(Self {
            config,
            http,
            provider,
            sessions: Sessions::default(),
            received: Received::default(),
            rotations: Rotations::default(),
        }))
    }

    /// How this server proves itself to the issuer.
    pub(crate) fn authorization(&self) -> String {
        token::basic_authorization(&self.config.client_id, &self.config.client_secret)
    }

    /// The session of the browser that sent these cookies.
    pub(crate) fn session(&self, jar: &CookieJar) -> Option<Arc<Session>> {
        self.sessions.find(&cookies::session(jar, &self.config)?)
    }

    /// Whether the issuer has ended the session of the browser that sent these cookies.
    pub(crate) fn was_signed_out(&self, jar: &CookieJar) -> bool {
        cookies::session(jar, &self.config).is_some_and(|id| self.sessions.was_signed_out(&id))
    }
}

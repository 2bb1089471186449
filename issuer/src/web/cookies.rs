//! The cookies: who is signed in, which browser this is while somebody signs in, and who has signed in with it before.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;
use crate::secret::Secret;

/// A cookie of the issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session at the issuer.
    Session,
    /// Ties a pending interaction to the browser it was opened in.
    Browser,
    /// Who has signed in with a password in this browser before ([`crate::known_browsers`]).
    Known,
}

impl Cookie {
    /// What the browser sent under this cookie's name.
    pub(crate) fn read(self, headers: &HeaderMap, config: &Config) -> Option<Secret> {
        let name = self.name(config);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| Secret::presented(value))
    }

    /// The `Set-Cookie` that stores `value`.
    pub(crate) fn store(self, value: &Secret, lasts: Duration, config: &Config) -> Option<HeaderValue> {
        self.header(value.expose(), lasts.as_secs(), config)
    }

    /// The `Set-Cookie` that removes it.
    pub(crate) fn remove(self, config: &Config) -> Option<HeaderValue> {
        self.header("", 0, config)
    }

    fn header(self, value: &str, max_age: u64, config: &Config) -> Option<HeaderValue> {
        let name = self.name(config);
        let secure = if config.is_https() { "; Secure" } else { "" };
        // Lax: sent when another site links or redirects here, and not when it posts or (elsewhere) frames.
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// `__Host-` keeps other hosts of the same site from setting it (RFC 6265bis §4.1.3.2); it demands TLS.
    fn name(self, config: &Config) -> &'static str {
        match (self, config.is_https()) {
            (Self::Session, true) => "__Host-evergrant-session",
            (Self::Session, false) => "evergrant-session",
            (Self::Browser, true) => "__Host-evergrant-browser",
            (Self::Browser, false) => "evergrant-browser",
            (Self::Known, true) => "__Host-evergrant-known",
            (Self::Known, false) => "evergrant-known",
        }
    }
}

//! The session as the app keeps it in the browser's storage.

use std::fmt;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What was found in the storage. `Debug` shows no token.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession(Value);

impl StoredSession {
    /// Reads the stored JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(json: &str) -> anyhow::Result<Self> {
        // The parser's own message could quote a token.
        serde_json::from_str(json).map(Self).ok().context("the stored session is no JSON")
    }

    /// One member as it stands.
    pub fn member(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// When the access token expires.
    ///
    /// # Errors
    /// When `expires_at` is no number of milliseconds.
    pub fn expires_at(&self) -> anyhow::Result<SystemTime> {
        let milliseconds = self.member("expires_at").as_u64().context("expires_at is no number")?;
        Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
    }

    /// The access token.
    ///
    /// # Errors
    /// When there is none.
    pub fn access_token(&self) -> anyhow::Result<Token> {
        self.token("access_token")
    }

    /// The ID token.
    ///
    /// # Errors
    /// When there is none.
    pub fn id_token(&self) -> anyhow::Result<Token> {
        self.token("id_token")
    }

    /// The refresh token.
    ///
    /// # Errors
    /// When there is none.
    pub fn refresh_token(&self) -> anyhow::Result<Token> {
        self.token("refresh_token")
    }

    /// How often it was renewed.
    ///
    /// # Errors
    /// When `renewals` is no number.
    pub fn renewals(&self) -> anyhow::Result<usize> {
        let renewals = self.member("renewals").as_u64().context("renewals is no number")?;
        Ok(renewals.try_into()?)
    }

    fn token(&self, name: &str) -> anyhow::Result<Token> {
        let token = self.member(name).as_str().with_context(|| format!("the stored session has no {name}"))?;
        Ok(Token(token.to_owned()))
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.0.as_object().into_iter().flat_map(|members| members.keys()).collect();
        formatter.debug_tuple("StoredSession").field(&names).finish()
    }
}

/// A token, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The claims of a JWT, unverified: whoever wants to know what the issuer wrote.
    ///
    /// # Errors
    /// When it is no JWT.
    pub fn claims(&self) -> anyhow::Result<Value> {
        let payload = self.0.split('.').nth(1).context("it is no JWT")?;
        let json = URL_SAFE_NO_PAD.decode(payload).context("its claims are not base64url")?;
        serde_json::from_slice(&json).ok().context("its claims are no JSON")
    }

    /// The token itself, to be sent and not to be shown.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `text` gives the token, or its signature, away.
    pub fn is_in(&self, text: &str) -> bool {
        let signature = self.0.rsplit('.').next().unwrap_or(&self.0);
        text.contains(signature)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_shows_a_token() {
        let session = StoredSession::parse(r#"{"access_token":"a.eyJzdWIiOiJ0ZXNzIn0.sig"}"#).unwrap();
        let token = session.access_token().unwrap();
        assert_eq!(format!("{session:?} {token:?}"), r#"StoredSession(["access_token"]) Token(…)"#);
        assert_eq!(token.claims().unwrap()["sub"], "tess");
        assert!(token.is_in("a log with sig in it") && !token.is_in("a clean log"));
    }
}

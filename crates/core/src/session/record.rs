//! The session as it is kept: tokens, claims, and when they expire.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::failure::Earlier;
use crate::protocol::authorize::Flow;
use crate::protocol::id_token::IdTokenClaims;
use crate::protocol::json;
use crate::protocol::{AccessToken, ClientId, IdToken, Issuer, RefreshToken, Scope};
use crate::time::{Now, UnixTime};

/// The version of the stored form. Another one is not read: the person signs in again.
const VERSION: u32 = 1;

/// What a sign-in or a renewal brought, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For the API; none from an issuer of ID tokens alone.
    pub access_token: Option<AccessToken>,
    /// Who signed in; a refresh may bring none (OIDC Core §12.2).
    pub id_token: Option<(IdToken, IdTokenClaims)>,
    /// For the next renewal; a refresh that brings none leaves the old one in use (RFC 6749 §6).
    pub refresh_token: Option<RefreshToken>,
    /// What was granted.
    pub scope: Scope,
    /// How long the access token lives; without one, the ID token.
    pub expires_in: Option<Duration>,
    /// The flow they came by.
    pub flow: Flow,
    /// The sign-in they belong to, as the [ledger](super::ledger) counts them; a renewal leaves it as it was.
    pub generation: u64,
    /// When the request left: the lifetime counts from here, so that a slow answer never makes a token seem younger.
    pub requested_at: Now,
}

/// A session, as it is stored. `Debug` hides the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    pub(super) version: u32,
    /// Who issued it.
    pub issuer: Issuer,
    /// For which client.
    pub client_id: ClientId,
    /// For the API; none from an issuer of ID tokens alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessToken>,
    /// The latest ID token.
    pub id_token: IdToken,
    /// Its claims.
    pub claims: IdTokenClaims,
    /// For the next renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// Whether a refresh token is in a cookie that the page cannot read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refresh_cookie: bool,
    /// What was granted.
    pub scope: Scope,
    /// The flow it began with; silent renewals use the same.
    pub flow: Flow,
    /// When the access token expires (without one, the ID token), by the wall clock of this device, in milliseconds since the epoch.
    pub expires_at: UnixTime,
    /// The access token's lifetime when it was issued.
    pub lifetime: Duration,
    /// How often it was renewed.
    pub renewals: u32,
    /// How it was renewed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_method: Option<Method>,
    /// The sign-in it belongs to, as the [ledger](super::ledger) counts them.
    pub generation: u64,
    /// Renewals that failed since the last one that worked, also before a reload.
    pub failures: u32,
    /// What went wrong last and is not mended yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Earlier>>,
}

json::members!(Session {
    version: required,
    issuer: required,
    client_id: required,
    access_token: optional,
    id_token: required,
    claims: required,
    refresh_token: optional,
    refresh_cookie: or_default,
    scope: required,
    flow: required,
    expires_at: required,
    lifetime: required,
    renewals: required,
    last_method: optional,
    generation: or_default,
    failures: or_default,
    problem: optional,
});

impl Session {
    /// The lifetime assumed when the issuer does not tell (RFC 6749 §5.1 only recommends `expires_in`): short enough to
    /// be safe, long enough not to be a burden.
    pub const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

    /// A session that begins with these tokens; `None` when there is no ID token.
    pub fn begin(issuer: Issuer, client_id: ClientId, tokens: Tokens) -> Option<Self> {
        let (id_token, claims) = tokens.id_token?;
        let lifetime = tokens.expires_in.unwrap_or(Self::ASSUMED_LIFETIME);
        Some(Self {
            version: VERSION,
            issuer,
            client_id,
            access_token: tokens.access_token,
            id_token,
            claims,
            refresh_token: tokens.refresh_token,
            refresh_cookie: false,
            scope: tokens.scope,
            flow: tokens.flow,
            expires_at: tokens.requested_at.wall + lifetime,
            lifetime,
            renewals: 0,
            last_method: None,
            generation: tokens.generation,
            failures: 0,
            problem: None,
        })
    }

    /// The same session with newer tokens.
    pub fn renew(&mut self, tokens: Tokens, method: Method) {
        self.lifetime = tokens.expires_in.unwrap_or(Self::ASSUMED_LIFETIME);
        self.expires_at = tokens.requested_at.wall + self.lifetime;
        self.access_token = tokens.access_token;
        self.scope = tokens.scope;
        if let Some((id_token, claims)) = tokens.id_token {
            self.id_token = id_token;
            self.claims = claims;
        }
        if tokens.refresh_token.is_some() {
            self.refresh_token = tokens.refresh_token;
        }
        self.renewals = self.renewals.saturating_add(1);
        self.last_method = Some(method);
        self.failures = 0;
        self.problem = None;
    }

    /// Whether this session, found in a store, is one of this client at this issuer and of a form that is known.
    pub fn belongs_to(&self, issuer: &Issuer, client_id: &ClientId) -> bool {
        self.version == VERSION && self.issuer == *issuer && self.client_id == *client_id
    }

    /// How it will be renewed: a refresh token if there is one, else the iframe.
    pub fn method(&self) -> Method {
        match self.refresh_cookie || self.refresh_token.is_some() {
            true => Method::RefreshToken,
            false => Method::Iframe,
        }
    }
}

/// How a session is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A hidden iframe asks the issuer with `prompt=none`.
    Iframe,
    /// The refresh grant (RFC 6749 §6).
    RefreshToken,
}

json::words!(Method { "iframe" => Iframe, "refresh_token" => RefreshToken, });

impl Method {
    /// The word used in pages and measures.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iframe => "iframe",
            Self::RefreshToken => "refresh_token",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const WALL: UnixTime = UnixTime::from_seconds(1_000_000);

    pub(crate) fn tokens(number: u32, seconds: u64, requested_at: Now) -> Tokens {
        let claims = serde_json::json!({
            "iss": "https://issuer.example/", "sub": "tess", "aud": "app", "exp": 2_000_000, "iat": 1_000_000, "name": "Tess",
        });
        Tokens {
            access_token: Some(AccessToken::new(format!("access-{number}"))),
            id_token: Some((IdToken::new(format!("id-{number}")), serde_json::from_value(claims).unwrap())),
            refresh_token: None,
            scope: Scope::parse("openid"),
            expires_in: Some(Duration::from_secs(seconds)),
            flow: Flow::Code,
            generation: 0,
            requested_at,
        }
    }

    pub(crate) fn session(seconds: u64) -> Session {
        let now = Now { wall: WALL, monotonic: Duration::ZERO, entropy: 0 };
        Session::begin(Issuer::new("https://issuer.example/"), ClientId::new("app"), tokens(0, seconds, now)).unwrap()
    }

    #[test]
    fn a_session_survives_storage_and_debug_hides_its_tokens() {
        let session = session(60);
        let json = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&json).unwrap(), session);
        assert!(json.contains(r#""expires_at":1000060000"#), "{json}");
        let debug = format!("{session:?}");
        assert!(!debug.contains("access-0") && !debug.contains("id-0"), "{debug}");
    }

    #[test]
    fn an_answer_without_a_refresh_token_or_id_token_keeps_the_old_ones() {
        let mut session = session(60);
        session.refresh_token = Some(RefreshToken::new("keep"));
        let mut tokens = tokens(1, 60, Now { wall: WALL, monotonic: Duration::ZERO, entropy: 0 });
        tokens.id_token = None;
        session.renew(tokens, Method::RefreshToken);
        assert_eq!(session.refresh_token, Some(RefreshToken::new("keep")));
        assert_eq!(session.id_token, IdToken::new("id-0"));
        assert_eq!(session.access_token, Some(AccessToken::new("access-1")));
    }

    #[test]
    fn a_session_of_another_client_issuer_or_version_is_not_ours() {
        let mut session = session(60);
        let (issuer, client_id) = (session.issuer.clone(), session.client_id.clone());
        assert!(session.belongs_to(&issuer, &client_id));
        assert!(!session.belongs_to(&Issuer::new("https://other.example/"), &client_id));
        assert!(!session.belongs_to(&issuer, &ClientId::new("other")));
        session.version += 1;
        assert!(!session.belongs_to(&issuer, &client_id));
    }
}

//! `[[client]]`: an application, what it may ask for, and where answers may go.

use std::time::Duration;

use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::{ClientId, ClientSecret, Scope};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::{Api, ConfigError, Origin, RefreshTokens, backchannel_logout, is_loopback, redirect_uri, seconds};
use crate::authorize::ResponseType;
use crate::secret::SecretHash;

/// An application (client).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`.
    pub client_id: ClientId,
    /// What people read on the sign-in and consent pages.
    pub name: String,
    /// Whether it can keep a secret.
    #[serde(rename = "type")]
    pub kind: ClientType,
    /// Hashes of its secrets, as `hash-secret` prints them; two while one replaces the other.
    #[serde(default, skip_serializing)]
    pub secret_hashes: Vec<ClientSecretHash>,
    /// Where authorization responses may go; compared to the letter (RFC 9700 §2.1), but for the port of a loopback address
    /// (`http://127.0.0.1/callback`, `http://[::1]/callback`) of an app on a device.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a sign-out may lead; compared to the letter.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it hears that a session is over which one of its ID tokens names (Back-Channel Logout 1.0 §2.2); it does not when
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which session. Every logout token says so, whatever stands here.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// Origins of its pages: they may call the endpoints (CORS) and frame a silent answer.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// The grants it may use.
    #[serde(default = "default_grants")]
    pub grants: Vec<GrantType>,
    /// What it gets when it asks for no scope in particular without a browser (RFC 6749 §3.3): at the token endpoint, and for a
    /// device.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub default_scope: Scope,
    /// The scopes of APIs that it may have in its own name, without any person.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub own_scope: Scope,
    /// The response types it may use; implicit ones only when named here.
    #[serde(default = "default_response_types")]
    pub response_types: Vec<ResponseType>,
    /// How long its ID tokens last; the issuer's default when left out.
    #[serde(default, with = "seconds::optional", skip_serializing_if = "Option::is_none")]
    pub id_token_lifetime: Option<Duration>,
    /// How its ID tokens are signed; the issuer's way when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signing_alg: Option<Algorithm>,
    /// Whether its tokens are signed with a key of its own, which can be withdrawn without touching anybody else's.
    #[serde(default)]
    pub own_signing_key: bool,
    /// Whether each of its access tokens is bound to a key of its own, so that it must send DPoP proofs (RFC 9449 §5.2). It may
    /// send them in any case.
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Whether people are asked before it gets anything: once, or each time by an app on a device; `false` for one's own
    /// applications.
    #[serde(default = "default_require_consent")]
    pub require_consent: bool,
    /// How its refresh tokens behave, if it has that grant.
    #[serde(default)]
    pub refresh_tokens: RefreshTokens,
}

/// Whether a client can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// It cannot: an app in a browser or on a device. PKCE is required.
    Public,
    /// It can: a server.
    Confidential,
}

/// A grant of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.3: the application itself asks for the password. RFC 9700 §2.4 forbids it to new ones.
    Password,
    /// RFC 6749 §4.4: the application acts in its own name.
    ClientCredentials,
    /// RFC 8628 §3.4: a person allows it in a browser elsewhere, by a code that the device shows.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

impl GrantType {
    /// Every grant the token endpoint knows.
    pub const ALL: [Self; 5] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::Password, Self::ClientCredentials, Self::DeviceCode];

    /// The value of `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

impl Client {
    /// Whether tokens of this client live in a browser, and so have the shorter lifetime.
    pub fn is_browser_app(&self) -> bool {
        self.kind == ClientType::Public && !self.origins.is_empty()
    }

    /// Whether it may have refresh tokens for `api`, or for no API in particular.
    pub fn may_stay(&self, api: Option<&Api>) -> bool {
        self.grants.contains(&GrantType::RefreshToken) && api.is_none_or(|api| api.allow_offline_access)
    }

    /// Whether it may ask for this at the authorization endpoint: a code is of use to who may redeem it alone.
    pub fn may_ask_for(&self, response_type: ResponseType) -> bool {
        let may_redeem = !response_type.code || self.grants.contains(&GrantType::AuthorizationCode);
        may_redeem && self.response_types.contains(&response_type)
    }

    /// Whether it runs on a person's device, outside of the browser: it has no page, and no answers for one.
    pub fn is_native_app(&self) -> bool {
        let code_alone = self.response_types.iter().all(|&response_type| response_type == ResponseType::CODE);
        self.kind == ClientType::Public && self.origins.is_empty() && code_alone
    }

    /// Whether any program of a person's device can pose as this app where its answers go to `redirect_uri`: it is on the device, or it is
    /// called by a scheme, which others may register as well (RFC 8252 §8.6).
    pub fn can_be_posed_as_at(&self, redirect_uri: &str) -> bool {
        self.is_native_app() || self.kind == ClientType::Public && !redirect_uri::has_web_scheme(redirect_uri)
    }

    /// Whether an authorization response may go to `uri`.
    pub fn redirects_to(&self, uri: &str) -> bool {
        let any_port = self.is_native_app();
        let is_registered = |known: &String| known == uri || any_port && redirect_uri::same_but_for_port(known, uri);
        self.redirect_uris.iter().any(is_registered)
    }

    /// Whether a message may go to the page at `uri`: it may where its origin is registered.
    pub fn listens_at(&self, uri: &str) -> bool {
        let origin = Url::parse(uri).ok().and_then(|url| Origin::of(&url));
        origin.is_some_and(|origin| self.origins.contains(&origin))
    }

    /// Whether a sign-out may lead to `uri`.
    pub fn returns_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|known| known == uri)
    }

    /// Whether a page at `address` is this client's: its origin is registered, or that of an address where it is answered.
    pub(crate) fn has_page_at(&self, address: &str) -> bool {
        let origin = |uri: &str| Url::parse(uri).ok().and_then(|url| Origin::of(&url));
        let Some(asked) = origin(address) else { return false };
        let mut answered_at = self.redirect_uris.iter().chain(&self.post_logout_redirect_uris);
        self.origins.contains(&asked) || answered_at.any(|uri| origin(uri).as_ref() == Some(&asked))
    }

    /// A page of this client's that anybody may open: where its sign-outs lead, else the root of its first origin.
    pub fn front_page(&self) -> Option<&str> {
        let after_sign_out = self.post_logout_redirect_uris.iter().map(String::as_str);
        let is_page = |uri: &&str| uri.starts_with("https://") || uri.starts_with("http://");
        after_sign_out.chain(self.origins.iter().map(Origin::as_str)).find(is_page)
    }

    /// Whether `secret` is one of this client's.
    pub fn accepts_secret(&self, secret: &ClientSecret) -> bool {
        let presented = SecretHash::of(secret.secret());
        self.secret_hashes.iter().any(|known| known.0.matches(&presented))
    }

    /// Its origins that can frame no silent answer: a policy cannot name an IPv6 address (CSP3 §2.3.1, `host-part`), and browsers
    /// pass over one that tries.
    pub(super) fn unframed_origins(&self) -> impl Iterator<Item = &Origin> {
        self.origins.iter().filter(|origin| origin.is_ipv6())
    }

    /// Where answers would go over a network without TLS (RFC 9700 §2.6).
    pub(super) fn exposed_redirect_uris(&self) -> impl Iterator<Item = &str> {
        let is_exposed = |uri: &&str| Url::parse(uri).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url));
        self.redirect_uris.iter().map(String::as_str).filter(is_exposed)
    }

    /// Addresses whose scheme another app on the device may have chosen as well: the reversed name of a domain is one's own
    /// (RFC 8252 §7.1, §8.4).
    pub(super) fn claimable_redirect_uris(&self) -> impl Iterator<Item = &str> {
        let is_claimable = |uri: &&str| !redirect_uri::scheme(uri).contains('.') && !redirect_uri::has_web_scheme(uri);
        self.redirect_uris.iter().map(String::as_str).filter(is_claimable)
    }

    /// Whether it could not tell that somebody else uses its refresh tokens.
    pub(super) fn has_lasting_refresh_tokens(&self) -> bool {
        let has_some = self.grants.contains(&GrantType::RefreshToken);
        has_some && self.kind == ClientType::Public && !self.refresh_tokens.rotation
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse =
            |message: String| Err(ConfigError::rule(format!("[[client]] {:?}: {message}", self.client_id.as_str())));
        // RFC 6749 §A.1.
        let id = self.client_id.as_str();
        if id.is_empty() || !id.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return refuse("client_id must have printable ASCII characters, one at least".into());
        }
        match (self.kind, self.secret_hashes.is_empty()) {
            (ClientType::Public, false) => return refuse("a public client has no secret_hashes".into()),
            (ClientType::Confidential, true) => return refuse("a confidential client needs secret_hashes".into()),
            _ => {}
        }
        if self.kind == ClientType::Public && self.grants.contains(&GrantType::ClientCredentials) {
            return refuse("client_credentials is for clients that have a secret".into());
        }
        if self.dpop_bound_access_tokens && self.response_types.iter().any(|response_type| response_type.token) {
            return refuse("dpop_bound_access_tokens: no token that travels in an address is bound to a key, so leave token out of response_types".into());
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            if let Err(reason) = redirect_uri::check(uri) {
                return refuse(format!("{uri:?} {reason}"));
            }
        }
        if let Some(uri) = &self.backchannel_logout_uri
            && let Err(reason) = backchannel_logout::check(uri)
        {
            return refuse(format!("backchannel_logout_uri: {uri:?} {reason}"));
        }
        Ok(())
    }
}

/// The hash of a client's secret: `sha256:` and 64 hexadecimal digits.
///
/// Fast on purpose: it is checked at every request, and a client's secret is random, unlike a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecretHash(SecretHash);

impl ClientSecretHash {
    /// Hashes a secret.
    pub fn of(secret: &str) -> Self {
        Self(SecretHash::of(secret))
    }

    /// The form that stands in the configuration.
    pub fn to_text(&self) -> String {
        let hex: String = self.0.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }

    fn from_text(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.is_ascii())?;
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
        SecretHash::from_bytes(&bytes?).map(Self)
    }
}

impl<'de> Deserialize<'de> for ClientSecretHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::from_text(&text).ok_or_else(|| {
            serde::de::Error::custom("a secret hash is sha256: and 64 hexadecimal digits, as `hash-secret` prints it")
        })
    }
}

impl Serialize for ClientSecretHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_text())
    }
}

fn default_grants() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn default_response_types() -> Vec<ResponseType> {
    vec![ResponseType::CODE]
}

fn default_require_consent() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_hash_is_read_as_it_is_written() {
        let hash = ClientSecretHash::of("secret");
        assert_eq!(ClientSecretHash::from_text(&hash.to_text()), Some(hash));
        for wrong in ["", "sha256:", "sha256:00", "sha256:zz", "md5:00", "sha256:é"] {
            assert_eq!(ClientSecretHash::from_text(wrong), None, "{wrong}");
        }
    }
}

//! The one shape in which OAuth says no: `error`, `error_description`, `error_uri`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::{self, Member};
use super::params::Params;

/// An error answer of an authorization server (RFC 6749 §4.1.2.1 and §5.2, OIDC Core §3.1.2.6).
///
/// Two errors are equal when their codes are: the description is for people.
#[derive(Clone, Debug, Eq, Serialize)]
pub struct OAuthError {
    /// The machine-readable code.
    pub error: ErrorCode,
    /// Words for a developer, as the server put them. Some servers quote what they refuse: in what was read, anything that may
    /// be a token is `…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// A page with more about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
}

json::members!(OAuthError { error: required, error_description: words, error_uri: filled });

impl OAuthError {
    /// An error with a description a person can act on.
    pub fn new(error: ErrorCode, description: impl Into<String>) -> Self {
        Self { error, error_description: Some(description.into()), error_uri: None }
    }

    /// Reads the three parameters from an authorization response; `None` when there is no `error`, or an empty one.
    pub fn from_params(params: &Params) -> Option<Self> {
        let text = |name| params.filled(name).map(str::to_owned);
        Some(Self {
            error: ErrorCode::from(text("error")?),
            error_description: text("error_description").as_deref().map(without_tokens),
            error_uri: text("error_uri"),
        })
    }
}

/// A server's words, in which whatever is long and has a digit is `…`: it may be a token, and these words are shown and logged.
pub(crate) fn without_tokens(words: &str) -> String {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let told = |part| if may_be_a_token(part) { "…" } else { part };
    words.split_inclusive(ends).map(told).collect()
}

fn may_be_a_token(part: &str) -> bool {
    part.len() > 24 && part.contains(|c: char| c.is_ascii_digit())
}

impl PartialEq for OAuthError {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}

impl std::error::Error for OAuthError {}

impl fmt::Display for OAuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error_description {
            Some(description) => write!(formatter, "{}: {description}", self.error),
            None => write!(formatter, "{}", self.error),
        }
    }
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal,)*) => {
        /// The `error` codes of the specifications; an unknown one is kept as it came.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
            /// A code no specification we know defines.
            Other(String),
        }

        impl ErrorCode {
            /// The code as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(code) => code,
                }
            }
        }

        impl From<String> for ErrorCode {
            fn from(code: String) -> Self {
                match code.as_str() {
                    $($wire => Self::$variant,)*
                    _ => Self::Other(code),
                }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, doubled or malformed (RFC 6749 §4.1.2.1).
    InvalidRequest = "invalid_request",
    /// Client authentication failed (RFC 6749 §5.2).
    InvalidClient = "invalid_client",
    /// The code or refresh token is invalid, expired, revoked or another client's (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant",
    /// This client may not use this grant or response type.
    UnauthorizedClient = "unauthorized_client",
    /// The grant type is not known here.
    UnsupportedGrantType = "unsupported_grant_type",
    /// The response type is not known here.
    UnsupportedResponseType = "unsupported_response_type",
    /// The scope is unknown, malformed or too wide.
    InvalidScope = "invalid_scope",
    /// The person or the server refused (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied",
    /// The server met an unexpected condition.
    ServerError = "server_error",
    /// The server is overloaded or under maintenance.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// Nobody is signed in at the issuer (OIDC Core §3.1.2.6).
    LoginRequired = "login_required",
    /// The person has to agree first (OIDC Core §3.1.2.6).
    ConsentRequired = "consent_required",
    /// The person has to do something first (OIDC Core §3.1.2.6).
    InteractionRequired = "interaction_required",
    /// The person has to choose an account first (OIDC Core §3.1.2.6).
    AccountSelectionRequired = "account_selection_required",
    /// `request` objects are not supported (OIDC Core §3.1.2.6).
    RequestNotSupported = "request_not_supported",
    /// `request_uri` is not supported (OIDC Core §3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported",
    /// `registration` is not supported (OIDC Core §3.1.2.6).
    RegistrationNotSupported = "registration_not_supported",
    /// The access token is missing, expired, revoked or malformed (RFC 6750 §3.1).
    InvalidToken = "invalid_token",
    /// The access token does not cover what was asked (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope",
    /// The token type cannot be revoked here (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type",
    /// The `resource` or `audience` is unknown or not allowed (RFC 8707 §2).
    InvalidTarget = "invalid_target",
    /// The proof of possession is missing or wrong (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof",
    /// The proof of possession has to carry the nonce that comes with this (RFC 9449 §8).
    UseDpopNonce = "use_dpop_nonce",
}

impl ErrorCode {
    /// Whether a proof of possession was turned away, with nobody having looked at what it went with (RFC 9449 §5, §8).
    pub(crate) fn is_about_the_proof(&self) -> bool {
        matches!(self, Self::InvalidDpopProof | Self::UseDpopNonce)
    }
}

/// An empty code says nothing.
impl Member for ErrorCode {
    fn read(value: &Value) -> Option<Self> {
        String::read(value).filter(|code| !code.is_empty()).map(Self::from)
    }
}

impl From<ErrorCode> for String {
    fn from(code: ErrorCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::protocol::challenge::Challenge;
    use crate::protocol::params::encode;

    /// Of a JWT, its longer parts.
    #[test]
    fn a_server_that_quoted_a_token_put_it_into_what_is_logged() {
        let quoted = ["1f2e3d4c-0b1a-4f0d-9e6d-4b52c1b0a6f0", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"];
        for token in quoted {
            for words in
                [format!("Invalid refresh token: {token}"), format!("({token})"), format!("“{token}” is too old.")]
            {
                let body = serde_json::json!({ "error": "invalid_grant", "error_description": words }).to_string();
                let in_a_body: OAuthError = serde_json::from_str(&body).unwrap();
                let parameters = encode([("error", "invalid_grant"), ("error_description", &words)]);
                let in_an_address = OAuthError::from_params(&Params::parse(&parameters).unwrap()).unwrap();
                let header =
                    Challenge::find(&format!("Bearer error=\"invalid_token\", error_description=\"{words}\"")).unwrap();
                for error in [in_a_body, in_an_address, header.error.unwrap()] {
                    assert!(error.to_string().contains('…') && !format!("{error:?}").contains(token), "{error:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_server_says_is_told_as_it_is() {
        let said = [
            "The redirect URI http://localhost:5173/callback/silent.html is not registered (AADSTS50011).",
            "Trop d’essais : réessayez dans 30 s. A-very-long-word-with-hyphens-and-no-figures",
        ];
        assert_eq!(said.map(without_tokens), said);
    }

    #[test]
    fn known_codes_survive_the_wire_and_unknown_ones_are_kept() {
        let error: OAuthError = serde_json::from_str(r#"{"error":"login_required"}"#).unwrap();
        assert_eq!(error.error, ErrorCode::LoginRequired);
        let odd: OAuthError = serde_json::from_str(r#"{"error":"house_rule"}"#).unwrap();
        assert_eq!(serde_json::to_string(&odd).unwrap(), r#"{"error":"house_rule"}"#);
    }
}

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
    /// Words for a developer, as the server put them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// A page with more about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
}

json::members!(OAuthError { error: required, error_description: filled, error_uri: filled });

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
            error_description: text("error_description"),
            error_uri: text("error_uri"),
        })
    }
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

    #[test]
    fn known_codes_survive_the_wire_and_unknown_ones_are_kept() {
        let error: OAuthError = serde_json::from_str(r#"{"error":"login_required"}"#).unwrap();
        assert_eq!(error.error, ErrorCode::LoginRequired);
        let odd: OAuthError = serde_json::from_str(r#"{"error":"house_rule"}"#).unwrap();
        assert_eq!(serde_json::to_string(&odd).unwrap(), r#"{"error":"house_rule"}"#);
    }
}

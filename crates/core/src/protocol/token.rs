//! The token endpoint: redeeming a code or a refresh token (RFC 6749 §4.1.3, §5, §6).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::error::{ErrorCode, OAuthError};
use super::json;
use super::names::{AccessToken, AuthorizationCode, ClientId, ClientSecret, CodeVerifier, IdToken, RefreshToken};
use super::params;
use super::scope::Scope;

/// The body that redeems an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
pub fn redeem_code(
    client_id: &ClientId,
    code: &AuthorizationCode,
    verifier: &CodeVerifier,
    redirect_uri: &str,
) -> String {
    params::encode([
        ("grant_type", "authorization_code"),
        ("client_id", client_id.as_str()),
        ("code", code.secret()),
        ("code_verifier", verifier.secret()),
        ("redirect_uri", redirect_uri),
    ])
}

/// The body that asks for new tokens with a refresh token (RFC 6749 §6).
pub fn redeem_refresh_token(client_id: &ClientId, refresh_token: &RefreshToken) -> String {
    params::encode([
        ("grant_type", "refresh_token"),
        ("client_id", client_id.as_str()),
        ("refresh_token", refresh_token.secret()),
    ])
}

/// The body that asks for new tokens where the refresh token travels in a cookie, which this client cannot read.
pub fn redeem_refresh_cookie(client_id: &ClientId) -> String {
    params::encode([("grant_type", "refresh_token"), ("client_id", client_id.as_str())])
}

/// The `Authorization` header by which a client proves itself with its secret (RFC 6749 §2.3.1): both parts are
/// form-encoded before they are joined.
pub fn basic_authorization(client_id: &ClientId, secret: &ClientSecret) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encoded(client_id.as_str()), encoded(secret.secret()));
    format!("Basic {}", STANDARD.encode(credentials))
}

/// A successful answer of the token endpoint (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: AccessToken,
    /// How to present it: `Bearer` or `DPoP`, in any case.
    pub token_type: String,
    /// Seconds from now until the access token expires; RECOMMENDED, so it may be missing.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "whole_seconds")]
    pub expires_in: Option<Duration>,
    /// The refresh token; when absent in an answer to a refresh, the old one stays (RFC 6749 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// What was granted; when absent, what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<IdToken>,
}

json::members!(TokenResponse {
    access_token: required,
    token_type: required,
    expires_in: seconds,
    refresh_token: filled,
    scope: optional,
    id_token: filled,
});

/// Judges an answer of the token endpoint.
///
/// # Errors
/// A [`TokenError`]: the server's own refusal, or an answer that is not one.
pub fn judge(status: u16, body: &[u8]) -> Result<TokenResponse, TokenError> {
    judge_as("Bearer", status, body)
}

/// Judges an answer to a request with a proof of possession (RFC 9449 §5): a token that is not bound to the key is not taken.
///
/// # Errors
/// As [`judge`].
pub fn judge_bound(status: u16, body: &[u8]) -> Result<TokenResponse, TokenError> {
    judge_as("DPoP", status, body)
}

fn judge_as(token_type: &str, status: u16, body: &[u8]) -> Result<TokenResponse, TokenError> {
    // RFC 6749 §5.1 names 200; some frameworks answer every POST with 201.
    let good = (200..300).contains(&status);
    if good && let Ok(response) = json::read::<TokenResponse>(body) {
        // RFC 6749 §7.1: "The client MUST NOT use an access token if it does not understand the token type."
        if !response.token_type.eq_ignore_ascii_case(token_type) {
            return Err(TokenError::TokenType(response.token_type));
        }
        return Ok(response);
    }
    match json::read::<OAuthError>(body) {
        // A gateway's 503 with a JSON body is still a 503; and some servers refuse with 200.
        Ok(error) if status < 500 && status != 429 => Err(TokenError::Refused(error)),
        _ if good => Err(TokenError::NotATokenResponse),
        _ => Err(TokenError::Status(status)),
    }
}

/// Why there are no tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The server refused, in OAuth's own words (RFC 6749 §5.2).
    #[error("the issuer refused: {0}")]
    Refused(OAuthError),
    /// The server answered with this status and nothing OAuth defines for it.
    #[error("the issuer's token endpoint answered with status {0}")]
    Status(u16),
    /// A success, but not JSON with `access_token` and `token_type`, nor with `error`.
    #[error("the token endpoint's answer is not a token response")]
    NotATokenResponse,
    /// A token type other than the one that was asked for, `Bearer` or `DPoP`.
    #[error("the token type `{0}` is not the one that was asked for")]
    TokenType(String),
}

impl TokenError {
    /// Whether the server said `code`.
    pub fn is(&self, code: &ErrorCode) -> bool {
        matches!(self, Self::Refused(error) if error.error == *code)
    }
}

fn whole_seconds<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs()).serialize(to)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_response_is_read_with_or_without_its_optional_parts() {
        let full = judge(
            200,
            br#"{"access_token":"a","token_type":"bearer","expires_in":"3600","scope":"openid","refresh_token":"r","id_token":"i"}"#,
        )
        .unwrap();
        assert_eq!(full.expires_in, Some(Duration::from_secs(3600)));
        let fraction = judge(200, br#"{"access_token":"a","token_type":"Bearer","expires_in":"10.9"}"#).unwrap();
        assert_eq!(fraction.expires_in, Some(Duration::from_secs(10)));
        let bare = judge(200, br#"{"access_token":"a","token_type":"Bearer","expires_in":10.9}"#).unwrap();
        assert_eq!(bare.expires_in, Some(Duration::from_secs(10)));
        assert_eq!(bare.refresh_token, None);
    }

    #[test]
    fn tokens_that_are_left_empty_are_not_there() {
        let body = br#"{"access_token":"a","token_type":"Bearer","refresh_token":"","id_token":""}"#;
        let response = judge(200, body).unwrap();
        assert_eq!((response.refresh_token, response.id_token), (None, None));
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        let body = "\u{feff}{\"access_token\":\"a\",\"token_type\":\"Bearer\"}";
        assert_eq!(judge(200, body.as_bytes()).unwrap().access_token, AccessToken::new("a"));
        let twice = format!("\u{feff}{body}");
        assert_eq!(judge(200, twice.as_bytes()).unwrap_err(), TokenError::NotATokenResponse);
    }

    #[test]
    fn odd_lifetimes_count_as_unknown() {
        for odd in ["-5", "1e300", "\"soon\"", "\"-5\"", "null"] {
            let body = format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{odd}}}"#);
            assert_eq!(judge(200, body.as_bytes()).unwrap().expires_in, None, "{odd}");
        }
    }

    #[test]
    fn refusals_are_told_from_breakdowns() {
        let refused = judge(400, br#"{"error":"invalid_grant"}"#).unwrap_err();
        assert!(refused.is(&ErrorCode::InvalidGrant));
        assert_eq!(judge(503, br#"{"error":"invalid_grant"}"#).unwrap_err(), TokenError::Status(503));
        assert_eq!(judge(429, b"slow down").unwrap_err(), TokenError::Status(429));
        assert_eq!(judge(200, b"<html>").unwrap_err(), TokenError::NotATokenResponse);
        let dpop = judge(200, br#"{"access_token":"a","token_type":"DPoP"}"#).unwrap_err();
        assert_eq!(dpop, TokenError::TokenType("DPoP".into()));
    }

    #[test]
    fn a_token_that_is_not_bound_is_not_taken_for_one_that_is() {
        assert!(judge_bound(200, br#"{"access_token":"a","token_type":"dpop"}"#).is_ok());
        let bearer = judge_bound(200, br#"{"access_token":"a","token_type":"Bearer"}"#).unwrap_err();
        assert_eq!(bearer, TokenError::TokenType("Bearer".into()));
    }

    #[test]
    fn a_refusal_with_status_200_is_told_as_one() {
        let refused = judge(200, br#"{"error":"invalid_grant","error_description":"The code expired."}"#).unwrap_err();
        assert!(refused.is(&ErrorCode::InvalidGrant));
        assert_eq!(refused.to_string(), "the issuer refused: invalid_grant: The code expired.");
        // Tokens are tokens, whatever is said beside them.
        assert!(judge(200, br#"{"access_token":"a","token_type":"bearer","error":""}"#).is_ok());
        assert_eq!(judge(200, br#"{"error":""}"#).unwrap_err(), TokenError::NotATokenResponse);
        assert_eq!(judge(400, br#"{"error":""}"#).unwrap_err(), TokenError::Status(400));
    }

    #[test]
    fn tokens_that_came_with_status_201_were_refused() {
        assert!(judge(201, br#"{"access_token":"a","token_type":"Bearer"}"#).is_ok());
        assert!(judge(201, br#"{"error":"invalid_grant"}"#).unwrap_err().is(&ErrorCode::InvalidGrant));
        assert_eq!(judge(204, b"").unwrap_err(), TokenError::NotATokenResponse);
        assert_eq!(judge(302, br#"{"access_token":"a","token_type":"Bearer"}"#).unwrap_err(), TokenError::Status(302));
    }

    #[test]
    fn debug_output_shows_no_token() {
        let response = judge(200, br#"{"access_token":"sesame","token_type":"Bearer","refresh_token":"open"}"#);
        let text = format!("{response:?}");
        assert!(!text.contains("sesame") && !text.contains("open"), "{text}");
    }

    #[test]
    fn client_credentials_are_encoded_before_they_are_joined() {
        let header = basic_authorization(&ClientId::new("a:b"), &ClientSecret::new("c d&"));
        let credentials = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(credentials, b"a%3Ab:c+d%26");
    }

    proptest! {
        #[test]
        fn anything_is_judged(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = judge(status, &body);
        }
    }
}

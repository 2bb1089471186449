//! The answer without a good token: status, challenge and JSON as RFC 6750 §3 and RFC 9449 §7.1 have them.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use evergrant_core::protocol::access_token::AccessTokenError;
use evergrant_core::protocol::challenge::Challenge;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::{ErrorCode, OAuthError, Scope, dpop};

use crate::verifier::NotAccepted;

/// Why a request is refused, in the protected space `realm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    realm: String,
    reason: Reason,
    /// Whether the token was presented as `DPoP`.
    is_dpop: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    NothingPresented,
    Unclear,
    NotAccepted(NotAccepted),
    InsufficientScope(Scope),
    SignedInTooLongAgo(Duration),
}

impl Refusal {
    /// No token was presented: there is no error to name (RFC 6750 §3.1).
    pub fn nothing_presented(realm: &str) -> Self {
        Self::new(realm, Reason::NothingPresented)
    }

    /// More than one token was presented, or in a form that no token has.
    pub fn unclear(realm: &str) -> Self {
        Self::new(realm, Reason::Unclear)
    }

    /// The token was not accepted.
    pub fn not_accepted(realm: &str, reason: NotAccepted) -> Self {
        Self::new(realm, Reason::NotAccepted(reason))
    }

    /// The token is good, and does not allow this.
    pub fn insufficient_scope(realm: &str, needed: Scope) -> Self {
        Self::new(realm, Reason::InsufficientScope(needed))
    }

    /// The token is good, but the person signed in longer ago than this, or it does not say when (RFC 9470 §3).
    pub fn signed_in_too_long_ago(realm: &str, max_age: Duration) -> Self {
        Self::new(realm, Reason::SignedInTooLongAgo(max_age))
    }

    /// The same for a token that was presented as `DPoP` (RFC 9449 §7.1).
    #[must_use]
    pub fn to_dpop(self) -> Self {
        Self { is_dpop: true, ..self }
    }

    fn new(realm: &str, reason: Reason) -> Self {
        // What is bound and was not presented so is to be.
        let is_dpop = reason == Reason::NotAccepted(NotAccepted::Token(AccessTokenError::Unproven));
        Self { realm: realm.to_owned(), reason, is_dpop }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::NothingPresented
            | Reason::NotAccepted(NotAccepted::Token(_) | NotAccepted::Proof(_))
            | Reason::SignedInTooLongAgo(_) => StatusCode::UNAUTHORIZED,
            Reason::Unclear => StatusCode::BAD_REQUEST,
            Reason::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Reason::NotAccepted(NotAccepted::IssuerUnknown) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error(&self) -> Option<OAuthError> {
        Some(match &self.reason {
            Reason::NothingPresented => return None,
            Reason::Unclear => {
                OAuthError::new(ErrorCode::InvalidRequest, "Present one access token, as Authorization: Bearer TOKEN.")
            }
            Reason::NotAccepted(NotAccepted::Token(error)) => error.into(),
            Reason::NotAccepted(NotAccepted::Proof(error)) => {
                OAuthError::new(ErrorCode::InvalidDpopProof, error.to_string())
            }
            Reason::NotAccepted(NotAccepted::IssuerUnknown) => {
                OAuthError::new(ErrorCode::TemporarilyUnavailable, "The issuer does not answer yet: try again.")
            }
            Reason::InsufficientScope(needed) => {
                OAuthError::new(ErrorCode::InsufficientScope, format!("The scope {needed} is needed."))
            }
            Reason::SignedInTooLongAgo(_) => OAuthError::new(
                ErrorCode::Other("insufficient_user_authentication".to_owned()),
                "This needs a sign-in that is more recent: sign in again.",
            ),
        })
    }

    /// What was wrong, for the log: with both clocks where time is the reason.
    pub(crate) fn for_the_log(&self) -> String {
        match &self.reason {
            Reason::NotAccepted(NotAccepted::Token(error @ AccessTokenError::Expired { here, issued, expired })) => {
                format!(
                    "{error} By the issuer's clock it was issued at {issued} and expired at {expired}; this server's clock says {here}."
                )
            }
            Reason::NothingPresented => "No access token was presented.".to_owned(),
            _ => self.error().and_then(|error| error.error_description).unwrap_or_default(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let error = self.error();
        let mut response = match &error {
            Some(error) => (status, Json(error)).into_response(),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            return response;
        }
        let mut challenge = Challenge { realm: Some(self.realm), error, ..Challenge::default() };
        match self.reason {
            Reason::InsufficientScope(needed) => challenge.scope = needed,
            Reason::SignedInTooLongAgo(max_age) => challenge.max_age = Some(max_age),
            _ => {}
        }
        let bare = Challenge { realm: challenge.realm.clone(), ..Challenge::default() };
        let challenges = match self.is_dpop {
            true => [dpop_challenge(&challenge), bare.to_string()],
            false => [challenge.to_string(), dpop_challenge(&bare)],
        };
        // Where the token is good, another scheme would not help.
        let helpful = if status == StatusCode::UNAUTHORIZED { 2 } else { 1 };
        for challenge in challenges.into_iter().take(helpful) {
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                headers.append(header::WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}

/// The same in the scheme `DPoP`, with what a proof may be signed with (RFC 9449 §7.1).
fn dpop_challenge(challenge: &Challenge) -> String {
    let bearer = challenge.to_string();
    let parameters = bearer.strip_prefix("Bearer ").unwrap_or_default();
    format!("{} {parameters}, algs=\"{}\"", dpop::TOKEN_TYPE, dpop::ALGORITHMS.map(Algorithm::name).join(" "))
}

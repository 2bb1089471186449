//! Saying no in OAuth's words: the issuer's own, or ours where the issuer was not asked or did not answer.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use evergrant_core::protocol::params::ParamsError;
use evergrant_core::protocol::token::TokenError;
use evergrant_core::protocol::{ErrorCode, OAuthError};
use evergrant_core::session::Failure;
use tracing::warn;

/// A refusal (RFC 6749 §5.2).
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: OAuthError,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(error: ErrorCode, description: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: OAuthError::new(error, description), retry_after: None }
    }

    pub(super) fn forbidden(error: ErrorCode, description: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::new(error, description) }
    }

    pub(super) fn is(&self, code: &ErrorCode) -> bool {
        self.error.error == *code
    }
}

/// A page tries again by itself after 429 and 503; what else goes wrong between this server and the issuer is in the log.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let away = |status, retry_after| {
            let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, "the issuer cannot answer now");
            Self { status, error, retry_after }
        };
        match failure {
            Failure::Token(TokenError::Refused(error)) => {
                Self { status: StatusCode::BAD_REQUEST, error, retry_after: None }
            }
            Failure::Busy { status: 429, retry_after, .. } => away(StatusCode::TOO_MANY_REQUESTS, retry_after),
            Failure::Busy { retry_after, .. } => away(StatusCode::SERVICE_UNAVAILABLE, retry_after),
            Failure::Unreachable { .. } => away(StatusCode::SERVICE_UNAVAILABLE, None),
            other => {
                warn!("{other}");
                let error = OAuthError::new(ErrorCode::ServerError, "the issuer's answer cannot be used");
                Self { status: StatusCode::BAD_GATEWAY, error, retry_after: None }
            }
        }
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        Self::new(ErrorCode::InvalidRequest, &error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.error)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(time) = self.retry_after {
            headers.insert(header::RETRY_AFTER, time.as_secs().into());
        }
        response
    }
}

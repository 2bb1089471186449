//! How endpoints for programs say no: status, JSON and challenge as RFC 6749 §5.2 and RFC 6750 §3 ask for them.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::params::ParamsError;
use evergrant_core::protocol::{ErrorCode, OAuthError, dpop};
use tracing::error;

use super::form::FormRejection;
use super::headers::{forbid_storing, whole_seconds};
use super::reason::Reason;
use crate::authorize;
use crate::error::Failure;

/// A refusal for a program.
#[derive(Clone, Debug)]
pub(crate) struct OAuthRefusal {
    status: StatusCode,
    error: OAuthError,
    challenge: Option<String>,
    retry_after: Option<Duration>,
}

impl OAuthRefusal {
    /// The usual one: 400 (RFC 6749 §5.2).
    pub(crate) fn new(code: ErrorCode, description: &str) -> Self {
        Self::from(OAuthError::new(code, description))
    }

    /// Too many attempts: come back after `wait`.
    pub(crate) fn too_many(wait: Duration) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(wait),
            ..Self::new(ErrorCode::TemporarilyUnavailable, "too many attempts: wait before the next one")
        }
    }

    /// The client is not who it says; `basic` when it said so in the `Authorization` header.
    pub(crate) fn invalid_client(basic: bool, description: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: basic.then(|| r#"Basic realm="evergrant""#.to_owned()),
            ..Self::new(ErrorCode::InvalidClient, description)
        }
    }

    /// The access token does not do (RFC 6750 §3.1).
    pub(crate) fn bearer(code: ErrorCode, description: &str) -> Self {
        Self::challenging(code, description, "Bearer", "")
    }

    /// The same for a token that is, or has to be, presented with a proof (RFC 9449 §7.1).
    pub(crate) fn dpop(code: ErrorCode, description: &str) -> Self {
        Self::challenging(code, description, dpop::TOKEN_TYPE, &format!(", {}", dpop_algorithms()))
    }

    fn challenging(code: ErrorCode, description: &str, scheme: &str, more: &str) -> Self {
        let status = match code {
            ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
            ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        let challenge =
            format!(r#"{scheme} realm="evergrant", error="{code}", error_description="{description}"{more}"#);
        Self { status, challenge: Some(challenge), ..Self::new(code, description) }
    }
}

/// `algs`: what a proof may be signed with (RFC 9449 §7.1).
pub(crate) fn dpop_algorithms() -> String {
    format!(r#"algs="{}""#, dpop::ALGORITHMS.map(Algorithm::name).join(" "))
}

impl From<OAuthError> for OAuthRefusal {
    fn from(error: OAuthError) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, challenge: None, retry_after: None }
    }
}

impl From<Failure> for OAuthRefusal {
    fn from(failure: Failure) -> Self {
        error!("{failure}");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some(Duration::from_secs(5)),
            ..Self::new(ErrorCode::TemporarilyUnavailable, "try again in a moment")
        }
    }
}

impl From<ParamsError> for OAuthRefusal {
    fn from(error: ParamsError) -> Self {
        if matches!(&error, ParamsError::Repeated(name) if name == "resource") {
            return authorize::several_resources().into();
        }
        Self::new(
            ErrorCode::InvalidRequest,
            match error {
                ParamsError::Repeated(_) => "a parameter is given more than once",
                ParamsError::TooLong => "the body is too long",
                ParamsError::TooMany => "there are too many parameters",
            },
        )
    }
}

impl From<FormRejection> for OAuthRefusal {
    fn from(rejection: FormRejection) -> Self {
        Self { status: rejection.status(), ..Self::new(ErrorCode::InvalidRequest, rejection.sentence()) }
    }
}

impl IntoResponse for OAuthRefusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self.error)).into_response();
        Reason::add_error(&mut response, &self.error);
        let headers = response.headers_mut();
        forbid_storing(headers);
        let challenge = self.challenge.and_then(|text| HeaderValue::from_str(&text).ok());
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after {
            // Rounded up: who comes back a moment early is refused again.
            let seconds = whole_seconds(wait);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

//! A log of requests with their parameters, for whoever wants to see what a client sends. Values appear only where they
//! cannot be secret.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use url::form_urlencoded;

use crate::provider::Provider;
use crate::web::escort::is_poll;
use crate::web::form::LARGEST_BODY;

/// How many are kept.
const KEPT: usize = 200;

/// The parameters whose values are shown. All others are masked: a new one is secret until it is known not to be.
const SHOWN: [&str; 14] = [
    "audience",
    "client_id",
    "code_challenge_method",
    "decision",
    "grant_type",
    "max_age",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "token_type_hint",
];

/// The requests answered last.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<VecDeque<LoggedRequest>>);

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// When it was answered, in seconds since the epoch by the issuer's clock.
    pub at: i64,
    /// `GET`, `POST`.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// Query and form together, as `name=value`; values appear only where they cannot be secret.
    pub parameters: Vec<String>,
    /// The status of the answer.
    pub status: u16,
}

impl Requests {
    /// The oldest first.
    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, request: LoggedRequest) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(request);
    }
}

/// Logs every request but those to the controls themselves, and what APIs ask for every few seconds.
pub(crate) async fn log(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path == "/dev" || path.starts_with("/dev/") || path.starts_with("/assets/") {
        return next.run(request).await;
    }
    let mut parameters = masked(request.uri().query().unwrap_or_default().as_bytes());
    let request = if method == Method::POST {
        let (head, body) = request.into_parts();
        // What is larger, or broken off, every route refuses in its own way.
        let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_else(|_| vec![b'-'; LARGEST_BODY + 1].into());
        parameters.extend(masked(&body));
        Request::from_parts(head, Body::from(body))
    } else {
        request
    };
    let response = next.run(request).await;
    let status = response.status().as_u16();
    if is_poll(&path, status) {
        return response;
    }
    provider.dev_controls.requests.add(LoggedRequest {
        at: provider.clock.now().as_seconds(),
        method: method.to_string(),
        path,
        parameters,
        status,
    });
    response
}

fn masked(text: &[u8]) -> Vec<String> {
    let show = |name: &str, value: &str| match SHOWN.contains(&name) {
        true => format!("{name}={value}"),
        // A name that nobody defined may be a secret as well: a body that is no form is all name.
        false if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && name.len() <= 32 => {
            format!("{name}=(hidden)")
        }
        false => "(hidden)".to_owned(),
    };
    form_urlencoded::parse(text).take(50).map(|(name, value)| show(&name, &value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_unless_they_are_known_to_be_harmless() {
        assert_eq!(
            masked(b"grant_type=password&password=sesame&client_id=app&client_secret=s&Basic+abc=1"),
            ["grant_type=password", "password=(hidden)", "client_id=app", "client_secret=(hidden)", "(hidden)"]
        );
    }
}

//! Failures to order: the next request to an endpoint gets a status, an error code or a delay.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ErrorCode, OAuthError};
use evergrant_server::look;

use crate::provider::Provider;
use crate::router;
use crate::web::headers::forbid_storing;

/// More would be a mistake of the test that orders them.
const MOST: usize = 100;

/// Where errors go to the application, and not to whoever asks.
const AUTHORIZATION_ENDPOINT: &str = "/authorize";

/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_secs(25);

const STATUS: &str = "status is from 400 to 599";

/// Those that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<Vec<ForcedFailure>>);

/// What is to happen to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForcedFailure {
    /// The path of the endpoint.
    endpoint: String,
    /// Waits before anything else.
    delay: Duration,
    outcome: Outcome,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// What the request asks for.
    Served,
    /// A status, with the error in JSON, and how many seconds the client is asked to wait.
    Status(StatusCode, OAuthError, Option<u32>),
    /// The endpoint's own way to say no: an error for the application, which travels through the browser.
    Told(OAuthError),
}

/// An error that the authorization endpoint is to answer its next request with.
#[derive(Clone, Debug)]
pub(crate) struct ForcedError(pub(crate) OAuthError);

/// What is to happen to a request. With neither a status nor an error, it is served after the delay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderedFailure {
    /// The status of the answer, from 400 to 599. Its body is an error in JSON: `error`, or `temporarily_unavailable`.
    pub status: Option<u16>,
    /// The error. Without a status it comes the way in which the endpoint says no: with 400, and from `/authorize` to the application.
    pub error: Option<ErrorCode>,
    /// What happens first. At most 25 s.
    pub delay: Duration,
    /// How many seconds the client is asked to wait, where there is a status (`Retry-After`, RFC 9110 §10.2.3).
    pub retry_after: Option<u32>,
}

/// Why a failure cannot be ordered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OrderError(pub(crate) Cow<'static, str>);

impl From<&'static str> for OrderError {
    fn from(sentence: &'static str) -> Self {
        Self(Cow::Borrowed(sentence))
    }
}

impl ForcedFailure {
    /// From `endpoint`, `delay` (milliseconds), `status`, `error` and `retry_after` (seconds); without a status and an
    /// error, there is only the delay.
    ///
    /// # Errors
    /// A sentence about the parameter that is wrong.
    pub(crate) fn read(params: &Params) -> Result<Self, OrderError> {
        let number = |name, wrong| match params.filled(name) {
            Some(text) => text.parse::<u32>().map(Some).map_err(|_| OrderError::from(wrong)),
            None => Ok(None),
        };
        let delay = number("delay", "delay is in milliseconds")?.unwrap_or_default();
        // What is no status is told below, as what is out of range.
        let status = number("status", STATUS)?.map(|status| u16::try_from(status).unwrap_or_default());
        let failure = OrderedFailure {
            status,
            error: params.filled("error").map(|code| ErrorCode::from(code.to_owned())),
            delay: Duration::from_millis(delay.into()),
            retry_after: number("retry_after", "retry_after is in whole seconds")?,
        };
        Self::new(params.filled("endpoint").unwrap_or_default(), failure)
    }

    /// # Errors
    /// A sentence about what is wrong.
    pub(crate) fn new(endpoint: &str, failure: OrderedFailure) -> Result<Self, OrderError> {
        let OrderedFailure { status, error, delay, retry_after } = failure;
        if !endpoint.starts_with('/') {
            return Err(OrderError::from("endpoint is a path, such as /oauth/token"));
        }
        check_exists(endpoint)?;
        if delay > LONGEST_DELAY {
            return Err(OrderError::from("delay is at most 25000 milliseconds"));
        }
        let status = status.map(read_status).transpose()?;
        let ordered = |code| OAuthError::new(code, "this failure was ordered at /dev");
        let outcome = match (status, error) {
            (Some(status), code) => {
                Outcome::Status(status, ordered(code.unwrap_or(ErrorCode::TemporarilyUnavailable)), retry_after)
            }
            (None, Some(code)) if endpoint == AUTHORIZATION_ENDPOINT => Outcome::Told(ordered(code)),
            (None, Some(code)) => Outcome::Status(StatusCode::BAD_REQUEST, ordered(code), retry_after),
            (None, None) if !delay.is_zero() => Outcome::Served,
            (None, None) => return Err(OrderError::from("say what is to happen: status, error or delay")),
        };
        Ok(Self { endpoint: endpoint.to_owned(), delay, outcome })
    }
}

impl Failures {
    /// Orders one, behind those for the same endpoint.
    ///
    /// # Errors
    /// A sentence, when too many wait already.
    pub(crate) fn order(&self, failure: ForcedFailure) -> Result<(), OrderError> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            return Err(OrderError::from("too many failures wait already"));
        }
        waiting.push(failure);
        Ok(())
    }

    /// How many are still to come.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self, path: &str) -> Option<ForcedFailure> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = waiting.iter().position(|failure| failure.endpoint == path)?;
        Some(waiting.remove(at))
    }
}

/// Lets the next ordered failure happen. It stands within CORS, so that a page sees the failure and not a blocked answer.
pub(crate) async fn fail(State(provider): State<Arc<Provider>>, mut request: Request, next: Next) -> Response {
    let Some(failure) = provider.dev_controls.failures.take(request.uri().path()) else {
        return next.run(request).await;
    };
    tokio::time::sleep(failure.delay).await;
    match failure.outcome {
        Outcome::Served => next.run(request).await,
        Outcome::Told(error) => {
            request.extensions_mut().insert(ForcedError(error));
            next.run(request).await
        }
        Outcome::Status(status, error, retry_after) => {
            let mut response = (status, Json(error)).into_response();
            forbid_storing(response.headers_mut());
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
    }
}

/// A failure that was ordered for nothing would happen to nobody, and the test that ordered it would pass for another reason.
fn check_exists(endpoint: &str) -> Result<(), OrderError> {
    let mut known = router::endpoints();
    let is_asset = endpoint.strip_prefix("/assets/").is_some_and(|name| look::asset(name).is_some());
    if is_asset || known.iter().any(|path| path == endpoint && !path.contains('{')) {
        return Ok(());
    }
    // Not those that are there twice.
    known.retain(|path| !path.starts_with("//"));
    let known = known.join(" ");
    Err(OrderError(
        format!("there is no endpoint {endpoint:?} whose requests could fail; those there are: {known}").into(),
    ))
}

fn read_status(status: u16) -> Result<StatusCode, OrderError> {
    let status = StatusCode::from_u16(status).ok();
    let status = status.filter(|status| status.is_client_error() || status.is_server_error());
    status.ok_or(OrderError::from(STATUS))
}

//! `/dev` and below, with `--dev` alone: a clock that moves, failures to order, all sessions dropped, and the requests that
//! came. Over HTTP for tests and for the pages of registered clients, and as a page for people.
//!
//! - `GET /dev/clock`, `POST /dev/clock` with `advance` (seconds, may be negative): the time in JSON.
//! - `POST /dev/failure` with `endpoint`, one that exists, and `status`, `error` or `delay` (milliseconds): the next request there fails. At
//!   `/authorize`, an `error` without a `status` goes to the application, as the issuer's own errors do. With a status,
//!   `retry_after` (seconds) becomes the header of that name.
//! - `POST /dev/sessions/drop`: nobody is signed in any more.
//! - `GET /dev/requests`: the latest requests in JSON, secrets masked.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::dev::failures::{ForcedFailure, OrderError};
use crate::dev::requests::LoggedRequest;
use crate::error::Failure;
use crate::provider::Provider;
use crate::web::headers::{forbid_storing, see_other};
use crate::web::page_params::PageParams;
use crate::web::pages::{DevPage, MessagePage, Page as _};
use crate::web::reason::Reason;
use crate::web::{PageError, same_origin};

pub(crate) async fn page(State(provider): State<Arc<Provider>>) -> Response {
    let mut requests = provider.dev_controls.requests.all();
    requests.reverse();
    let page =
        DevPage { ahead: provider.clock.seconds_ahead(), failures: provider.dev_controls.failures.count(), requests };
    page.respond(StatusCode::OK)
}

pub(crate) async fn clock(State(provider): State<Arc<Provider>>) -> Json<Time> {
    Json(Time { now: provider.clock.now().as_seconds() })
}

/// The time by which everything is judged, in seconds since the epoch.
#[derive(Serialize)]
pub(crate) struct Time {
    now: i64,
}

pub(crate) async fn move_clock(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let seconds = params.filled("advance").and_then(|text| text.parse().ok());
    let seconds = seconds.ok_or_else(|| PageError::bad_request("advance is a whole number of seconds."))?;
    provider.clock.shift(seconds);
    Ok(done(&headers, Json(Time { now: provider.clock.now().as_seconds() }).into_response()))
}

pub(crate) async fn order_failure(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Response {
    let failure = ForcedFailure::read(&params);
    match failure.and_then(|failure| provider.dev_controls.failures.order(failure)) {
        Ok(()) => done(&headers, StatusCode::NO_CONTENT.into_response()),
        Err(OrderError(sentence)) => refused(&sentence),
    }
}

pub(crate) async fn drop_sessions(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    provider.store.end_every_session().await.map_err(Failure::from)?;
    provider.backchannel_logout.session_may_have_ended();
    Ok(done(&headers, StatusCode::NO_CONTENT.into_response()))
}

pub(crate) async fn requests(State(provider): State<Arc<Provider>>) -> Json<Vec<LoggedRequest>> {
    Json(provider.dev_controls.requests.all())
}

/// Keeps other sites out: those that post here, and those that make their own name point to this machine and then are of
/// one origin with it.
pub(crate) async fn guard(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    match check_host(&request).and_then(|()| same_origin::check_unsafe(&request, &provider.config)) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The same, but pages of registered clients may come in: they show what an app does about a failure.
pub(crate) async fn guard_controls(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let is_registered = origin.is_some_and(|origin| provider.config.is_registered_origin(origin));
    let checked = check_host(&request).and_then(|()| match is_registered {
        true => Ok(()),
        false => same_origin::check_unsafe(&request, &provider.config),
    });
    match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check_host(request: &Request) -> Result<(), PageError> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") { Ok(()) } else { Err(PageError::foreign_post()) }
}

fn refused(sentence: &str) -> Response {
    let page = MessagePage { heading: "This cannot be ordered", sentence, ..MessagePage::default() };
    let mut response = page.respond(StatusCode::BAD_REQUEST);
    Reason::add_sentence(&mut response, sentence);
    response
}

/// A person goes back to the page; a program gets the answer.
fn done(headers: &HeaderMap, mut answer: Response) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        return see_other("/dev");
    }
    forbid_storing(answer.headers_mut());
    answer
}

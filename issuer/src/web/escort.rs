//! What happens around every request, whatever it asks for: a bound on its time, a header on its answer, a count, and one
//! line in the log: method, path, status, time, and why it was refused. Never the query, the body or a header. What is polled is
//! logged as `debug`, unless it fails.
//!
//! One layer for all of it: each layer of a router costs every request a few allocations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;
use tracing::{debug, info};

use super::headers::NO_SNIFF;
use super::reason::Reason;
use crate::provider::Provider;

/// Longer than any answer takes, short enough that stalled ones do not pile up: a body that comes in drops, for one.
const SLOWEST_ANSWER: Duration = Duration::from_secs(30);

/// What programs ask for every few seconds, as each API does. Lines of these would bury all others.
const POLLED: [&str; 5] = ["/.well-known/jwks.json", "/oauth/revoked", "/healthz", "/livez", "/metrics"];

/// Whether this is an answer as it is given every few seconds, and not worth being told of.
pub(crate) fn is_poll(path: &str, status: u16) -> bool {
    status < 400 && POLLED.contains(&path)
}

pub(crate) async fn escort(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let address = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let begun = Instant::now();
    let answered = timeout(SLOWEST_ANSWER, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response());
    let (no_sniff, value) = NO_SNIFF;
    response.headers_mut().insert(no_sniff, value);
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    // A pattern of the router, never a path that somebody made up.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    provider.metrics.count_request(route, status, took);
    let (path, millis) = (address.path(), took.as_secs_f64() * 1000.0);
    match Reason::of(&response) {
        Some(reason) => info!(%method, path, status, "answered in {millis:.1} ms: {reason}"),
        None if is_poll(path, status) => debug!(%method, path, status, "answered in {millis:.1} ms"),
        None => info!(%method, path, status, "answered in {millis:.1} ms"),
    }
    response
}

//! What happens around every request, whatever it asks for: a bound on its time, a header on its answer, a count, and one
//! line in the log: method, path, status, time. Never the query, the body or a header.
//!
//! One layer for all of it: each layer of a router costs every request a few allocations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;
use tracing::info;

use super::headers::NO_SNIFF;
use crate::provider::Provider;

/// Longer than any answer takes, short enough that stalled ones do not pile up: a body that comes in drops, for one.
const SLOWEST_ANSWER: Duration = Duration::from_secs(30);

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
    info!(%method, path = address.path(), status, "answered in {:.1} ms", took.as_secs_f64() * 1000.0);
    response
}

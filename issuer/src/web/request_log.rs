//! One line for each request: method, path, status, time. Never the query, the body or a header.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tracing::info;

pub(crate) async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
    info!(%method, path, status = response.status().as_u16(), "answered in {milliseconds:.1} ms");
    response
}

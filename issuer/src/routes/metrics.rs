//! `GET /metrics`: the counters, for Prometheus, where the configuration opens them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::provider::Provider;
use crate::web::PageError;

/// Registered as the media type of OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn metrics(State(provider): State<Arc<Provider>>) -> Response {
    if !provider.config.metrics {
        return PageError::not_found().into_response();
    }
    match provider.metrics.to_text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

//! `GET /healthz`: whether this process answers, and its store too.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use tracing::error;

use crate::provider::Provider;

pub(crate) async fn health(State(provider): State<Arc<Provider>>) -> (StatusCode, &'static str) {
    match provider.store.signing_keys().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(failure) => {
            error!("{failure}");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    }
}

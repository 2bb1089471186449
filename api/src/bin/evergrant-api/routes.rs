//! The one list of routes, and what is behind them.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use evergrant_api::{Bearer, RequiredScope, Verifier, cors};
use evergrant_core::time::UnixTime;
use evergrant_server::Origin;

use crate::expenses::Expenses;

#[derive(Clone, FromRef)]
struct Service {
    expenses: Arc<Expenses>,
    verifier: Arc<Verifier>,
}

struct ReadReports;

impl RequiredScope for ReadReports {
    const SCOPE: &'static str = "read:reports";
}

/// Every route of the server.
pub(crate) fn router(app_origins: &[Origin], expenses: Expenses, verifier: Arc<Verifier>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/expenses", get(list))
        .route("/healthz", get("ok"))
        .layer(cors(app_origins))
        .with_state(Service { expenses: Arc::new(expenses), verifier })
}

async fn list(token: Bearer<ReadReports>, State(expenses): State<Arc<Expenses>>) -> Response {
    let report = expenses.report(UnixTime::from_seconds(token.claims.iat));
    // They are for whoever presented the token.
    ([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}

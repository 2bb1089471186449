//! The one list of routes, and what holds for all of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::cookie_mode;
use crate::routes::{assets, backchannel_logout, callback, expenses, home, sign_in, sign_out};
use crate::web_app::WebApp;

/// Longer than the issuer and the API together may take.
const SLOWEST_ANSWER: Duration = Duration::from_secs(45);

/// No form that comes here is longer, in bytes: the largest is a posted response with an ID token in it.
const LARGEST_BODY: usize = 128 * 1024;

/// Every route of the server.
pub fn router(app: Arc<WebApp>) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/sign-in", get(sign_in::begin))
        .route("/callback", post(callback::callback).get(callback::opened_by_hand))
        .route("/expenses", get(expenses::expenses))
        .route("/sign-out", post(sign_out::sign_out))
        .route("/backchannel-logout", post(backchannel_logout::log_out))
        .route("/assets/{name}", get(assets::serve))
        .route("/healthz", get("ok"))
        .fallback(home::nothing_here)
        .merge(cookie_mode::router(&app))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, SLOWEST_ANSWER))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .with_state(app)
}

//! `POST /backchannel-logout`: the issuer's logout requests (Back-Channel Logout 1.0 §2.5).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ErrorCode, OAuthError};
use tracing::warn;

use crate::back_channel::{self, Outcome};
use crate::web_app::WebApp;

/// Anybody may post here: the token alone counts.
pub(crate) async fn log_out(State(app): State<Arc<WebApp>>, body: String) -> Response {
    let token = Params::parse(&body).ok().and_then(|params| params.filled("logout_token").map(str::to_owned));
    let mut response = match token {
        None => refused("logout_token is missing"),
        Some(token) => match back_channel::log_out(&app, &token).await {
            Ok(Outcome::Done) => StatusCode::OK.into_response(),
            Ok(Outcome::Refused(error)) => refused(&error.to_string()),
            // Not 400, which would be the last word (§2.8): the issuer may try again.
            Err(failure) => {
                warn!("a logout token could not be judged: {failure}");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        },
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refused(description: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(OAuthError::new(ErrorCode::InvalidRequest, description))).into_response()
}

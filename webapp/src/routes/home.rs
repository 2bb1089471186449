//! `GET /`: who is signed in.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::CookieJar;

use crate::error::PageError;
use crate::pages::{HomePage, respond};
use crate::web_app::WebApp;

pub(crate) async fn home(State(app): State<Arc<WebApp>>, jar: CookieJar) -> Response {
    let session = app.session(&jar);
    let signed_in = session.as_ref().map(|session| (session.claims.display_name(), session.form_token.as_str()));
    respond(StatusCode::OK, &HomePage { signed_in })
}

pub(crate) async fn nothing_here() -> PageError {
    PageError::not_found()
}

//! `GET /`: who is signed in.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::CookieJar;

use crate::error::{PageError, SIGNED_OUT_ELSEWHERE};
use crate::pages::{HomePage, respond};
use crate::web_app::WebApp;

pub(crate) async fn home(State(app): State<Arc<WebApp>>, jar: CookieJar) -> Response {
    let session = app.session(&jar);
    let signed_in = session.as_ref().map(|session| (session.claims.display_name(), session.form_token.as_str()));
    let signed_out = app.was_signed_out(&jar).then_some(SIGNED_OUT_ELSEWHERE);
    respond(StatusCode::OK, &HomePage { signed_in, signed_out })
}

pub(crate) async fn nothing_here() -> PageError {
    PageError::not_found()
}

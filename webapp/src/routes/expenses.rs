//! `GET /expenses`: for people who are signed in.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use evergrant_core::time::UnixTime;

use crate::error::PageError;
use crate::expenses;
use crate::pages::{ExpensesPage, respond};
use crate::web_app::WebApp;

pub(crate) async fn expenses(State(app): State<Arc<WebApp>>, jar: CookieJar) -> Result<Response, PageError> {
    let Some(session) = app.session(&jar) else {
        if app.was_signed_out(&jar) {
            return Err(PageError::signed_out_elsewhere());
        }
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let report = expenses::load(&app, &session).await?;
    let issued_at = UnixTime::from_seconds(report.token_issued_at);
    let page = ExpensesPage {
        person: session.claims.display_name(),
        form_token: &session.form_token,
        expenses: &report.expenses,
        total: report.total.to_text(),
        token_issued_at: (issued_at.to_string(), report.token_issued_at),
    };
    Ok(respond(StatusCode::OK, &page))
}

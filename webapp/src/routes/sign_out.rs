//! `POST /sign-out`: here, and at the issuer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use evergrant_core::protocol::params::Params;

use crate::config::Config;
use crate::error::PageError;
use crate::web_app::WebApp;
use crate::{cookies, sign_out};

pub(crate) async fn sign_out(
    State(app): State<Arc<WebApp>>,
    jar: CookieJar,
    headers: HeaderMap,
    body: String,
) -> Result<Response, PageError> {
    let (Some(id), Some(session)) = (cookies::session(&jar, &app.config), app.session(&jar)) else {
        return Ok(Redirect::to("/").into_response());
    };
    let form_token = Params::parse(&body).ok().and_then(|params| params.filled("form_token").map(str::to_owned));
    if !comes_from_here(&headers, &app.config) || form_token.as_ref() != Some(&session.form_token) {
        return Err(PageError::foreign_post());
    }
    // Here first: whatever the issuer says, this session is over.
    app.sessions.end(&id);
    let jar = jar.add(cookies::no_session(&app.config));
    // A task of its own: a person who signs out and closes the page has signed out.
    let told = tokio::spawn(async move { sign_out::at_the_issuer(&app, &session).await });
    Ok(match told.await {
        Ok(Ok(Some(url))) => (jar, Redirect::to(url.as_str())).into_response(),
        Ok(Ok(None)) => (jar, Redirect::to("/")).into_response(),
        Ok(Err(failure)) => (jar, PageError::issuer_not_told(&failure)).into_response(),
        Err(_) => (jar, PageError::internal()).into_response(),
    })
}

/// What browsers say about where a post comes from. One that says nothing is judged by the form's token alone.
fn comes_from_here(headers: &HeaderMap, config: &Config) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == config.public_url.as_str(),
        (None, None) => true,
    }
}

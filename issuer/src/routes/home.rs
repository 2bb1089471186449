//! `GET /`: what this server is, and who is signed in in this browser.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::provider::Provider;
use crate::sessions;
use crate::web::PageError;
use crate::web::pages::{HomePage, Page as _};

pub(crate) async fn home(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Result<Response, PageError> {
    let signed_in = sessions::current(&provider, &headers, provider.clock.now()).await?;
    let form_token = signed_in.as_ref().map(|signed_in| signed_in.form_token());
    let person = signed_in.and_then(|signed_in| provider.config.user(signed_in.session.subject.as_str()));
    let page = HomePage {
        issuer: provider.config.issuer.as_str(),
        signed_in: person.map(|person| person.display_name()).zip(form_token.as_ref().map(|token| token.expose())),
    };
    Ok(page.respond(StatusCode::OK))
}

/// Every path that is none of the others.
pub(crate) async fn nothing_here() -> PageError {
    PageError::not_found()
}

//! `GET|POST /sign-in`: the page where a person enters user name and password, and what becomes of them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::authorize::{self, Answering};
use crate::config::User;
use crate::error::Failure;
use crate::interactions::{self, Pending};
use crate::provider::Provider;
use crate::sessions;
use crate::web::PageError;
use crate::web::headers::set_cookie;
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{Page as _, SignInPage};
use crate::web::peer::Peer;

/// One sentence for both, so that nobody learns who has an account.
const WRONG: &str = "That user name and password do not go together.";

pub(crate) async fn page(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let pending = interactions::unanswered(&provider, &headers, &params, provider.clock.now()).await?;
    let hint = authorize::reread(&provider, &pending)?.login_hint;
    show(&provider, &pending, hint.as_deref().unwrap_or_default(), None, StatusCode::OK)
}

pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let pending = interactions::pending(&provider, &headers, &params, provider.clock.now()).await?;
    let username = params.first("username").unwrap_or_default();
    let password = params.first("password").unwrap_or_default();
    provider.limits.sign_in(address, username).map_err(PageError::too_many)?;
    // Before anything is told from whom there is: that too many are waiting is said to everybody.
    let checked = provider.passwords.check(&provider.config.users, username, password).await;
    match checked.map_err(Failure::from)? {
        Some(person) => {
            provider.limits.signed_in(address, username);
            enter(&provider, &headers, &pending, person).await
        }
        None => show(&provider, &pending, username, Some(WRONG), StatusCode::UNPROCESSABLE_ENTITY),
    }
}

/// `POST /dev/sign-in`: one click instead of a password. The route exists with `--dev` alone.
pub(crate) async fn submit_one_click(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let pending = interactions::pending(&provider, &headers, &params, provider.clock.now()).await?;
    let username = params.first("person").unwrap_or_default();
    match provider.config.user_named(username) {
        Some(person) => enter(&provider, &headers, &pending, person).await,
        None => Err(PageError::bad_request("There is nobody of that name.")),
    }
}

async fn enter(
    provider: &Provider,
    headers: &HeaderMap,
    pending: &Pending,
    person: &User,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let request = authorize::reread(provider, pending)?;
    let (session, cookie) = sessions::begin(provider, headers, pending, person, now).await?;
    let answering =
        Answering { request: &request, session: Some(&session), pending: Some(pending), just_allowed: false, now };
    let next = authorize::next(provider, &answering).await?;
    let mut response = authorize::follow(next, &request, pending)?;
    set_cookie(&mut response, cookie);
    Ok(response)
}

fn show(
    provider: &Provider,
    pending: &Pending,
    username: &str,
    error: Option<&str>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let request = authorize::reread(provider, pending)?;
    let people = provider.config.users.iter().filter(|_| provider.dev);
    let page = SignInPage {
        client_name: &request.client.name,
        client_id: request.client.client_id.as_str(),
        interaction: pending.token.expose(),
        username,
        error,
        people: people.map(|person| (person.username.as_str(), person.display_name())).collect(),
    };
    Ok(page.respond(status))
}

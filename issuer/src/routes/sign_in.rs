//! `GET|POST /sign-in`: the page where a person enters user name and password, and what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::asked::{self, Asked};
use super::authorize::{self, Answering};
use super::device::confirm;
use crate::config::User;
use crate::error::Failure;
use crate::interactions::{self, Pending};
use crate::known_browsers;
use crate::passwords::PasswordError;
use crate::provider::Provider;
use crate::sessions;
use crate::web::PageError;
use crate::web::headers::{see_other, set_cookie, whole_seconds};
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{Page as _, SignInPage};
use crate::web::peer::Peer;

/// One sentence for both, so that nobody learns who has an account.
const WRONG: &str = "That user name and password do not go together.";

/// Said to everybody while more passwords are to be checked than can be.
const CROWD: &str = "Very many people are signing in just now. Try again in a few seconds.";
const A_MOMENT: Duration = Duration::from_secs(5);

pub(crate) async fn page(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let pending = interactions::unanswered(&provider, &headers, &params, provider.clock.now()).await?;
    let asked = asked::reread(&provider, &pending)?;
    show(&provider, &pending, asked.login_hint().unwrap_or_default(), None, StatusCode::OK)
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
    let allowed = match known_browsers::recognize(&provider, &headers, username) {
        Some(browser) => provider.limits.sign_in_where_known(browser),
        None => provider.limits.sign_in(address, username),
    };
    if let Err(wait) = allowed {
        let error = format!("Too many attempts. Wait {}, then try again.", in_words(wait));
        return hold_back(&provider, &pending, username, &error, wait);
    }
    // Before anything is told from whom there is: that too many are waiting is said to everybody.
    match provider.passwords.check(&provider.config.users, username, password).await {
        Err(PasswordError::Busy) => hold_back(&provider, &pending, username, CROWD, A_MOMENT),
        Err(failure) => Err(Failure::from(failure).into()),
        Ok(Some(person)) => {
            provider.limits.signed_in(address, username);
            let mut response = enter(&provider, &headers, &pending, person).await?;
            set_cookie(&mut response, known_browsers::remember(&provider, person).map_err(Failure::from)?);
            Ok(response)
        }
        Ok(None) => show(&provider, &pending, username, Some(WRONG), StatusCode::UNPROCESSABLE_ENTITY),
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
    let asked = asked::reread(provider, pending)?;
    let (session, cookie) = sessions::begin(provider, headers, pending, person, now).await?;
    let mut response = match &asked {
        Asked::Authorization(request) => {
            let answering =
                Answering { request, session: Some(&session), pending: Some(pending), just_allowed: false, now };
            let next = authorize::next(provider, &answering).await?;
            authorize::follow(next, request, pending)?
        }
        Asked::Device(asked) => see_other(&pending.address(confirm::PATH, &asked.client.client_id)),
    };
    set_cookie(&mut response, cookie);
    Ok(response)
}

/// The page again, for later: to go back to it instead would be to send the form again.
fn hold_back(
    provider: &Provider,
    pending: &Pending,
    username: &str,
    error: &str,
    wait: Duration,
) -> Result<Response, PageError> {
    let mut response = show(provider, pending, username, Some(error), StatusCode::TOO_MANY_REQUESTS)?;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    Ok(response)
}

pub(super) fn in_words(wait: Duration) -> String {
    match whole_seconds(wait) {
        1 => "a second".to_owned(),
        seconds @ ..60 => format!("{seconds} seconds"),
        60 => "a minute".to_owned(),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn show(
    provider: &Provider,
    pending: &Pending,
    username: &str,
    error: Option<&str>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let asked = asked::reread(provider, pending)?;
    let client = asked.client();
    let people = provider.config.users.iter().filter(|_| provider.dev);
    let page = SignInPage {
        client_name: &client.name,
        client_id: client.client_id.as_str(),
        interaction: pending.token.expose(),
        username,
        error,
        people: people.map(|person| (person.username.as_str(), person.display_name())).collect(),
    };
    Ok(page.respond(status))
}

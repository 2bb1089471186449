//! Ending the session here: `GET|POST /oidc/logout` (RP-Initiated Logout 1.0), `GET /v2/logout` (Auth0's form of it), and
//! `POST /sign-out` from the issuer's own pages.

mod request;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;

use crate::provider::Provider;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::web::PageError;
use crate::web::cookies::Cookie;
use crate::web::headers::{see_other, set_cookie};
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{MessagePage, Page as _, SignOutPage};

use super::authorize::LONGEST_ADDRESS;
use request::{LogoutRequest, WayBack};

pub(crate) async fn oidc(
    State(provider): State<Arc<Provider>>,
    method: Method,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let signed_in = sessions::current(&provider, &headers, provider.clock.now()).await?;
    // A post from another site comes without the cookie, so nobody knows then.
    let is_nobody = signed_in.is_none() && method == Method::GET;
    let request = LogoutRequest::read(&provider, &params).map_err(|error| for_visitor(error, is_nobody))?;
    let nobody = || match method {
        Method::POST => ask_browser(&request.way_back),
        _ => Ok(signed_out(&provider, &request.way_back)),
    };
    match (&request.hint, signed_in) {
        // Whoever holds an ID token of this person was trusted with it: no question is asked.
        (Some(hint), Some(signed_in)) if hint.sub == signed_in.session.subject => {
            sessions::end(&provider, &signed_in).await?;
            Ok(signed_out(&provider, &request.way_back))
        }
        // The hint names the session as well.
        (Some(hint), None) => {
            if let Some(sid) = &hint.sid {
                sessions::end_called(&provider, sid, &hint.sub).await?;
            }
            nobody()
        }
        // §2: without a hint, or with one about somebody else, the person is asked.
        (_, Some(signed_in)) => Ok(ask(&provider, &signed_in, &request.way_back)),
        (None, None) => nobody(),
    }
}

pub(crate) async fn v2(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let signed_in = sessions::current(&provider, &headers, provider.clock.now()).await?;
    let way_back =
        request::way_back_of_v2(&provider, &params).map_err(|error| for_visitor(error, signed_in.is_none()))?;
    match signed_in {
        // Auth0 asks nothing of an application that names itself; but whoever knows its name could.
        Some(signed_in) if names_itself(&provider, &way_back, &headers) => {
            sessions::end(&provider, &signed_in).await?;
            Ok(signed_out(&provider, &way_back))
        }
        Some(signed_in) => Ok(ask(&provider, &signed_in, &way_back)),
        None => Ok(signed_out(&provider, &way_back)),
    }
}

/// Whether the request names a client, and nothing says that the page of another site sent the browser here. A browser that says
/// nothing of sites is believed (Fetch Metadata); of a page it says the origin at least, unless the page forbids that.
fn names_itself(provider: &Provider, way_back: &WayBack, headers: &HeaderMap) -> bool {
    let Some(client) = way_back.client_id.as_ref().and_then(|id| provider.config.client(id)) else { return false };
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_its_own = |name| text(name).is_some_and(|address| client.has_page_at(address));
    text("sec-fetch-site") != Some("cross-site") || ["referer", "origin"].into_iter().any(is_its_own)
}

pub(crate) async fn confirmed(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let way_back = LogoutRequest::read(&provider, &params)?.way_back;
    let signed_in = sessions::current(&provider, &headers, provider.clock.now()).await?;
    if let Some(signed_in) = signed_in {
        let token = Secret::presented(params.first("form_token").unwrap_or_default());
        if !token.matches(&signed_in.form_token()) {
            return Err(PageError::foreign_post());
        }
        sessions::end(&provider, &signed_in).await?;
    }
    Ok(signed_out(&provider, &way_back))
}

/// Why somebody, or nobody, was not signed out.
fn for_visitor(error: PageError, is_nobody: bool) -> PageError {
    if is_nobody { error.with_nobody_signed_in() } else { error }
}

fn signed_out(provider: &Provider, way_back: &WayBack) -> Response {
    let mut response = match way_back.address() {
        Some(address) => see_other(&address),
        None => MessagePage {
            heading: "You are signed out",
            sentence: "Your session at this issuer is over in this browser. You can close this page.",
            ..MessagePage::default()
        }
        .respond(StatusCode::OK),
    };
    set_cookie(&mut response, Cookie::Session.remove(&provider.config));
    response
}

/// A post from another site comes without the cookie, and its answer may not take that away unasked. The GET that follows has it;
/// where the session has just ended, that finds nobody.
fn ask_browser(way_back: &WayBack) -> Result<Response, PageError> {
    let address = way_back.asked_again("/oidc/logout");
    if address.len() > LONGEST_ADDRESS {
        return Err(PageError::not_signed_out("The request is too long (state)."));
    }
    Ok(see_other(&address))
}

fn ask(provider: &Provider, signed_in: &SignedIn, way_back: &WayBack) -> Response {
    let person = provider.config.user(signed_in.session.subject.as_str());
    SignOutPage {
        person: person.map_or("", |person| person.display_name()),
        form_token: signed_in.form_token().expose(),
        client_id: way_back.client_id.as_ref().map_or("", |id| id.as_str()),
        redirect_uri: way_back.uri.as_deref().unwrap_or_default(),
        state: way_back.state.as_deref().unwrap_or_default(),
    }
    .respond(StatusCode::OK)
}

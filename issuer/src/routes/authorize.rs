//! `GET|POST /authorize`: answers at once where it can, else sends the person to the sign-in or the consent page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::{ErrorCode, OAuthError, Scope, Subject};
use evergrant_core::time::UnixTime;
use tracing::error;
use url::form_urlencoded;

use crate::authorize::decision::{Decision, Situation, decide};
use crate::authorize::request::{self, AuthorizationRequest, Refusal};
use crate::authorize::response;
use crate::config::Config;
use crate::dev::failures::ForcedError;
use crate::error::Failure;
use crate::interactions::{self, Pending};
use crate::provider::Provider;
use crate::sessions;
use crate::store::{ConsentKey, ConsentUse, Overtaken, Session};
use crate::tokens;
use crate::web::cookies::Cookie;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::{see_other, set_cookie};
use crate::web::peer::Peer;
use crate::web::{PageError, delivery};

/// The longest request that is sent on in an address: with the other headers of the answer, proxies take it.
pub(crate) const LONGEST_ADDRESS: usize = 3000;

pub(crate) async fn authorize(
    State(provider): State<Arc<Provider>>,
    method: Method,
    Peer(address): Peer,
    headers: HeaderMap,
    forced: Option<Extension<ForcedError>>,
    form: Result<FormText, FormRejection>,
) -> Result<Response, PageError> {
    let FormText(text) = form?;
    if method == Method::POST
        && forced.is_none()
        && may_be_an_address(&text)
        && comes_without_cookies(&headers, &provider.config)
    {
        return Ok(see_other(&format!("/authorize?{}", encoded_again(&text))));
    }
    let now = provider.clock.now();
    let request = match request::read(&provider.config, &text) {
        Ok(request) => request,
        Err(refusal) => return refused(&provider, refusal),
    };
    if let Some(Extension(ForcedError(error))) = forced {
        return Ok(deliver_error(&provider, &request, &error)?);
    }
    match begin(&provider, &headers, address, &text, &request, now).await {
        Ok(response) => Ok(response),
        // A frame shows nothing: the client hears that it may try again.
        Err(failure) if request.is_silent() => {
            error!("{failure}");
            let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment");
            Ok(deliver_error(&provider, &request, &error)?)
        }
        Err(failure) => Err(failure.into()),
    }
}

/// A request that is being answered, now or after a page.
pub(crate) struct Answering<'a> {
    pub(crate) request: &'a AuthorizationRequest<'a>,
    pub(crate) session: Option<&'a Session>,
    /// The interaction, when the person was shown a page for this request.
    pub(crate) pending: Option<&'a Pending>,
    /// Whether the person has just said yes.
    pub(crate) just_allowed: bool,
    pub(crate) now: UnixTime,
}

/// What comes next for a request.
pub(crate) enum Next {
    /// A page of the issuer's.
    Page(&'static str),
    /// The client.
    Client(Response),
    /// Nothing: it was answered meanwhile.
    Over,
}

/// Decides, and answers the client when nothing is missing.
pub(crate) async fn next(provider: &Provider, answering: &Answering<'_>) -> Result<Next, Failure> {
    let Answering { request, session, .. } = *answering;
    let hinted = match &request.id_token_hint {
        Some(hint) => match tokens::id_token_issued_here(provider, hint.secret()) {
            Some(claims) => Some(claims.sub),
            None => {
                let error = OAuthError::new(ErrorCode::InvalidRequest, "id_token_hint is not an ID token from here");
                return refuse(provider, answering, &error).await;
            }
        },
        None => None,
    };
    let consented = match session {
        Some(session) => provider.store.consent(consent_key(request, &session.subject)).await?,
        None => Scope::default(),
    };
    let overtaken = match carry_out(provider, answering, hinted.as_ref(), &consented).await? {
        Ok(next) => return Ok(next),
        Err(overtaken) => overtaken,
    };
    // As for whoever comes a moment later, once.
    let session = session.filter(|_| overtaken != Overtaken::SessionEnded);
    let later = Answering { session, ..*answering };
    Ok(carry_out(provider, &later, hinted.as_ref(), &Scope::default()).await?.unwrap_or(Next::Over))
}

/// Decides by what is known of the person, and does it; or says why that came too late.
async fn carry_out(
    provider: &Provider,
    answering: &Answering<'_>,
    hinted: Option<&Subject>,
    consented: &Scope,
) -> Result<Result<Next, Overtaken>, Failure> {
    let Answering { request, session, .. } = *answering;
    let situation = Situation {
        session,
        hinted,
        consented,
        just_allowed: answering.just_allowed,
        shown_at: answering.pending.map(|pending| pending.interaction.created_at),
        now: answering.now,
    };
    match (decide(request, &situation), session) {
        (Decision::AskConsent, _) => Ok(Ok(Next::Page("/consent"))),
        (Decision::Refuse(error), _) => refuse(provider, answering, &error).await.map(Ok),
        (Decision::Grant, Some(session)) => {
            if !close(provider, answering).await? {
                return Ok(Ok(Next::Over));
            }
            let consent = match request.client.require_consent {
                _ if answering.just_allowed => ConsentUse::New,
                true => ConsentUse::Remembered,
                false => ConsentUse::Unneeded,
            };
            match response::grant(provider, request, session, consent, answering.now).await? {
                Ok(answer) => {
                    let delivered = delivery::deliver(request.client, &request.target, &answer, request.is_silent())?;
                    Ok(Ok(Next::Client(delivered)))
                }
                Err(overtaken) => Ok(Err(overtaken)),
            }
        }
        (Decision::SignIn | Decision::Grant, _) => Ok(Ok(Next::Page("/sign-in"))),
    }
}

/// Answers the client with an error, and ends the interaction.
pub(crate) async fn refuse(
    provider: &Provider,
    answering: &Answering<'_>,
    error: &OAuthError,
) -> Result<Next, Failure> {
    if !close(provider, answering).await? {
        return Ok(Next::Over);
    }
    Ok(Next::Client(deliver_error(provider, answering.request, error)?))
}

/// Carries on after a page: with a redirect, so that a reload posts nothing twice.
pub(crate) fn follow(next: Next, request: &AuthorizationRequest<'_>, pending: &Pending) -> Result<Response, PageError> {
    match next {
        Next::Page(path) => Ok(see_other(&pending.address(path, &request.client.client_id))),
        Next::Client(response) => Ok(response),
        Next::Over => Err(PageError::interaction_over(Some(request.client))),
    }
}

/// The request of a pending interaction, read again: the configuration may have changed since.
pub(crate) fn reread<'a>(provider: &'a Provider, pending: &Pending) -> Result<AuthorizationRequest<'a>, PageError> {
    request::read(&provider.config, &pending.interaction.request).map_err(|_| PageError::interaction_over(None))
}

/// Under what this request's consent is remembered.
fn consent_key(request: &AuthorizationRequest<'_>, subject: &Subject) -> ConsentKey {
    ConsentKey {
        subject: subject.clone(),
        client_id: request.client.client_id.clone(),
        audience: request.audience.clone(),
    }
}

async fn begin(
    provider: &Provider,
    headers: &HeaderMap,
    address: IpAddr,
    text: &str,
    request: &AuthorizationRequest<'_>,
    now: UnixTime,
) -> Result<Response, Failure> {
    let signed_in = sessions::current(provider, headers, now).await?;
    let answering = Answering {
        request,
        session: signed_in.as_ref().map(|signed_in| &signed_in.session),
        pending: None,
        just_allowed: false,
        now,
    };
    match next(provider, &answering).await? {
        Next::Client(response) => Ok(response),
        Next::Over => Ok(PageError::interaction_over(Some(request.client)).into_response()),
        Next::Page(path) => {
            let kept = match request::kept(text) {
                Ok(kept) => kept,
                Err(error) => return deliver_error(provider, request, &error),
            };
            let (pending, cookie) = interactions::open(provider, headers, address, kept, now).await?;
            let mut response = see_other(&pending.address(path, &request.client.client_id));
            set_cookie(&mut response, cookie);
            Ok(response)
        }
    }
}

async fn close(provider: &Provider, answering: &Answering<'_>) -> Result<bool, Failure> {
    match answering.pending {
        Some(pending) => interactions::answer(provider, pending, answering.now).await,
        None => Ok(true),
    }
}

/// Whether browsers keep their cookies out of this request if it is a post: who is signed in, and what waits for an answer in
/// other tabs, is then unknown. A GET that follows it brings them along (`SameSite=Lax`).
fn comes_without_cookies(headers: &HeaderMap, config: &Config) -> bool {
    let own = [Cookie::Session, Cookie::Browser];
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
        && own.iter().all(|cookie| cookie.read(headers, config).is_none())
}

/// An ID token that was posted was not to stand in an address.
fn may_be_an_address(text: &str) -> bool {
    text.len() <= LONGEST_ADDRESS && form_urlencoded::parse(text.as_bytes()).all(|(name, _)| name != "id_token_hint")
}

/// What was posted may hold letters that no address has.
fn encoded_again(text: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form_urlencoded::parse(text.as_bytes())).finish()
}

fn deliver_error(
    provider: &Provider,
    request: &AuthorizationRequest<'_>,
    error: &OAuthError,
) -> Result<Response, Failure> {
    delivery::deliver_error(&provider.config, request.client, &request.target, error, request.is_silent())
}

fn refused(provider: &Provider, refusal: Refusal<'_>) -> Result<Response, PageError> {
    match refusal {
        Refusal::Untrusted(sentence) => Err(PageError::bad_request(sentence)),
        Refusal::Answered { client, target, silent, error } => {
            Ok(delivery::deliver_error(&provider.config, client, &target, &error, silent)?)
        }
    }
}

//! `GET|POST /device/confirm`: who asks by a code, for what, and the person's answer. It is asked each time, whatever was allowed
//! before: who sends somebody the code of a device of their own would be signed in as that somebody (RFC 8628 §5.4).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use evergrant_core::time::UnixTime;

use super::NotWaiting;
use crate::error::Failure;
use crate::interactions::{self, Pending};
use crate::provider::Provider;
use crate::routes::asked::{self, AskedByDevice};
use crate::scopes;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::tokens;
use crate::web::PageError;
use crate::web::headers::see_other;
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{DeviceConfirmPage, MessagePage, Page as _};

pub(crate) const PATH: &str = "/device/confirm";

pub(crate) async fn page(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let pending = interactions::unanswered(&provider, &headers, &params, now).await?;
    let AskedByDevice { client, user_code } = asked_by_device(&provider, &pending)?;
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return Ok(see_other(&pending.address("/sign-in", &client.client_id)));
    };
    let device = match super::waiting(&provider, &user_code, now).await? {
        Ok(device) => device,
        Err(reason) => return Ok(not_waiting(reason)),
    };
    let person = provider.config.user(signed_in.session.subject.as_str());
    let api = device.audience.as_deref().and_then(|audience| provider.config.api(audience));
    let (form_token, user_code) = (for_person(&pending, &signed_in), user_code.to_string());
    let page = DeviceConfirmPage {
        client_name: &client.name,
        client_id: client.client_id.as_str(),
        user_code: &user_code,
        interaction: pending.token.expose(),
        form_token: form_token.expose(),
        person: person.map_or("", |person| person.display_name()),
        api_name: api.map(|api| api.name.as_str()),
        identity: scopes::of_identity(&device.scope),
        api_scopes: scopes::of_api(&device.scope, api).collect(),
    };
    Ok(page.respond(StatusCode::OK))
}

pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let pending = interactions::pending(&provider, &headers, &params, now).await?;
    let asked = asked_by_device(&provider, &pending)?;
    let page_again = || Ok(see_other(&pending.address(PATH, &asked.client.client_id)));
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return page_again();
    };
    // The page named a person: their answer is not that of somebody who signed in meanwhile.
    let named = Secret::presented(params.first("form_token").unwrap_or_default());
    if !named.matches(&for_person(&pending, &signed_in)) {
        return page_again();
    }
    let is_allowed = match params.first("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return page_again(),
    };
    if !interactions::answer(&provider, &pending, now).await? {
        return Err(PageError::interaction_over(None));
    }
    let counts = match is_allowed {
        true => allow(&provider, &asked, &signed_in, now).await?,
        false => {
            let (code, subject) = (asked.user_code.hash(), &signed_in.session.subject);
            provider.store.deny_device(code, subject, now).await.map_err(Failure::from)?
        }
    };
    match (counts, is_allowed) {
        (true, true) => Ok(allowed()),
        (true, false) => Ok(denied()),
        (false, _) => {
            let found = super::waiting(&provider, &asked.user_code, now).await?;
            // Where the device still waits, the session has ended at this very moment.
            Ok(not_waiting(found.err().ok_or_else(|| PageError::interaction_over(None))?))
        }
    }
}

/// Whether it counts.
async fn allow(
    provider: &Provider,
    asked: &AskedByDevice<'_>,
    signed_in: &SignedIn,
    now: UnixTime,
) -> Result<bool, Failure> {
    let (store, user_code, session) = (&provider.store, asked.user_code.hash(), &signed_in.session);
    let Some(device) = store.device_authorization(user_code).await? else { return Ok(false) };
    let grant = tokens::grant_for_device(provider, asked.client, session, &device, now)?;
    Ok(store.allow_device(user_code, grant, session.id, now).await?)
}

/// An interaction that is for something else has no page here.
fn asked_by_device<'a>(provider: &'a Provider, pending: &Pending) -> Result<AskedByDevice<'a>, PageError> {
    asked::by_device(provider, pending).ok_or_else(|| PageError::interaction_over(None))
}

/// What the page of a device carries for the person it names.
fn for_person(pending: &Pending, signed_in: &SignedIn) -> Secret {
    pending.token.derive(signed_in.session.subject.as_str())
}

fn allowed() -> Response {
    MessagePage {
        heading: "The device is signed in",
        sentence: "Go back to it: it goes on within a few seconds. You can close this page.",
        advice: Some("In your account you see what you allowed, and take it back when you want to."),
        in_account: true,
        ..MessagePage::default()
    }
    .respond(StatusCode::OK)
}

fn denied() -> Response {
    MessagePage {
        heading: "The device was refused",
        sentence: "It gets nothing of yours. You can close this page.",
        ..MessagePage::default()
    }
    .respond(StatusCode::OK)
}

fn not_waiting(reason: NotWaiting) -> Response {
    let page = MessagePage { heading: reason.heading(), sentence: reason.sentence(), ..MessagePage::default() };
    page.respond(StatusCode::BAD_REQUEST)
}

//! `GET /account`: where a person is signed in, browser by browser and application by application, and what they allowed
//! whom; `POST /account/sign-out`, which ends one browser, one application in one place or in all, or everything; and
//! `POST /account/withdraw`, which takes back what one application was allowed.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ClientId, Scope};
use evergrant_core::time::UnixTime;

use crate::error::Failure;
use crate::provider::Provider;
use crate::revocations;
use crate::scopes;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::store::{Consent, Grant, RefreshFamily, Session};
use crate::web::PageError;
use crate::web::cookies::Cookie;
use crate::web::headers::{see_other, set_cookie};
use crate::web::page_params::OwnForm;
use crate::web::pages::{AccountApplication, AccountConsent, AccountEntry, AccountPage, MessagePage, Page as _};

pub(crate) async fn page(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return Ok(nobody());
    };
    let subject = &signed_in.session.subject;
    let sessions = provider.store.sessions_of(subject, now).await.map_err(Failure::from)?;
    let families = provider.store.refresh_families_of(subject, now).await.map_err(Failure::from)?;
    let consents = provider.store.consents_of(subject).await.map_err(Failure::from)?;
    let person = provider.config.user(subject.as_str());
    let form_token = signed_in.form_token();
    let page = AccountPage {
        person: person.map_or("", |person| person.display_name()),
        form_token: form_token.expose(),
        browsers: sessions.iter().map(|session| browser(session, &signed_in, now)).collect(),
        applications: applications(&provider, &families, now),
        consents: allowed(&provider, &consents, now),
    };
    Ok(page.respond(StatusCode::OK))
}

pub(crate) async fn sign_out(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let Some(signed_in) = acting(&provider, &headers, &params, now).await? else {
        return Ok(nobody());
    };
    let (store, subject) = (&provider.store, &signed_in.session.subject);
    let asked = ["browser", "application", "everywhere_at", "everywhere"]
        .map(|name| params.filled(name).map(|value| (name, value)));
    let mut asked = asked.into_iter().flatten();
    match (asked.next(), asked.next()) {
        (Some(("browser", sid)), None) => store.sign_out_of_session(subject, sid, now).await,
        (Some(("application", id)), None) => store.end_grant_of(subject, id, now).await.map(drop),
        (Some(("everywhere_at", client_id)), None) => {
            store.end_grants_to(subject, &ClientId::new(client_id), now).await
        }
        (Some(("everywhere", _)), None) => store.sign_out_everywhere(subject, now).await.map(drop),
        _ => return Err(PageError::bad_request("The form does not say what to sign out.")),
    }
    .map_err(Failure::from)?;
    provider.backchannel_logout.session_may_have_ended();
    revocations::notice(&provider).await?;
    if params.has("everywhere") { Ok(signed_out_everywhere(&provider)) } else { Ok(see_other("/account")) }
}

pub(crate) async fn withdraw(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let Some(signed_in) = acting(&provider, &headers, &params, now).await? else {
        return Ok(nobody());
    };
    let client_id = params.filled("client_id").map(ClientId::new);
    let client_id = client_id.ok_or_else(|| PageError::bad_request("The form does not say what to withdraw."))?;
    let withdrawn = provider.store.withdraw_consent(&signed_in.session.subject, &client_id, now).await;
    withdrawn.map_err(Failure::from)?;
    provider.backchannel_logout.session_may_have_ended();
    revocations::notice(&provider).await?;
    Ok(see_other("/account"))
}

/// Who sent a form of this page, by the session and by what only its own page can know; `None` when nobody is signed in.
async fn acting(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
    now: UnixTime,
) -> Result<Option<SignedIn>, PageError> {
    let signed_in = sessions::current(provider, headers, now).await?;
    let token = Secret::presented(params.first("form_token").unwrap_or_default());
    match signed_in {
        Some(signed_in) if !token.matches(&signed_in.form_token()) => Err(PageError::foreign_post()),
        signed_in => Ok(signed_in),
    }
}

fn browser(session: &Session, signed_in: &SignedIn, now: UnixTime) -> AccountEntry {
    AccountEntry {
        id: session.sid.clone(),
        name: if session.device.is_empty() { "A browser".to_owned() } else { session.device.clone() },
        details: format!("signed in {}", ago(session.auth_time, now)),
        is_this: session.sid == signed_in.session.sid,
    }
}

/// Application by application, in the order in which one of theirs was last used.
fn applications(provider: &Provider, families: &[(Grant, RefreshFamily)], now: UnixTime) -> Vec<AccountApplication> {
    let mut applications: Vec<AccountApplication> = Vec::new();
    for (grant, family) in families {
        let place = place(grant, family, now);
        match applications.iter_mut().find(|application| application.client_id == grant.client_id) {
            Some(application) => application.places.push(place),
            None => applications.push(AccountApplication {
                name: name(provider, &grant.client_id).to_owned(),
                client_id: grant.client_id.clone(),
                places: vec![place],
            }),
        }
    }
    applications
}

/// One that was taken out of the configuration has no other name any more.
fn name<'a>(provider: &'a Provider, client_id: &'a ClientId) -> &'a str {
    provider.config.client(client_id).map_or(client_id.as_str(), |client| &client.name)
}

/// Application by application: what is its own, and what it may do at which API.
fn allowed<'a>(provider: &'a Provider, consents: &'a [Consent], now: UnixTime) -> Vec<AccountConsent<'a>> {
    let mut clients: Vec<&ClientId> = Vec::new();
    for consent in consents {
        if !clients.contains(&&consent.client_id) {
            clients.push(&consent.client_id);
        }
    }
    let mut all = Vec::new();
    for client_id in clients {
        let own = || consents.iter().filter(|consent| consent.client_id == *client_id);
        let scope = own().fold(Scope::default(), |scope, consent| scope.union(&consent.scope));
        let api_scopes = own().flat_map(|consent| {
            let api = consent.audience.as_deref().and_then(|audience| provider.config.api(audience));
            let name = api.map_or(consent.audience.as_deref().unwrap_or("the API"), |api| &api.name);
            scopes::of_api(&consent.scope, api).map(move |(scope, words)| (name, scope, words))
        });
        all.push(AccountConsent {
            client_id,
            name: name(provider, client_id),
            identity: scopes::of_identity(&scope),
            api_scopes: api_scopes.collect(),
            since: own().map(|consent| consent.since).min().map_or_else(String::new, |since| ago(since, now)),
        });
    }
    all
}

fn place(grant: &Grant, family: &RefreshFamily, now: UnixTime) -> AccountEntry {
    AccountEntry {
        id: grant.id.clone(),
        name: if grant.device.is_empty() { "No browser".to_owned() } else { grant.device.clone() },
        details: format!("signed in {}, last used {}", ago(grant.auth_time, now), ago(family.last_used_at, now)),
        is_this: false,
    }
}

fn nobody() -> Response {
    MessagePage {
        heading: "Nobody is signed in",
        sentence: "Sign in at an application first, and then open this page again in the same browser.",
        ..MessagePage::default()
    }
    .respond(StatusCode::OK)
}

fn signed_out_everywhere(provider: &Provider) -> Response {
    let mut response = MessagePage {
        heading: "You are signed out everywhere",
        sentence: "No browser and no application can renew your sign-in any more, and the access they have is withdrawn.",
        ..MessagePage::default()
    }
    .respond(StatusCode::OK);
    set_cookie(&mut response, Cookie::Session.remove(&provider.config));
    response
}

/// How long ago, in the largest unit that fits: no time zone is needed to read it.
fn ago(then: UnixTime, now: UnixTime) -> String {
    let seconds = now.since(then).as_secs();
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ago_names_the_largest_unit_that_fits() {
        for (seconds, expected) in [
            (59, "just now"),
            (60, "1 minute ago"),
            (7199, "1 hour ago"),
            (7200, "2 hours ago"),
            (90_000, "1 day ago"),
            (400_000, "4 days ago"),
        ] {
            assert_eq!(ago(UnixTime::from_seconds(0), UnixTime::from_seconds(seconds)), expected);
        }
    }
}

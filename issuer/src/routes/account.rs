//! `GET /account`: where a person is signed in, browser by browser and application by application; and
//! `POST /account/sign-out`, which ends one browser, one application in one place or in all, or everything.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;

use crate::error::Failure;
use crate::provider::Provider;
use crate::revocations;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::store::{Grant, RefreshFamily, Session};
use crate::web::PageError;
use crate::web::cookies::Cookie;
use crate::web::headers::{see_other, set_cookie};
use crate::web::page_params::OwnForm;
use crate::web::pages::{AccountApplication, AccountEntry, AccountPage, MessagePage, Page as _};

pub(crate) async fn page(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return Ok(nobody());
    };
    let subject = &signed_in.session.subject;
    let sessions = provider.store.sessions_of(subject, now).await.map_err(Failure::from)?;
    let families = provider.store.refresh_families_of(subject, now).await.map_err(Failure::from)?;
    let person = provider.config.user(subject.as_str());
    let form_token = signed_in.form_token();
    let page = AccountPage {
        person: person.map_or("", |person| person.display_name()),
        form_token: form_token.expose(),
        browsers: sessions.iter().map(|session| browser(session, &signed_in, now)).collect(),
        applications: applications(&provider, &families, now),
    };
    Ok(page.respond(StatusCode::OK))
}

pub(crate) async fn sign_out(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return Ok(nobody());
    };
    if !Secret::presented(params.first("form_token").unwrap_or_default()).matches(&signed_in.form_token()) {
        return Err(PageError::foreign_post());
    }
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
        (Some(("everywhere", _)), None) => store.sign_out_everywhere(subject, now).await,
        _ => return Err(PageError::bad_request("The form does not say what to sign out.")),
    }
    .map_err(Failure::from)?;
    revocations::notice(&provider).await?;
    if params.has("everywhere") { Ok(signed_out_everywhere(&provider)) } else { Ok(see_other("/account")) }
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
                // One that was taken out of the configuration has no other name any more.
                name: provider
                    .config
                    .client(&grant.client_id)
                    .map_or(grant.client_id.as_str(), |client| &client.name)
                    .to_owned(),
                client_id: grant.client_id.clone(),
                places: vec![place],
            }),
        }
    }
    applications
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

//! `GET /account`: where a person is signed in, browser by browser and application by application; and
//! `POST /account/sign-out`, which ends one of them or all.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use evergrant_core::protocol::params::Params;
use evergrant_core::time::UnixTime;

use crate::error::Failure;
use crate::provider::Provider;
use crate::revocations;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::store::{Grant, RefreshFamily, Session};
use crate::web::cookies::Cookie;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::{see_other, set_cookie};
use crate::web::pages::{AccountEntry, AccountPage, MessagePage, Page as _};
use crate::web::{PageError, same_origin};

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
        applications: families.iter().map(|(grant, family)| application(&provider, grant, family, now)).collect(),
    };
    Ok(page.respond(StatusCode::OK))
}

pub(crate) async fn sign_out(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<Response, PageError> {
    same_origin::check(&headers, &provider.config)?;
    let FormText(text) = form?;
    let params = Params::parse(&text).map_err(|_| PageError::bad_request("A field was sent twice."))?;
    let now = provider.clock.now();
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return Ok(nobody());
    };
    if !Secret::presented(params.first("form_token").unwrap_or_default()).matches(&signed_in.form_token()) {
        return Err(PageError::foreign_post());
    }
    let (store, subject) = (&provider.store, &signed_in.session.subject);
    match (params.filled("browser"), params.filled("application"), params.has("everywhere")) {
        (Some(sid), None, false) => {
            store.end_session_called(sid, subject).await.map_err(Failure::from)?;
        }
        (None, Some(id), false) => {
            store.end_grant_of(subject, id, now).await.map_err(Failure::from)?;
            revocations::notice(&provider).await?;
        }
        (None, None, true) => {
            store.sign_out_everywhere(subject, now).await.map_err(Failure::from)?;
            revocations::notice(&provider).await?;
            return Ok(signed_out_everywhere(&provider));
        }
        _ => return Err(PageError::bad_request("The form does not say what to sign out.")),
    }
    Ok(see_other("/account"))
}

fn browser(session: &Session, signed_in: &SignedIn, now: UnixTime) -> AccountEntry {
    AccountEntry {
        id: session.sid.clone(),
        name: if session.device.is_empty() { "A browser".to_owned() } else { session.device.clone() },
        details: format!("signed in {}", ago(session.auth_time, now)),
        is_this: session.sid == signed_in.session.sid,
    }
}

fn application(provider: &Provider, grant: &Grant, family: &RefreshFamily, now: UnixTime) -> AccountEntry {
    let client = provider.config.client(&grant.client_id);
    let device = if grant.device.is_empty() { String::new() } else { format!("{}, ", grant.device) };
    AccountEntry {
        id: grant.id.clone(),
        name: client.map_or_else(|| grant.client_id.to_string(), |client| client.name.clone()),
        details: format!(
            "{device}signed in {}, last used {}",
            ago(grant.auth_time, now),
            ago(family.last_used_at, now)
        ),
        is_this: false,
    }
}

fn nobody() -> Response {
    MessagePage {
        heading: "Nobody is signed in",
        sentence: "Sign in at an application first, and then open this page again in the same browser.",
    }
    .respond(StatusCode::OK)
}

fn signed_out_everywhere(provider: &Provider) -> Response {
    let mut response = MessagePage {
        heading: "You are signed out everywhere",
        sentence: "No browser and no application can renew your sign-in any more, and the access they have is withdrawn.",
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

//! Sessions at the issuer: who is signed in in this browser, and since when.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;

use crate::accounts::{self, Account};
use crate::config::User;
use crate::error::Failure;
use crate::interactions::{self, Pending};
use crate::provider::Provider;
use crate::revocations;
use crate::secret::Secret;
use crate::store::Session;
use crate::web::cookies::Cookie;
use crate::web::device;

/// A session, with the cookie that proves it.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    cookie: Secret,
}

impl SignedIn {
    /// What a form must carry to act for this session: it cannot be known without the cookie.
    pub(crate) fn form_token(&self) -> Secret {
        self.cookie.derive("form token")
    }
}

/// Ends a session, and what was granted in it unless it outlives that.
pub(crate) async fn end(provider: &Provider, signed_in: &SignedIn) -> Result<(), Failure> {
    provider.store.end_session(signed_in.session.id, provider.clock.now()).await?;
    has_ended(provider).await
}

/// The same with the session that ID tokens call `sid`, if it is this person's.
pub(crate) async fn end_called(provider: &Provider, sid: &str, subject: &Subject) -> Result<(), Failure> {
    provider.store.end_session_called(sid, subject, provider.clock.now()).await?;
    has_ended(provider).await
}

async fn has_ended(provider: &Provider) -> Result<(), Failure> {
    provider.backchannel_logout.session_may_have_ended();
    revocations::notice(provider).await
}

/// Who is signed in in the browser that sent these headers. To be seen here counts as use, and moves the idle limit.
pub(crate) async fn current(
    provider: &Provider,
    headers: &HeaderMap,
    now: UnixTime,
) -> Result<Option<SignedIn>, Failure> {
    let Some(cookie) = Cookie::Session.read(headers, &provider.config) else {
        return Ok(None);
    };
    let Some(session) = provider.store.session(cookie.hash(), now).await? else {
        return Ok(None);
    };
    if accounts::find(provider, &session.subject, session.password).await? != Account::Same {
        return Ok(None);
    }
    keep_alive(provider, &session, now).await?;
    Ok(Some(SignedIn { session, cookie }))
}

/// Begins the session that an interaction brings a person who has just entered credentials, in place of the one this browser
/// had.
pub(crate) async fn begin(
    provider: &Provider,
    headers: &HeaderMap,
    pending: &Pending,
    person: &User,
    now: UnixTime,
) -> Result<(Session, Option<HeaderValue>), Failure> {
    let config = &provider.config;
    let lifetimes = &config.lifetimes;
    let cookie = interactions::session_cookie(provider, pending, &person.sub, now).await?;
    let session = Session {
        id: cookie.hash(),
        sid: cookie.derive("sid").expose().to_owned(),
        subject: person.sub.clone(),
        device: device::describe(headers),
        password: Some(person.password_hash.fingerprint()),
        // The page was there before: a clock that was set back since, or is behind another issuer's, does not change that.
        auth_time: now.max(pending.interaction.created_at),
        idle_until: now + lifetimes.session_idle,
        absolute_until: now + lifetimes.session_absolute,
    };
    let old = Cookie::Session.read(headers, config).map(|old| old.hash());
    let replaces = old.filter(|old| *old != session.id);
    provider.store.start_session(session.clone(), replaces).await?;
    provider.backchannel_logout.session_may_have_ended();
    if replaces.is_some() {
        revocations::notice(provider).await?;
    }
    Ok((session, Cookie::Session.store(&cookie, lifetimes.session_absolute, config)))
}

/// Moves the idle limit, but not at every request: a write each time would be most of the store's work.
async fn keep_alive(provider: &Provider, session: &Session, now: UnixTime) -> Result<(), Failure> {
    let idle = provider.config.lifetimes.session_idle;
    let step = (idle / 10).min(Duration::from_secs(60));
    let idle_until = now + idle;
    if idle_until.since(session.idle_until) >= step {
        provider.store.extend_session(session.id, now, idle_until).await?;
    }
    Ok(())
}

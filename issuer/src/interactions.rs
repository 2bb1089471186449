//! Authorization requests, and codes of devices, that wait for a person: opened in one browser, and answered once, or again at once by a person
//! who presses twice.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use evergrant_core::protocol::params::{self, Params};
use evergrant_core::protocol::{ClientId, Subject};
use evergrant_core::time::UnixTime;

use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::{self, Secret, SecretHash};
use crate::store::{Interaction, Room};
use crate::web::PageError;
use crate::web::cookies::Cookie;

/// A pending interaction, with the secrets that open it.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The browser's cookie.
    browser: Secret,
    /// In the form and in the address; worth nothing without the browser's cookie.
    pub(crate) token: Secret,
    pub(crate) interaction: Interaction,
}

impl Pending {
    /// Where its pages are.
    pub(crate) fn address(&self, path: &str, client_id: &ClientId) -> String {
        let query = [("interaction", self.token.expose()), ("client_id", client_id.as_str())];
        format!("{path}?{}", params::encode(query))
    }
}

/// The most that wait in one browser: more than anybody has tabs in which to sign in.
const PER_BROWSER: u32 = 20;

/// How many are opened between two looks at whether there are too many in all: to count them takes longer than to open one.
const COUNTED_EVERY: u32 = 500;

/// How many of a kind this process has opened since it last looked whether there are too many.
#[derive(Debug, Default)]
pub(crate) struct Opened(AtomicU32);

impl Opened {
    /// Counts one more; whether it is time to look.
    pub(crate) fn count(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(COUNTED_EVERY)
    }
}

/// Keeps a request until the person has answered. The cookie ties it to this browser: a link sent to somebody else opens
/// nothing there, and a form on somebody else's page cannot know the token.
///
/// Anybody can open one, so there is room for so many: in a browser, at an address, and in all.
pub(crate) async fn open(
    provider: &Provider,
    headers: &HeaderMap,
    address: IpAddr,
    request: String,
    now: UnixTime,
) -> Result<(Pending, Option<HeaderValue>), Failure> {
    let config = &provider.config;
    let (browser, cookie) = browser(provider, headers)?;
    let token = Secret::invent()?;
    let interaction = Interaction {
        id: token.hash(),
        browser: browser.hash(),
        request,
        created_at: now,
        expires_at: now + config.lifetimes.interaction,
        answered_at: None,
        shown: false,
    };
    let limits = &config.limits;
    let room = Room {
        address: SecretHash::of(&address.to_string()),
        per_browser: PER_BROWSER,
        per_address: limits.open_interactions_per_address.get(),
    };
    provider.store.open_interaction(interaction.clone(), room).await?;
    if provider.opened_interactions.count() {
        provider.store.trim_interactions(limits.open_interactions.get()).await?;
    }
    Ok((Pending { browser, token, interaction }, cookie))
}

/// The cookie that ties what a person does to the browser that sent these headers; a new one where it has none yet.
pub(crate) fn browser(provider: &Provider, headers: &HeaderMap) -> Result<(Secret, Option<HeaderValue>), Failure> {
    let config = &provider.config;
    if let Some(browser) = Cookie::Browser.read(headers, config) {
        return Ok((browser, None));
    }
    let browser = Secret::invent()?;
    let cookie = Cookie::Browser.store(&browser, config.lifetimes.session_absolute, config);
    Ok((browser, cookie))
}

/// For how long after its first answer an interaction may be answered again: a browser drops the first answer when the
/// button is pressed once more, in a double click, or because the client is slow to come. It is the second that counts.
const PRESSED_TWICE: Duration = Duration::from_secs(30);

/// The cookie of the session that an interaction brings this person. Who presses twice has one session, since the browser drops
/// the first answer, and takes the cookie that came with either. Later, a sign-in has a new session, as always.
pub(crate) async fn session_cookie(
    provider: &Provider,
    pending: &Pending,
    subject: &Subject,
    now: UnixTime,
) -> Result<Secret, Failure> {
    let own = secret::entropy()?;
    let salted = provider.store.salt_interaction(pending.interaction.id, own, now, now - PRESSED_TWICE).await?;
    // The salt keeps it from whoever chose the browser's cookie, the cookie from whoever reads what is stored or logged.
    let parts = [&salted.unwrap_or(own)[..], pending.token.expose().as_bytes(), subject.as_str().as_bytes()];
    Ok(pending.browser.keyed(&parts))
}

/// Notes that an interaction was answered. Whether it was still there to be answered.
pub(crate) async fn answer(provider: &Provider, pending: &Pending, now: UnixTime) -> Result<bool, Failure> {
    Ok(provider.store.answer_interaction(pending.interaction.id, now, now + PRESSED_TWICE).await?)
}

/// The interaction a page is to be shown for.
///
/// # Errors
/// A page for the person, when it was answered, is over, or belongs to another browser.
pub(crate) async fn unanswered(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
    now: UnixTime,
) -> Result<Pending, PageError> {
    let pending = pending(provider, headers, params, now).await?;
    match pending.interaction.answered_at {
        Some(_) => Err(over(provider, params)),
        None => Ok(pending),
    }
}

/// The interaction a form speaks of.
///
/// # Errors
/// A page for the person, when it is over or belongs to another browser.
pub(crate) async fn pending(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
    now: UnixTime,
) -> Result<Pending, PageError> {
    let token = params.filled("interaction").map(Secret::presented);
    let browser = Cookie::Browser.read(headers, &provider.config);
    let (Some(token), Some(browser)) = (token, browser) else {
        return Err(over(provider, params));
    };
    let found = provider.store.interaction(token.hash(), browser.hash(), now).await;
    // One of a time to come was opened by a clock that was far ahead.
    let latest = now + provider.config.lifetimes.interaction;
    let interaction = found.map_err(Failure::from)?.filter(|interaction| interaction.created_at <= latest);
    let interaction = interaction.ok_or_else(|| over(provider, params))?;
    if !interaction.shown {
        provider.store.note_shown(interaction.id).await.map_err(Failure::from)?;
    }
    Ok(Pending { browser, token, interaction })
}

/// Nothing is known of an interaction that is over: the page says itself whose it was.
fn over(provider: &Provider, params: &Params) -> PageError {
    let client = params.filled("client_id").and_then(|id| provider.config.client(&ClientId::new(id)));
    PageError::interaction_over(client)
}

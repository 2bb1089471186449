//! The two cookies of a person who signs in here: a session's name, and what ties a pending sign-in to this browser.
//!
//! The response to a sign-in is posted by the issuer, from another site as a rule. `SameSite=Lax` would keep the cookie of
//! the pending sign-in out of such a post, so it is `None`, which browsers take only with `Secure`. Over plain http, which
//! is for one machine alone, issuer and web app are of one site whatever their ports, and `Lax` does: Safari takes no
//! `Secure` cookie there. The session's cookie is needed in navigations only, and is `Lax` everywhere.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use evergrant_core::time::UnixTime;

use crate::config::Config;
use crate::pending::{self, PendingSignIn};

/// The most sign-ins that one browser has on their way. A page of another site can have it begin any number, and browsers
/// would throw out the session's cookie for theirs, or send more of them than servers take.
const MOST_PENDING: usize = 8;

/// What the browser shows to be taken for somebody who signed in.
pub(crate) fn session(jar: &CookieJar, config: &Config) -> Option<String> {
    jar.get(session_name(config)).map(|cookie| cookie.value().to_owned())
}

/// The session's cookie; it ends with the browser.
pub(crate) fn new_session(id: String, config: &Config) -> Cookie<'static> {
    cookie(session_name(config).to_owned(), id, SameSite::Lax, config)
}

/// What makes the browser forget its session.
pub(crate) fn no_session(config: &Config) -> Cookie<'static> {
    gone(new_session(String::new(), config))
}

/// What this browser remembers of the sign-in that `state` belongs to.
pub(crate) fn pending(jar: &CookieJar, state: &str, config: &Config) -> Option<String> {
    jar.get(&pending_name(state, config)).map(|cookie| cookie.value().to_owned())
}

/// Ties a sign-in to this browser, each by a cookie of its own: two tabs may sign in at once.
pub(crate) fn new_pending(state: &str, value: String, config: &Config) -> Cookie<'static> {
    let same_site = if config.is_https() { SameSite::None } else { SameSite::Lax };
    let mut cookie = cookie(pending_name(state, config), value, same_site, config);
    cookie.set_max_age(pending::LIFETIME.try_into().ok());
    cookie
}

/// What makes the browser forget the sign-ins that were begun first, so that there is room for another.
pub(crate) fn no_oldest_pending(jar: &CookieJar, config: &Config) -> Vec<Cookie<'static>> {
    let prefix = pending_name("", config);
    let mut pending: Vec<(Option<UnixTime>, &str)> = jar
        .iter()
        .filter(|cookie| cookie.name().starts_with(&prefix))
        .map(|cookie| (PendingSignIn::parse(cookie.value()).map(|pending| pending.begun_at), cookie.name()))
        .collect();
    pending.sort_unstable();
    let too_many = (pending.len() + 1).saturating_sub(MOST_PENDING);
    let oldest = pending.into_iter().take(too_many);
    oldest.map(|(_, name)| no_pending(&name[prefix.len()..], config)).collect()
}

/// A sign-in is spent once its response has come, whatever comes of it.
pub(crate) fn no_pending(state: &str, config: &Config) -> Cookie<'static> {
    gone(new_pending(state, String::new(), config))
}

fn session_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-evergrant-web" } else { "evergrant-web" }
}

/// The state itself is in addresses; a part of it tells sign-ins apart and gives nothing away.
fn pending_name(state: &str, config: &Config) -> String {
    let prefix = if config.is_https() { "__Host-" } else { "" };
    let part: String = state.chars().filter(|c| c.is_ascii_alphanumeric()).take(8).collect();
    format!("{prefix}evergrant-web-sign-in-{part}")
}

/// `__Host-` keeps other hosts of the same site from setting it (RFC 6265bis §4.1.3.2); it demands TLS and this path.
fn cookie(name: String, value: String, same_site: SameSite, config: &Config) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").http_only(true).same_site(same_site).secure(config.is_https()).build()
}

fn gone(mut cookie: Cookie<'static>) -> Cookie<'static> {
    cookie.make_removal();
    cookie
}

//! What to call the person who is signed in.

use evergrant_leptos::core::protocol::Subject;
use evergrant_leptos::{NoUserInfo, SessionHandle, use_session};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Their `name` by the ID token. Where it says none but `sub`, that of the issuer's UserInfo endpoint, once that has answered, and
/// `sub` until then. Follows what it depends on.
#[inline(always)]
pub(crate) fn name_or_ask(name: &str, sub: &Subject) -> String {
    if name == sub.as_str() { by_user_info(name) } else { name.to_owned() }
}

thread_local! {
    /// Whom the UserInfo endpoint was asked about last, and in the next line what to call them.
    static TOLD: ArcRwSignal<String> = ArcRwSignal::default();
}

/// A function of its own in the code as well: where ID tokens have a name, the app does without it.
#[inline(never)]
fn by_user_info(sub: &str) -> String {
    let told = TOLD.with(ArcRwSignal::clone);
    let known = told.get();
    if let Some(name) = known.strip_prefix(sub).and_then(|rest| rest.strip_prefix('\n')) {
        return name.to_owned();
    }
    // Once about each person, and not again when their session is renewed.
    *told.write_untracked() = lines(sub, sub);
    spawn_local(ask(use_session(), told));
    sub.to_owned()
}

async fn ask(session: SessionHandle, told: ArcRwSignal<String>) {
    match session.user_info().await {
        Ok(person) => told.set(lines(person.sub.as_str(), person.display_name())),
        // Once there is a token again, it is asked.
        Err(NoUserInfo::NoAccessToken(_)) => told.write_untracked().clear(),
        Err(_) => {}
    }
}

fn lines(sub: &str, name: &str) -> String {
    [sub, "\n", name].concat()
}

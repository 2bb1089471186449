//! The warning before somebody is signed out for doing nothing.

use evergrant_leptos::{use_clock, use_session};
use leptos::prelude::*;

use crate::live::{click, part, text};
use crate::words::Distance;

/// Says how long there is left, with a button to stay; shown when it is time for that.
#[component]
pub(crate) fn IdleWarning() -> impl IntoView {
    let ends_at = use_session().idle_ends_at();
    let is_due = Memo::new(move |_| ends_at.get().is_some());
    part(move || is_due.get().then(|| view! { <Warning/> }).into_any())
}

#[component]
fn Warning() -> impl IntoView {
    let session = use_session();
    let (ends_at, now) = (session.idle_ends_at(), use_clock());
    let left = move || ends_at.get().map_or(Distance::Ahead(0), |at| Distance::between(now.get(), at));
    view! {
        <div class="notices"><section class="notice" data-tone="warn" data-testid="idle-warning" role="alert">
            <p class="headline">"Are you still there?"</p>
            <p>
                "You have not done anything here for a while. You will be signed out in every tab in "
                // Read out once, not every second.
                <strong aria-live="off">{text(move || Distance::Ahead(left().seconds_ahead()).in_words())}</strong>"."
            </p>
            <button class="primary" on:click=click(move || session.stay())>"Stay signed in"</button>
        </section></div>
    }
}

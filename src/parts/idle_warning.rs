//! The warning before somebody is signed out for doing nothing.

use evergrant_leptos::{use_clock, use_session};
use leptos::prelude::*;

use crate::live::{click, memo, part, text};
use crate::words::Distance;

/// Says how long there is left, with a button to stay; shown when it is time for that.
#[component]
pub(crate) fn IdleWarning() -> impl IntoView {
    let view = use_session().view();
    let is_due = memo(move || view.with(|view| view.idle_warning));
    part(move || is_due.get().then(|| view! { <Warning/> }).into_any())
}

#[component]
fn Warning() -> impl IntoView {
    let session = use_session();
    let (view, now) = (session.view(), use_clock());
    let left =
        move || view.with(|view| view.idle_ends_at).map_or(0, |at| Distance::between(now.get(), at).seconds_ahead());
    view! {
        <section class="notice asks" data-tone="warn" data-testid="idle-warning" role="alert">
            <p class="headline">"Are you still there?"</p>
            <p>
                "You have not done anything here for a while. You will be signed out in every tab in "
                // Read out once, not every second.
                <strong aria-live="off">{text(move || Distance::Ahead(left()).in_words())}</strong>"."
            </p>
            <button class="primary" on:click=click(move || session.stay())>"Stay signed in"</button>
        </section>
    }
}

//! Renewals in a line: how many there were, when the next is due.

use std::time::Duration;

use evergrant_leptos::{use_clock, use_session};
use leptos::prelude::*;

use crate::live::text;
use crate::words::{self, Distance};

/// How often the session was renewed, and how the last time.
#[component]
pub(crate) fn Renewals() -> impl IntoView {
    let view = use_session().view();
    let last_method = move || view.with(|view| view.last_method);
    view! {
        <span data-testid="renewals" data-count=text(move || view.with(|view| view.renewals).to_string())
            data-last-method=text(move || last_method().map_or("", |method| method.as_str()))>
            {text(move || match (view.with(|view| view.renewals), last_method()) {
                (0, _) => "none so far".to_owned(),
                (count, None) => count.to_string(),
                (count, Some(method)) => format!("{count}, last by {}", words::method(method)),
            })}
        </span>
    }
}

/// In seconds. What is further away has a time of day like any other.
const A_DAY: u64 = 86_400;

/// When the next renewal begins: `12:34:56, in 40 s`, or `in 3 d 2 h`.
#[component]
pub(crate) fn NextRenewal() -> impl IntoView {
    let view = use_session().view();
    let now = use_clock();
    // The first time of day that a page writes as this device does loads the browser's tables for that: after the first paint.
    let is_painted = RwSignal::new(false);
    let paint = move || {
        // The page may be gone.
        let _ = is_painted.try_set(true);
    };
    request_animation_frame(move || set_timeout(paint, Duration::ZERO));
    text(move || match view.with(|view| view.renew_at) {
        Some(at) => match Distance::between(now.get(), at) {
            Distance::Behind(_) => "any moment".to_owned(),
            ahead @ Distance::Ahead(0..A_DAY) if is_painted.get() => {
                format!("{}, in {}", words::clock_time(at), ahead.in_words())
            }
            ahead @ Distance::Ahead(_) => format!("in {}", ahead.in_words()),
        },
        None => if view.with(|view| view.renewing_since.is_some()) { "now" } else { "not planned" }.to_owned(),
    })
}

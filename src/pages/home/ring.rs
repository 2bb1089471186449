//! The time an access token has left, as a ring that drains, and fills again with each renewal.

use std::time::Duration;

use evergrant_leptos::{UnixTime, View, use_clock, use_session};
use leptos::prelude::*;

use crate::live::{attribute, text};
use crate::parts::ExpiresIn;

/// The ring.
#[component]
pub(super) fn Ring() -> impl IntoView {
    let view = use_session().view();
    let now = use_clock();
    let gone = move || view.with(|view| thousandths_gone(view, now.get()));
    view! {
        <div class="ring" data-low=attribute("true", move || gone() >= 750) style:--gone=text(move || gone().to_string())>
            <svg viewBox="0 0 120 120" aria-hidden="true">
                <circle class="track" cx="60" cy="60" r="54"/>
                <circle class="left" cx="60" cy="60" r="54" pathLength="1000" stroke-dasharray="1000"/>
            </svg>
            <ExpiresIn/>
        </div>
    }
}

/// How much of the token's life is over.
fn thousandths_gone(view: &View, now: UnixTime) -> u64 {
    let left = view.expires_at.map_or(Duration::ZERO, |at| at.since(now)).as_secs_f64();
    let whole = view.lifetime.unwrap_or_default().as_secs_f64().max(0.001);
    1000 - (left * 1000.0 / whole).min(1000.0) as u64
}

//! The time an access token has left, as a ring that drains, and fills again with each renewal.

use std::time::Duration;

use evergrant_leptos::use_session;
use leptos::prelude::*;

use super::ticking;
use crate::words;

/// The ring.
#[component]
pub fn Countdown() -> impl IntoView {
    let view = use_session().view();
    let now = ticking();
    let left = Memo::new(move |_| {
        let left = view.with(|view| view.expires_at).map(|at| at.since(now.get())).unwrap_or_default();
        // Rounded up: a token with half a second left has not expired.
        Duration::from_secs(left.as_millis().div_ceil(1000) as u64)
    });
    let gone = move || {
        let whole = view.with(|view| view.lifetime).unwrap_or_default().as_secs_f64().max(1.0);
        format!("{:.1}", 100.0 - (left.get().as_secs_f64() / whole).min(1.0) * 100.0)
    };
    view! {
        <div class="countdown">
            <svg viewBox="0 0 120 120" aria-hidden="true">
                <circle class="track" cx="60" cy="60" r="54" fill="none" stroke-width="8"/>
                <circle class="left" cx="60" cy="60" r="54" fill="none" stroke-width="8" stroke-linecap="round"
                    pathLength="100" stroke-dasharray="100" stroke-dashoffset=gone transform="rotate(-90 60 60)"/>
            </svg>
            <p data-testid="expires-in" data-seconds=move || left.get().as_secs()>
                <span class="big">{move || words::duration(left.get())}</span>
                <span class="small">{move || if left.get().is_zero() { "expired" } else { "left" }}</span>
            </p>
        </div>
    }
}

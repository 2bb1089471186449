//! How long the access token still lives, second by second.

use evergrant_leptos::{use_clock, use_session};
use leptos::prelude::*;

use crate::live::text;
use crate::words::Distance;

/// `expires in 1 min 12 s`.
#[component]
pub(crate) fn ExpiresIn() -> impl IntoView {
    let view = use_session().view();
    let now = use_clock();
    let left = move || view.with(|view| view.expires_at).map(|at| Distance::between(now.get(), at));
    let verb = move || match left() {
        Some(Distance::Ahead(_)) => "expires in ",
        Some(Distance::Behind(_)) => "expired ",
        None => "",
    };
    view! {
        <span class="expires-in" data-testid="expires-in"
            data-seconds=text(move || left().map_or(0, Distance::seconds_ahead).to_string())>
            <span>{text(verb)}</span>
            <strong>{text(move || left().map(Distance::in_words).unwrap_or_default())}</strong>
        </span>
    }
}

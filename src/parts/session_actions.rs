//! What a person can do with a session.

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use crate::live::attribute;

/// Renew it, end it.
#[component]
pub(crate) fn SessionActions() -> impl IntoView {
    let session = use_session();
    let status = session.status();
    view! {
        <div class="actions">
            // Not disabled meanwhile, which would take the keyboard's focus away: asking twice renews once.
            <button class="primary" aria-busy=attribute("true", move || status.get() == Status::Renewing)
                on:click=move |_| session.renew()>"Renew now"</button>
            <button on:click=move |_| session.sign_out()>"Sign out"</button>
        </div>
    }
}

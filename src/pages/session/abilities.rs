//! What the session can be renewed by here, and a button to find out.

use evergrant_leptos::use_session;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::live::{attribute, text};

/// The abilities.
#[component]
pub(super) fn Abilities() -> impl IntoView {
    let session = use_session();
    let abilities = session.abilities();
    let trying = RwSignal::new(false);
    let probe = move |_| {
        if !trying.get_untracked() {
            trying.set(true);
            spawn_local(async move {
                session.probe().await;
                trying.set(false);
            });
        }
    };
    view! {
        <section class="card" aria-labelledby="abilities">
            <h2 id="abilities">"What works here"</h2>
            <div aria-live="polite">
                <p>{text(move || abilities.with(|seen| seen.refresh_token.to_string()))}</p>
                <p data-testid="iframe">{text(move || abilities.with(|seen| seen.iframe.to_string()))}</p>
                <p>{text(move || abilities.with(|seen| seen.browser.to_string()))}</p>
            </div>
            <div class="actions">
                <button aria-busy=attribute("true", move || trying.get()) on:click=probe>"Try the hidden iframe"</button>
            </div>
        </section>
    }
}

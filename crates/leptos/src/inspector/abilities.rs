//! What the session can be renewed by here, and a button to find out.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::handle::use_session;
use crate::live::{attribute, click, text};

/// The abilities.
#[component]
pub(super) fn Abilities(section: &'static str) -> impl IntoView {
    let session = use_session();
    let seen = move || {
        session.view().track();
        session.abilities()
    };
    let trying = RwSignal::new(false);
    let probe = move || {
        if !trying.get_untracked() {
            trying.set(true);
            spawn_local(async move {
                session.probe().await;
                trying.try_set(false);
            });
        }
    };
    view! {
        <section class=section aria-labelledby="evergrant-abilities">
            <h2 id="evergrant-abilities">"What works here"</h2>
            <div aria-live="polite">
                <p>{text(move || seen().refresh_token.to_string())}</p>
                <p data-testid="iframe">{text(move || seen().iframe.to_string())}</p>
                <p>{text(move || seen().browser.to_string())}</p>
            </div>
            <p><button aria-busy=attribute("true", move || trying.get()) on:click=click(probe)>"Try the hidden iframe"</button></p>
        </section>
    }
}

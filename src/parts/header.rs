//! The header: the name, the pages, and the session in one word.

use evergrant_leptos::use_session;
use leptos::prelude::*;

use crate::route::Link;
use crate::words;

/// The header of every page.
#[component]
pub fn Header() -> impl IntoView {
    let status = use_session().status();
    view! {
        <header class="header">
            <div class="brand">
                <img src="/icon.svg" alt="" width="28" height="28"/>
                <span>"Evergrant"</span>
            </div>
            <nav aria-label="Pages">
                <Link href="/">"Home"</Link>
                <Link href="/session">"Session"</Link>
            </nav>
            <p class="pill" role="status" data-testid="session-status" data-status=move || status.get().as_str()>
                {move || words::status(status.get())}
            </p>
        </header>
    }
}

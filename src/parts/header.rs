//! The header: the name, the pages, and the session in one word.

use evergrant_leptos::use_session;
use leptos::prelude::*;

use super::Mark;
use crate::live::text;
use crate::route::Link;
use crate::words;

/// The header of every page.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let status = use_session().status();
    view! {
        <header>
            <div>
                <span class="brand"><Mark/>"Evergrant"</span>
                <nav aria-label="Pages">
                    <Link href="/">"Home"</Link>
                    <Link href="/expenses">"Expenses"</Link>
                    <Link href="/session">"Session"</Link>
                    <Link href="/issuer">"Issuer"</Link>
                </nav>
                <p class="status" role="status" data-testid="session-status" data-status=text(move || status.get().as_str())>
                    {text(move || words::status(status.get()))}
                </p>
            </div>
        </header>
    }
}

//! The header: the name, the pages, and the session in one word.

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use crate::live::text;
use crate::route::Link;
use crate::words;

/// The header of every page.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let status = use_session().status();
    // A renewal is nobody's business: it would be read aloud each time. The dot moves meanwhile.
    let said = move || match status.get() {
        Status::Renewing => Status::SignedIn,
        other => other,
    };
    view! {
        <header>
            <div>
                // The mark is a leaf in the colour of the text around it, as in `index.html` and on the issuer's pages.
                <span class="brand">
                    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
                        <path d="M26 6C13 5 6 11 6 18c0 4.6 3.4 8 8 8 8 0 13-8 12-20Z"/>
                        <path d="M5 28c3-6 7-10 13-13"/>
                    </svg>
                    "Evergrant"
                </span>
                <nav aria-label="Pages">
                    <Link href="/">"Home"</Link>
                    <Link href="/expenses">"Expenses"</Link>
                    <Link href="/session">"Session"</Link>
                    <Link href="/issuer">"Issuer"</Link>
                </nav>
                <p class="status" role="status" data-testid="session-status" data-status=text(move || status.get().as_str())>
                    {text(move || words::status(said()))}
                </p>
            </div>
        </header>
    }
}

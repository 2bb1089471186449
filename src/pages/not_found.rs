//! An address that names no page.

use leptos::prelude::*;

use crate::route::{Heading, Link};

/// The page.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <section class="card lone">
            <Heading>"There is nothing here"</Heading>
            <p class="muted">"This app has no page at this address. Your session is not touched by that."</p>
            <p><Link href="/">"Go to the start page"</Link></p>
        </section>
    }
}

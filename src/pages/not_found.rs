//! An address that names no page.

use leptos::prelude::*;

use crate::route::{Heading, Link};

/// The page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <section class="card centered">
            <Heading>"There is no such page"</Heading>
            <p><Link href="/">"Go to the start page"</Link></p>
        </section>
    }
}

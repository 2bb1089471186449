//! Where a sign-in comes back to: shown for the moment in which the answer is checked.

use leptos::prelude::*;

use crate::route::Heading;

/// The page.
#[component]
pub(crate) fn CallbackPage() -> impl IntoView {
    view! {
        <section class="card lone waiting" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <Heading>"Signing you in…"</Heading>
            <p class="muted">"The issuer's answer is being checked."</p>
        </section>
    }
}

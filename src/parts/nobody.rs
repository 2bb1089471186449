//! What a page shows in place of its content while nobody is signed in.

use leptos::prelude::*;

use super::SignInForm;

/// The way in, and what is behind it.
#[component]
pub(crate) fn Nobody(
    /// What the page shows to somebody.
    otherwise: &'static str,
) -> impl IntoView {
    view! {
        <section class="card nobody">
            <div>
                <h2>"Nobody is signed in"</h2>
                <p class="muted">{otherwise}</p>
            </div>
            <SignInForm/>
        </section>
    }
}

//! Shown in place of the app when it cannot start.

use evergrant_leptos::StartError;
use leptos::prelude::*;

/// The page: what is wrong, and what to do.
#[component]
pub fn StartErrorPage(
    /// What is wrong.
    error: StartError,
) -> impl IntoView {
    let reload = move |_| {
        // A page that cannot even be reloaded has nothing better to offer.
        let _ = window().location().reload();
    };
    let hint = match error {
        StartError::Config { .. } => "Correct that file where the app is deployed, then try again.",
        StartError::Unreachable { .. } | StartError::Status { .. } => "When that is mended, try again.",
    };
    view! {
        <main id="main">
            <section class="card centered" role="alert" data-testid="start-error">
                <h1>"Evergrant cannot start"</h1>
                <p class="exact">{error.to_string()}</p>
                <p class="muted">{hint}</p>
                <button class="primary" on:click=reload>"Try again"</button>
            </section>
        </main>
    }
}

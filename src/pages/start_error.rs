//! Shown in place of the app when it cannot start.

use evergrant_leptos::StartError;
use evergrant_leptos::core::config::ConfigError;
use leptos::prelude::*;

use crate::live::{click, text};

/// The page: what is wrong, and what to do.
#[component]
pub fn StartErrorPage(
    /// What is wrong.
    error: StartError,
) -> impl IntoView {
    let reload = || {
        // A page that cannot even be reloaded has nothing better to offer.
        let _ = window().location().reload();
    };
    let advice = match &error {
        StartError::Unreachable { .. } => "The app reads this file when it starts. Once it can be reached, try again.",
        StartError::Status { .. } => {
            "If this is your app: put a config.json there that names your issuer and client_id."
        }
        StartError::Config { error: ConfigError::Json(_), .. } => {
            "If this is your app: correct the file where the message points. Then try again."
        }
        StartError::Config { .. } => "If this is your app: correct that value in the file. Then try again.",
    };
    view! {
        <main id="main">
            <section class="card lone" role="alert" data-testid="start-error">
                <h1>"Evergrant cannot start"</h1>
                <p class="exact">{text(move || error.to_string())}</p>
                <p class="muted">{advice}</p>
                <div class="actions"><button class="primary" on:click=click(reload)>"Try again"</button></div>
            </section>
        </main>
    }
}

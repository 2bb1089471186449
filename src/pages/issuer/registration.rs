//! What an issuer must be told about this app, to be copied from here.

use evergrant_leptos::use_session;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::live::{Text, click, text};
use crate::parts::fact;

/// The addresses.
#[component]
pub(super) fn Registration() -> impl IntoView {
    let config = use_session().config();
    let addresses = [
        ("Redirect URI", "Copy the redirect URI", config.redirect_uri.to_string()),
        ("Silent redirect URI", "Copy the silent redirect URI", config.silent_redirect_uri.to_string()),
        ("Logout redirect URI", "Copy the logout redirect URI", config.post_logout_redirect_uri.to_string()),
        ("Origin", "Copy the origin", window().location().origin().unwrap_or_default()),
    ];
    let shown = addresses.map(|(term, name, address)| {
        let copied = address.clone();
        fact(term, view! { <code>{address}</code><CopyButton what="Copy" name value=text(move || copied.clone())/> })
    });
    view! {
        <section class="card" aria-labelledby="registration">
            <div>
                <h2 id="registration">"What to register there"</h2>
                <p class="muted">
                    "Make a client for a single-page app: public, without a secret, with authorization code and PKCE. Give it \
                     both redirect URIs, and let the origin read answers (CORS, “web origins”)."
                </p>
            </div>
            <dl class="addresses">{shown.into_iter().collect_view()}</dl>
        </section>
    }
}

/// Puts a text into the clipboard, and says so in its own words.
#[component]
pub(super) fn CopyButton(
    /// What the button shows.
    what: &'static str,
    /// What it is called, among others that show the same.
    name: &'static str,
    /// What is copied.
    mut value: Text,
) -> impl IntoView {
    let says = RwSignal::new(String::new());
    let copy = move || {
        // Browsers have a clipboard where they have WebCrypto, without which no page of this app is shown.
        let written = window().navigator().clipboard().write_text(&value());
        spawn_local(async move {
            let written = JsFuture::from(written).await.is_ok();
            // The page may be gone.
            let _ = says.try_set(if written { "Copied" } else { "Not allowed" }.to_owned());
        });
    };
    view! {
        <button type="button" aria-label=name on:click=click(copy)>
            {what}
        </button>
        <span class="says muted small" role="status">{text(move || says.get())}</span>
    }
}

//! The smallest app: a person signs in, their session is renewed silently, and an API is called with it.
//!
//! `cargo xtask demo --without-app` starts what it needs, and `cargo xtask trunk serve examples/minimal/index.html` the app itself.

use evergrant_leptos::{Flow, SessionHandle, SessionProvider, SignedIn, SignedOut, load_config, use_session};
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Request;

#[component]
fn App() -> impl IntoView {
    let session = use_session();
    let name = move || session.claims().get().map(|claims| claims.display_name().to_owned());
    let problem = move || session.error().get().map(|error| error.to_string());
    let renewals = move || session.view().with(|view| view.renewals);
    let answer = RwSignal::new(String::new());
    let call = move |_| spawn_local(async move { answer.set(expenses(session).await.unwrap_or_else(|why| why)) });
    view! {
        <main>
            <SignedIn>
                <p>"Signed in as " {name} "; renewals: " {renewals}</p>
                <button on:click=call>"Load expenses"</button>
                <button on:click=move |_| session.sign_out()>"Sign out"</button>
                <pre>{answer}</pre>
            </SignedIn>
            <SignedOut>
                <button on:click=move |_| session.sign_in(Flow::Code, "/".into())>"Sign in"</button>
            </SignedOut>
            <p>{problem}</p>
        </main>
    }
}

/// What the API says, asked with a token that is good when it goes.
async fn expenses(session: SessionHandle) -> Result<String, String> {
    let api = session.config().allowed_api_origins.join("");
    let request = Request::new_with_str(&format!("{api}/expenses")).map_err(|_| "There is no API.")?;
    let response = session.fetch(request).await.map_err(|why| why.to_string())?;
    let body = response.text().map_err(|_| "The answer was read already.")?;
    Ok(JsFuture::from(body).await.map_err(|_| "The answer broke off.")?.as_string().unwrap_or_default())
}

fn main() {
    spawn_local(async {
        match load_config("/config.json").await {
            Ok(config) => mount_to_body(|| view! { <SessionProvider config><App/></SessionProvider> }),
            Err(error) => mount_to_body(move || error.to_string()),
        }
    });
}

//! The smallest app: a person signs in, their session is renewed silently, and an API is called with it.
//!
//! `cargo xtask demo --without-app` starts what it needs, and `cargo xtask trunk serve examples/minimal/index.html` the app itself.

use std::error::Error;

use evergrant_leptos::{Flow, SessionHandle, SessionProvider, SignedIn, SignedOut, load_config, use_session};
use gloo_net::http::{Request, Response};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[component]
fn App() -> impl IntoView {
    let session = use_session();
    let name = move || session.claims().get().map(|claims| claims.display_name().to_owned());
    let problem = move || session.error().get().map(|error| error.to_string());
    let renewals = move || session.view().with(|view| view.renewals);
    let answer = RwSignal::new(String::new());
    let call =
        move |_| spawn_local(async move { answer.set(expenses(session).await.unwrap_or_else(|why| why.to_string())) });
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
async fn expenses(session: SessionHandle) -> Result<String, Box<dyn Error>> {
    let api = session.config().allowed_api_origins.join("");
    let request = Request::get(&format!("{api}/expenses")).build()?;
    let response = Response::from(session.fetch(request.into()).await?);
    Ok(response.text().await?)
}

fn main() {
    spawn_local(async {
        match load_config("/config.json").await {
            Ok(config) => mount_to_body(|| view! { <SessionProvider config><App/></SessionProvider> }),
            Err(error) => mount_to_body(move || error.to_string()),
        }
    });
}

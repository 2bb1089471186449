use evergrant_leptos::{Flow, SessionProvider, SignedIn, SignedOut, load_config, use_session};
use leptos::prelude::*;

#[component]
fn Greeting() -> impl IntoView {
    let session = use_session();
    let name = move || session.claims().get().map(|claims| claims.display_name().to_owned());
    let problem = move || session.error().get().map(|error| error.to_string());
    view! {
        <SignedIn>"Hello, " {name} <button on:click=move |_| session.sign_out()>"Sign out"</button></SignedIn>
        <SignedOut><button on:click=move |_| session.sign_in(Flow::Code, "/".into())>"Sign in"</button></SignedOut>
        <p>{problem}</p>
    }
}

fn main() {
    wasm_bindgen_futures::spawn_local(async {
        match load_config("/config.json").await {
            Ok(config) => mount_to_body(|| view! { <SessionProvider config><Greeting/></SessionProvider> }),
            Err(error) => mount_to_body(move || error.to_string()),
        }
    });
}

//! The components in a page. The issuer of these tests never answers.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use evergrant_browser::storage::Store;
use evergrant_leptos::core::protocol::{AccessToken, IdToken, Scope};
use evergrant_leptos::core::session::{Session, Tokens};
use evergrant_leptos::{Config, Flow, RequireSession, SessionProvider, SignedIn, SignedOut, Status, use_session};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The component of the crate's first page of documentation.
#[component]
fn Greeting() -> impl IntoView {
    let session = use_session();
    let name = move || session.claims().get().map(|claims| claims.display_name().to_owned());
    view! {
        <SignedIn>"Hello, " {name} <button on:click=move |_| session.sign_out()>"Sign out"</button></SignedIn>
        <SignedOut><button on:click=move |_| session.sign_in(Flow::Code, "/".into())>"Sign in"</button></SignedOut>
    }
}

fn config(client_id: &str) -> Config {
    // Port 9 is the discard service: nobody answers there.
    let json = format!(r#"{{"issuer":"http://127.0.0.1:9/","client_id":"{client_id}"}}"#);
    Config::parse(&json, "http://127.0.0.1").unwrap()
}

fn store_session(config: &Config) {
    let claims = serde_json::json!({
        "iss": config.issuer, "sub": "tess", "aud": config.client_id, "exp": 4_000_000_000_u32, "iat": 1, "name": "Tess",
    });
    let tokens = Tokens {
        access_token: AccessToken::new("access"),
        id_token: Some((IdToken::new("id"), serde_json::from_value(claims).unwrap())),
        refresh_token: None,
        scope: Scope::parse("openid"),
        expires_in: Some(std::time::Duration::from_secs(3600)),
        flow: Flow::Code,
        generation: 0,
        requested_at: evergrant_browser::clock::now(),
    };
    let session = Session::begin(config.issuer.clone(), config.client_id.clone(), tokens).unwrap();
    Store::open(config.storage, &config.client_id).save(&session);
}

/// An element of its own with the view in it.
fn page<V: IntoView + 'static>(
    config: Config,
    content: impl Fn() -> V + Send + Sync + 'static,
) -> web_sys::HtmlElement {
    let place: web_sys::HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    mount_to(place.clone(), move || view! { <SessionProvider config>{content()}</SessionProvider> }).forget();
    place
}

fn text(place: &web_sys::HtmlElement) -> String {
    place.text_content().unwrap_or_default()
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = js_sys::Date::now() + 10_000.0;
    while !condition() {
        assert!(js_sys::Date::now() < deadline, "waited in vain: {what}");
        gloo_timers::future::TimeoutFuture::new(5).await;
    }
}

#[wasm_bindgen_test]
async fn a_stored_session_is_greeted_and_can_sign_out() {
    let config = config("greeting");
    store_session(&config);
    let place = page(config, || view! { <Greeting/> });
    assert_eq!(text(&place), "Hello, TessSign out", "nothing flashes");
    let button: web_sys::HtmlElement = place.query_selector("button").unwrap().unwrap().unchecked_into();
    button.click();
    until("the button to sign in is there", || text(&place) == "Sign in").await;
}

#[wasm_bindgen_test]
async fn nobody_is_offered_to_sign_in() {
    let place = page(config("nobody"), || view! { <Greeting/> });
    assert_eq!(text(&place), "Sign in");
}

#[component]
fn Secret() -> impl IntoView {
    let session = use_session();
    let status = move || session.status().get().as_str();
    let failed = move || session.error().get().is_some().to_string();
    view! {
        <p data-status=status data-failed=failed></p>
        <RequireSession fallback=|| "please wait">"the secret"</RequireSession>
    }
}

#[wasm_bindgen_test]
async fn a_required_session_shows_its_content_to_whom_it_concerns() {
    let config = config("required");
    store_session(&config);
    let place = page(config, || view! { <Secret/> });
    assert_eq!(text(&place), "the secret");
}

#[wasm_bindgen_test]
async fn a_required_session_is_asked_for_once_and_not_in_a_loop() {
    let place = page(config("required-once"), || view! { <Secret/> });
    assert_eq!(text(&place), "please wait");
    let attribute = |name: &str| place.query_selector("p").unwrap().unwrap().get_attribute(name).unwrap_or_default();
    until("the sign-in was tried and failed", || attribute("data-failed") == "true").await;
    assert_eq!(attribute("data-status"), Status::SignedOut.as_str());
    // A second try would show as another status in the turns that follow.
    for _ in 0..20 {
        gloo_timers::future::TimeoutFuture::new(5).await;
        assert_eq!(attribute("data-status"), Status::SignedOut.as_str());
    }
}

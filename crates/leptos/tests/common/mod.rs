//! A place in the page to mount things in, and a session for them to find. The issuer of these tests never answers.
#![allow(clippy::unwrap_used, dead_code, reason = "each file of tests uses its part")]

use evergrant_browser::storage::Store;
use evergrant_leptos::core::protocol::authorize::Transaction;
use evergrant_leptos::core::protocol::{AccessToken, CodeVerifier, IdToken, Nonce, Scope, State};
use evergrant_leptos::core::session::{Session, Tokens};
use evergrant_leptos::{Config, Flow, SessionProvider};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A client with this id.
pub(crate) fn config(client_id: &str) -> Config {
    // Port 9 is the discard service: nobody answers there.
    let json = format!(r#"{{"issuer":"http://127.0.0.1:9/","client_id":"{client_id}"}}"#);
    Config::parse(&json, "http://127.0.0.1").unwrap()
}

pub(crate) fn store_session(config: &Config) {
    Store::open(config.storage, &config.client_id).save(&session_of(config, "Tess"));
}

/// The session of whoever has this name.
pub(crate) fn session_of(config: &Config, name: &str) -> Session {
    let claims = serde_json::json!({
        "iss": config.issuer, "sub": name, "aud": config.client_id, "exp": 4_000_000_000_u32, "iat": 1, "name": name,
    });
    let payload = window().btoa(&claims.to_string()).unwrap().replace('+', "-").replace('/', "_").replace('=', "");
    let id_token = IdToken::new(format!("eyJhbGciOiJFUzI1NiJ9.{payload}.c2ln"));
    let tokens = Tokens {
        access_token: Some(AccessToken::new("access")),
        id_token: Some((id_token, serde_json::from_value(claims).unwrap())),
        refresh_token: None,
        scope: Scope::parse("openid"),
        expires_in: Some(std::time::Duration::from_secs(3600)),
        flow: Flow::Code,
        generation: 0,
        requested_at: evergrant_browser::clock::now(),
    };
    Session::begin(config.issuer.clone(), config.client_id.clone(), tokens).unwrap()
}

/// A sign-in of that client that was begun on the page `return_to`.
pub(crate) fn sign_in_on_its_way(config: &Config, state: &str, return_to: &str) -> Transaction {
    Transaction {
        state: State::new(state),
        nonce: Nonce::new("n"),
        code_verifier: CodeVerifier::new("v"),
        issuer: config.issuer.clone(),
        iss_required: false,
        redirect_uri: config.redirect_uri.as_str().to_owned(),
        flow: Flow::Code,
        id_token_alone: false,
        scope: Scope::parse("openid"),
        max_age: None,
        requested_at: evergrant_browser::clock::wall(),
        return_to: Some(return_to.to_owned()),
    }
}

/// An element of its own with the view in it.
pub(crate) fn page<V: IntoView + 'static>(
    config: Config,
    content: impl Fn() -> V + Send + Sync + 'static,
) -> web_sys::HtmlElement {
    page_without_session(move || view! { <SessionProvider config>{content()}</SessionProvider> })
}

/// The same with nothing around the view.
pub(crate) fn page_without_session<V: IntoView + 'static>(
    content: impl FnOnce() -> V + 'static,
) -> web_sys::HtmlElement {
    let place: web_sys::HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    mount_to(place.clone(), content).forget();
    place
}

pub(crate) fn text(place: &web_sys::HtmlElement) -> String {
    place.text_content().unwrap_or_default()
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = js_sys::Date::now() + 10_000.0;
    while !condition() {
        assert!(js_sys::Date::now() < deadline, "waited in vain: {what}");
        gloo_timers::future::TimeoutFuture::new(5).await;
    }
}

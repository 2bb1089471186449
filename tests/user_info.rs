//! What the app calls somebody whose ID token has no name.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Mounted, open_at, until};
use evergrant_app::App;
use evergrant_leptos::Config;
use js_sys::{Function, Object, Reflect};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Arguments: the issuer identifier, the status of the UserInfo endpoint, what it says.
const OPEN: &str = r#"
const [issuer, status, claims] = arguments, real = window.fetch, self = { asked: 0 };
window.fetch = async (url, init) => {
    if (url === issuer + 'userinfo') {
        self.asked += 1;
        return new Response(claims, { status });
    }
    if (url !== issuer + '.well-known/openid-configuration') return real.call(window, url, init);
    return new Response(JSON.stringify({
        issuer, authorization_endpoint: issuer + 'authorize', token_endpoint: issuer + 'token', jwks_uri: issuer + 'jwks',
        userinfo_endpoint: issuer + 'userinfo', response_types_supported: ['code'],
    }));
};
self.close = () => { window.fetch = real; };
return self;
"#;

/// An issuer in the page, of which nothing answers but metadata and UserInfo endpoint.
struct Issuer(JsValue);

impl Issuer {
    fn open(config: &Config, status: u16, claims: &serde_json::Value) -> Self {
        let claims = claims.to_string();
        let issuer = JsValue::from_str(config.issuer.as_str());
        Self(Function::new_no_args(OPEN).call3(&JsValue::NULL, &issuer, &status.into(), &claims.into()).unwrap())
    }

    fn asked(&self) -> f64 {
        Reflect::get(&self.0, &"asked".into()).unwrap().as_f64().unwrap()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let close: Function = Reflect::get(self.0.unchecked_ref::<Object>(), &"close".into()).unwrap().unchecked_into();
        close.call0(&self.0).unwrap();
    }
}

/// A client at an issuer that brings nothing in a hidden iframe.
fn config(client_id: &str) -> Config {
    let json = format!(r#"{{"issuer":"http://127.0.0.1:9/","client_id":"{client_id}","iframe_timeout_seconds":1}}"#);
    Config::parse(&json, &window().location().origin().unwrap()).unwrap()
}

/// The app with a session of `sub`.
fn app(config: &Config, sub: &str, claims: serde_json::Value) -> Mounted {
    common::store_session_of(config, Duration::from_secs(3600), sub, claims);
    let config = config.clone();
    open_at("/");
    Mounted::new(move || view! { <App config/> }.into_any())
}

fn heading(app: &Mounted) -> String {
    app.the("h1").text_content().unwrap()
}

/// A renewal was tried, and came to nothing: the session was told to the page several times.
async fn try_a_renewal(app: &Mounted) {
    app.press("Renew now");
    let status = || app.attribute("[data-testid=session-status]", "data-status");
    until("it is in trouble", || status().as_deref() == Some("retrying")).await;
}

#[wasm_bindgen_test]
async fn who_has_no_name_in_the_id_token_was_called_by_their_subject() {
    let config = config("app-nameless");
    let issuer = Issuer::open(&config, 200, &json!({"sub": "5f0c", "name": "Tess Tester"}));
    let app = app(&config, "5f0c", json!({}));
    assert_eq!(heading(&app), "Signed in as 5f0c");
    until("the name", || heading(&app) == "Signed in as Tess Tester").await;
    assert_eq!(app.the(".avatar").text_content().as_deref(), Some("TT"));

    try_a_renewal(&app).await;
    assert_eq!((heading(&app).as_str(), issuer.asked()), ("Signed in as Tess Tester", 1.0));
}

#[wasm_bindgen_test]
async fn nobody_is_told_that_the_userinfo_endpoint_did_not_answer() {
    let config = config("app-refused");
    let issuer = Issuer::open(&config, 403, &json!({"error": "insufficient_scope"}));
    let app = app(&config, "7a2e", json!({}));
    until("it was asked", || issuer.asked() == 1.0).await;
    try_a_renewal(&app).await;
    assert_eq!((heading(&app).as_str(), issuer.asked()), ("Signed in as 7a2e", 1.0));
    assert!(!app.text().contains("UserInfo"), "{}", app.text());
}

#[wasm_bindgen_test]
async fn a_name_of_somebody_else_is_not_shown() {
    let config = config("app-other");
    let issuer = Issuer::open(&config, 200, &json!({"sub": "robin", "name": "Robin"}));
    let app = app(&config, "9d41", json!({}));
    until("it was asked", || issuer.asked() == 1.0).await;
    try_a_renewal(&app).await;
    assert_eq!(heading(&app), "Signed in as 9d41");
}

#[wasm_bindgen_test]
async fn where_the_id_token_has_a_name_nobody_is_asked() {
    let config = config("app-named");
    let issuer = Issuer::open(&config, 200, &json!({"sub": "b3c8", "name": "Another Name"}));
    let app = app(&config, "b3c8", json!({"email": "tess@example.com"}));
    try_a_renewal(&app).await;
    assert_eq!((heading(&app).as_str(), issuer.asked()), ("Signed in as tess@example.com", 0.0));
}

//! Routes, and the pages that need no session.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use evergrant_app::StartErrorPage;
use evergrant_app::parts::Notice;
use evergrant_app::route::Route;
use evergrant_leptos::core::config::Config;
use evergrant_leptos::core::protocol::callback::CallbackError;
use evergrant_leptos::core::protocol::{ErrorCode, OAuthError};
use evergrant_leptos::{EndReason, StartError};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn addresses_name_pages() {
    for (path, route) in [
        ("/", Route::Home),
        ("/index.html", Route::Home),
        ("/session", Route::Session),
        ("/session/", Route::Session),
        ("/callback", Route::Callback),
        ("/sessions", Route::NotFound),
        ("/session/7", Route::NotFound),
    ] {
        assert_eq!(Route::of(path), route, "{path}");
    }
}

#[wasm_bindgen_test]
fn a_bad_configuration_is_shown_with_its_key_and_a_way_to_try_again() {
    let error = Config::parse(r#"{"issuer":"https://i.example/","client_id":"a","colour":1}"#, "https://a.example");
    let error = StartError::Config { url: "/config.json".into(), error: error.unwrap_err() };
    let place: web_sys::HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    mount_to(place.clone(), move || view! { <StartErrorPage error/> }).forget();
    let text = place.text_content().unwrap();
    assert!(text.contains("colour") && text.contains("/config.json"), "{text}");
    assert!(place.query_selector("button").unwrap().is_some());
}

#[wasm_bindgen_test]
fn a_notice_says_what_happened_what_to_do_and_keeps_the_exact_words_aside() {
    let failure = CallbackError::Refused(OAuthError::new(ErrorCode::LoginRequired, "nobody is signed in")).into();
    let notice = Notice::of_end(&EndReason::AskThePerson(failure));
    assert!(!notice.headline.contains("login_required"));
    assert!(notice.sentences.iter().any(|sentence| sentence.contains("Sign in again")));
    assert!(notice.exact.unwrap().contains("login_required"));
    let quiet = Notice::of_end(&EndReason::SignedOut);
    assert_eq!((quiet.tone, quiet.exact), ("info", None));
}

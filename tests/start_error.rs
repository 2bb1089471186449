//! The page for an app that cannot start.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Mounted;
use evergrant_app::StartErrorPage;
use evergrant_leptos::{Config, StartError};
use leptos::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const URL: &str = "/config.json";

fn page(error: StartError) -> Mounted {
    let page = Mounted::new(move || view! { <StartErrorPage error/> }.into_any());
    assert_eq!(page.the("[role=alert] h1").text_content().as_deref(), Some("Evergrant cannot start"));
    assert_eq!(page.the("button").text_content().as_deref(), Some("Try again"));
    page
}

fn refused(json: &str) -> StartError {
    StartError::Config { url: URL.to_owned(), error: Config::parse(json, "https://app.example").unwrap_err() }
}

#[wasm_bindgen_test]
fn an_unknown_key_is_named() {
    let text = page(refused(r#"{"issuer":"https://i.example/","client_id":"a","isuer":""}"#)).text();
    assert!(text.contains("/config.json") && text.contains("`isuer`"), "{text}");
    assert!(text.contains("correct the file"), "{text}");
}

#[wasm_bindgen_test]
fn a_value_that_cannot_work_is_named_with_its_key() {
    let text = page(refused(r#"{"issuer":"localhost","client_id":"a"}"#)).text();
    assert!(text.contains("`issuer`") && text.contains("correct that value"), "{text}");
}

#[wasm_bindgen_test]
fn a_file_that_is_not_there_is_told_with_what_it_must_hold() {
    let text = page(StartError::Status { url: URL.to_owned(), status: 404 }).text();
    assert!(text.contains("404") && text.contains("client_id"), "{text}");
}

#[wasm_bindgen_test]
fn a_server_that_does_not_answer_is_no_riddle() {
    let text = page(StartError::Unreachable { url: URL.to_owned() }).text();
    assert!(text.contains("could not be loaded") && text.contains("connection"), "{text}");
}

//! The first page of documentation is this program; it is compiled here, and does what it says.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{config, page, store_session, text, until};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

include!("greeting/program.rs");

wasm_bindgen_test_configure!(run_in_browser);

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

#[wasm_bindgen_test]
fn the_readmes_show_the_same_program() {
    for readme in [include_str!("../../../README.md"), include_str!("../README.md")] {
        assert!(readme.contains(include_str!("greeting/program.rs")));
    }
}

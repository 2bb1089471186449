//! Failures to rehearse: offered where the issuer says that it takes orders for them.
#![cfg(all(target_arch = "wasm32", feature = "inspector"))]
#![allow(clippy::unwrap_used)]

mod common;

use common::issuer::Issuer;
use evergrant_browser::Runtime;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Whether failures are offered at an issuer whose metadata has this besides, and what it was asked to find out.
async fn offered(client_id: &str, metadata: &str) -> (bool, Vec<String>) {
    let issuer = Issuer::open(client_id).await;
    issuer.announce(metadata);
    let runtime = Runtime::start(issuer.config(""), |_| ());
    (runtime.can_rehearse().await, issuer.requests())
}

#[wasm_bindgen_test]
async fn an_issuer_that_says_nothing_of_orders_was_asked_whether_it_takes_them() {
    let metadata_alone = vec![".well-known/openid-configuration".to_owned()];
    assert_eq!(offered("rehearsal-without", "{}").await, (false, metadata_alone));
}

#[wasm_bindgen_test]
async fn failures_are_offered_where_orders_stay_on_this_machine() {
    assert!(offered("rehearsal-here", r#"{"dev_endpoint":"http://127.0.0.1:9/dev"}"#).await.0);
    assert!(!offered("rehearsal-away", r#"{"dev_endpoint":"https://elsewhere.example/dev"}"#).await.0);
}

//! Two clients of one app, at two issuers: what comes for one of them is not the other's.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use common::issuer::Issuer;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, clock, location};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::session::{EndReason, Failure, Status};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// `config`'s sign-in is on its way, and its answer in the address.
fn comes_back(config: &Config, state: &str) {
    let store = Store::open(StorageKind::Session, &config.kept_as);
    assert!(store.put_transaction(&common::transaction(config, state, clock::wall()), clock::wall()));
    location::replace(&format!("/callback?code=c&state={state}&iss={}", config.issuer)).unwrap();
}

async fn failed(runtime: &Runtime) -> Failure {
    common::until("the answer was judged", || runtime.view().status == Status::SignedOut).await;
    let Some(EndReason::SignInFailed(failure)) = runtime.view().ended else { unreachable!("it failed") };
    failure
}

#[wasm_bindgen_test]
async fn a_code_was_shown_to_another_issuer_at_which_the_client_has_the_same_id() {
    let issuer = Issuer::open("same-id").await;
    let elsewhere = common::config("same-id");
    comes_back(&elsewhere, "from-elsewhere");
    let runtime = Runtime::start(issuer.config(""), |_| {});
    assert_eq!(failed(&runtime).await, Failure::Callback(CallbackError::Issuer));
    assert_eq!(issuer.requests(), [""; 0]);
}

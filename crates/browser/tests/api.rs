//! Calls to APIs: one renewal for all who wait for a token, and one more try after a 401.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::Issuer;
use evergrant_browser::api::challenge;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, location};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::AccessToken;
use evergrant_core::session::Status;
use futures_util::future::join_all;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Request, RequestInit, Response};

wasm_bindgen_test_configure!(run_in_browser);

/// A session whose token has this long to live, taken up.
fn signed_in(config: &Config, lifetime: Duration) -> Runtime {
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(config, lifetime));
    Runtime::start(config.clone(), |_| {})
}

async fn call_api(runtime: &Runtime) -> Response {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&"an expense".into());
    let url = format!("{}/api", location::origin().unwrap());
    runtime.fetch(Request::new_with_str_and_init(&url, &init).unwrap()).await.unwrap()
}

/// How often the issuer was asked for tokens, and with which tokens the API was called.
fn asked(issuer: &Issuer) -> (usize, Vec<String>) {
    let requests = issuer.requests();
    let api = requests.iter().filter_map(|request| request.strip_prefix("api ").map(str::to_owned)).collect();
    (requests.iter().filter(|request| *request == "token").count(), api)
}

#[wasm_bindgen_test]
async fn those_who_wait_for_a_token_share_one_renewal() {
    let issuer = Issuer::open("shared-renewal").await;
    let runtime = signed_in(&issuer.config(""), Duration::ZERO);
    let tokens = join_all((0..5).map(|_| runtime.access_token())).await;
    assert!(tokens.iter().all(|token| token.as_ref().unwrap().secret() == "access-1"), "{tokens:?}");
    let calls = join_all((0..5).map(|_| call_api(&runtime))).await;
    assert!(calls.iter().all(|response| response.status() == 200));
    assert_eq!(asked(&issuer), (1, vec!["Bearer access-1".to_owned(); 5]));
}

#[wasm_bindgen_test]
async fn a_401_is_answered_by_one_renewal_and_one_more_try() {
    let issuer = Issuer::open("one-retry").await;
    let runtime = signed_in(&issuer.config(""), Duration::from_secs(3600));
    issuer.api_answers(&[401]);
    assert_eq!(call_api(&runtime).await.status(), 200);
    assert_eq!(asked(&issuer), (1, vec!["Bearer access".to_owned(), "Bearer access-1".to_owned()]));
}

#[wasm_bindgen_test]
async fn an_api_that_wants_the_person_was_shown_a_renewed_token_in_vain() {
    let issuer = Issuer::open("step-up").await;
    let runtime = signed_in(&issuer.config(""), Duration::from_secs(3600));
    issuer.api_answers(&[401]);
    issuer.api_challenges(r#"Bearer error="insufficient_user_authentication", max_age="0""#);
    let response = call_api(&runtime).await;
    assert_eq!(response.status(), 401);
    assert_eq!(challenge(&response).unwrap().max_age, Some(Duration::ZERO));
    assert_eq!(asked(&issuer), (0, vec!["Bearer access".to_owned()]));
}

#[wasm_bindgen_test]
async fn nobody_said_why_an_api_that_is_not_configured_got_no_token() {
    let issuer = Issuer::open("unlisted").await;
    let config = Config { allowed_api_origins: Vec::new(), ..issuer.config("") };
    let runtime = signed_in(&config, Duration::from_secs(3600));
    let begin = "const warn = console.warn; const said = []; console.warn = text => said.push(text); \
                 return () => { console.warn = warn; return said.join(); };";
    let end: js_sys::Function = js_sys::Function::new_no_args(begin).call0(&JsValue::NULL).unwrap().unchecked_into();
    issuer.api_answers(&[403, 401]);
    assert_eq!(call_api(&runtime).await.status(), 403);
    assert_eq!(call_api(&runtime).await.status(), 401);
    let said = end.call0(&JsValue::NULL).unwrap().as_string().unwrap();
    assert!(said.starts_with(&location::origin().unwrap()), "{said:?}");
    assert_eq!(said.matches("allowed_api_origins").count(), 1, "{said:?}");
    assert_eq!(asked(&issuer).0, 0);
}

#[wasm_bindgen_test]
async fn an_api_that_refuses_new_tokens_as_well_is_not_asked_for_ever() {
    let issuer = Issuer::open("no-loop").await;
    let runtime = signed_in(&issuer.config(""), Duration::from_secs(3600));
    issuer.api_answers(&[401; 9]);
    assert_eq!(call_api(&runtime).await.status(), 401);
    assert_eq!(call_api(&runtime).await.status(), 401);
    let (renewals, calls) = asked(&issuer);
    assert_eq!((renewals, calls.len()), (1, 3), "a token that was just renewed is not renewed for being refused");
}

#[wasm_bindgen_test]
async fn a_token_that_expired_on_its_way_to_the_api_is_replaced_by_the_one_that_is_being_fetched() {
    let issuer = Issuer::open("expired-on-the-way").await;
    let runtime = signed_in(&issuer.config(""), Duration::ZERO);
    let sent = AccessToken::new("access");
    common::until("it has expired and is renewed", || runtime.view().status == Status::Renewing).await;
    assert_eq!(runtime.current_access_token(), None);
    assert_eq!(runtime.newer_access_token(&sent).await.unwrap().secret(), "access-1");
    let newer = runtime.newer_access_token(&sent).await.unwrap();
    assert_eq!((newer.secret(), asked(&issuer).0), ("access-1", 1), "it was renewed meanwhile");
    assert_eq!(runtime.newer_access_token(&newer).await, None, "it has just come");
}

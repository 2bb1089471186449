//! Tokens that are bound to a key of this browser (RFC 9449): each request is proved, by one key in every tab.
#![cfg(all(target_arch = "wasm32", feature = "dpop"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::Issuer;
use common::until;
use evergrant_browser::storage::Store;
use evergrant_browser::{NoAccessToken, Runtime, location};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::token::TokenError;
use evergrant_core::session::{Failure, FailureClass, Status};
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Request, RequestInit};

wasm_bindgen_test_configure!(run_in_browser);

const BOUND: &str = r#""dpop":true,"#;

/// A session whose token has expired, taken up: the first who needs one renews it.
fn signed_in(config: &Config) -> Runtime {
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(config, Duration::ZERO));
    Runtime::start(config.clone(), |_| {})
}

async fn call_api(runtime: &Runtime) -> u16 {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&"an expense".into());
    let url = format!("{}/api?page=1", location::origin().unwrap());
    runtime.fetch(Request::new_with_str_and_init(&url, &init).unwrap()).await.unwrap().status()
}

/// Which nonces the proofs had, when all of them are good and of one key.
fn nonces(issuer: &Issuer) -> Vec<String> {
    let proofs = issuer.proofs();
    let key = proofs.first().unwrap().rsplit_once(' ').unwrap().1.to_owned();
    let nonce = |proof: &String| Some(proof.strip_prefix("good ")?.strip_suffix(&format!(" {key}"))?.to_owned());
    proofs.iter().map(|proof| nonce(proof).ok_or(format!("{proof}, not of {key}")).unwrap()).collect()
}

/// What the browser keeps for a client: `none`, or how somebody fares who asks for the private half of its key.
async fn kept(client_id: &str) -> String {
    let look = Function::new_with_args(
        "name",
        "return new Promise((resolve, reject) => {
            const opening = indexedDB.open('evergrant-dpop', 1);
            opening.onerror = reject;
            opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
            opening.onsuccess = () => {
                const asked = opening.result.transaction('keys').objectStore('keys').get(name);
                asked.onsuccess = () => {
                    opening.result.close();
                    if (!asked.result) return resolve('none');
                    crypto.subtle.exportKey('jwk', asked.result.privateKey).then(() => resolve('told'), error => resolve(error.name));
                };
            };
        })",
    );
    let looking: Promise = look.call1(&JsValue::NULL, &client_id.into()).unwrap().unchecked_into();
    JsFuture::from(looking).await.unwrap().as_string().unwrap()
}

#[wasm_bindgen_test]
async fn every_request_is_proved_by_one_key_in_every_tab() {
    let issuer = Issuer::open("bound").await;
    issuer.offers_userinfo("[]");
    let config = issuer.config(BOUND);
    let runtime = signed_in(&config);
    assert_eq!(call_api(&runtime).await, 200);
    let other_tab = Runtime::start(config, |_| {});
    assert_eq!(call_api(&other_tab).await, 200);
    runtime.user_info().await.unwrap();
    let asked = issuer.requests();
    assert!(asked.iter().filter(|request| *request == "api DPoP access-1").count() == 2, "{asked:?}");
    assert!(asked.contains(&"userinfo DPoP access-1 omit no-store error".to_owned()), "{asked:?}");
    assert_eq!(nonces(&issuer), ["without a nonce"; 4]);
}

#[wasm_bindgen_test]
async fn tabs_that_need_a_key_at_once_agree_on_one() {
    let issuer = Issuer::open("at-once").await;
    let config = issuer.config(BOUND);
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(&config, Duration::from_secs(3600)));
    let tabs: Vec<_> = (0..5).map(|_| Runtime::start(config.clone(), |_| {})).collect();
    let answers = futures_util::future::join_all(tabs.iter().map(call_api)).await;
    assert_eq!(answers, [200; 5]);
    assert_eq!(nonces(&issuer).len(), 5);
}

#[wasm_bindgen_test]
async fn no_script_can_read_the_key_and_a_sign_out_takes_it_away() {
    let issuer = Issuer::open("key-goes").await;
    let runtime = signed_in(&issuer.config(BOUND));
    assert_eq!(call_api(&runtime).await, 200);
    assert_eq!(kept("key-goes").await, "InvalidAccessError");
    runtime.sign_out();
    until("the person is signed out", || runtime.view().status == Status::SignedOut).await;
    assert_eq!(kept("key-goes").await, "none");
}

#[wasm_bindgen_test]
async fn a_tab_that_holds_the_store_of_keys_keeps_nobody_waiting_for_ever() {
    let issuer = Issuer::open("held-keys").await;
    let config = issuer.config(BOUND);
    assert_eq!(call_api(&signed_in(&config)).await, 200);
    // All that takes seconds passes five times as fast: a page waits ten of them for its key.
    let hold = "
        const unhurried = window.setTimeout;
        window.setTimeout = (call, wait) => unhurried(call, wait < 1000 ? wait : wait / 5);
        return new Promise(held => {
            const opening = indexedDB.open('evergrant-dpop', 1);
            opening.onsuccess = () => {
                let holds = true;
                const store = opening.result.transaction('keys', 'readwrite').objectStore('keys');
                const hold = () => { if (holds) store.get('').onsuccess = hold; };
                hold();
                held(() => { holds = false; opening.result.close(); window.setTimeout = unhurried; });
            };
        });";
    let holding: Promise = Function::new_no_args(hold).call0(&JsValue::NULL).unwrap().unchecked_into();
    let release: Function = JsFuture::from(holding).await.unwrap().unchecked_into();
    let runtime = signed_in(&config);
    assert_eq!(runtime.access_token().await, Err(NoAccessToken::RenewalFailed(Failure::OtherTabBusy)));
    release.call0(&JsValue::NULL).unwrap();
    runtime.renew();
    until("it is renewed", || runtime.view().renewals == 1).await;
    assert_eq!(nonces(&issuer).len(), 3, "all by the one key");
}

/// As in private windows of some browsers.
#[wasm_bindgen_test]
async fn where_the_browser_keeps_no_key_the_page_has_its_own() {
    let issuer = Issuer::open("own-key").await;
    let begin = "const { add } = IDBObjectStore.prototype;
                 IDBObjectStore.prototype.add = () => { throw new DOMException('', 'DataCloneError'); };
                 return () => { IDBObjectStore.prototype.add = add; };";
    let end: Function = Function::new_no_args(begin).call0(&JsValue::NULL).unwrap().unchecked_into();
    let runtime = signed_in(&issuer.config(BOUND));
    let answers = [call_api(&runtime).await, call_api(&runtime).await];
    end.call0(&JsValue::NULL).unwrap();
    assert_eq!(answers, [200; 2]);
    assert_eq!(nonces(&issuer).len(), 3);
    assert_eq!(kept("own-key").await, "none");
}

#[wasm_bindgen_test]
async fn what_the_app_sends_by_itself_is_proved_as_well() {
    let issuer = Issuer::open("by-itself").await;
    let runtime = signed_in(&issuer.config(BOUND));
    let token = runtime.access_token().await.unwrap();
    let url = format!("{}/api", location::origin().unwrap());
    let proof = runtime.proof("GET", &url, &token).await.unwrap();
    let request = Request::new_with_str(&url).unwrap();
    request.headers().set("Authorization", &format!("DPoP {}", token.secret())).unwrap();
    request.headers().set("DPoP", &proof).unwrap();
    JsFuture::from(web_sys::window().unwrap().fetch_with_request(&request)).await.unwrap();
    assert_eq!(nonces(&issuer).len(), 2);
}

#[wasm_bindgen_test]
async fn a_server_that_wants_a_nonce_is_asked_once_more_and_then_with_it() {
    let issuer = Issuer::open("nonces").await;
    issuer.wants_nonce("first");
    let runtime = signed_in(&issuer.config(BOUND));
    assert_eq!(call_api(&runtime).await, 200);
    assert_eq!(nonces(&issuer), ["without a nonce", "first", "first"], "of one origin");
    issuer.wants_nonce("second");
    assert_eq!(call_api(&runtime).await, 200);
    assert_eq!(nonces(&issuer)[3..], ["first", "second"]);
    assert_eq!(
        issuer.requests().iter().filter(|request| *request == "token").count(),
        2,
        "nothing was renewed for that"
    );
}

#[wasm_bindgen_test]
async fn a_token_that_is_bound_to_nothing_is_not_taken() {
    let issuer = Issuer::open("unbound").await;
    issuer.tamper_tokens("tokens.token_type = 'Bearer'");
    let runtime = signed_in(&issuer.config(BOUND));
    assert!(runtime.access_token().await.is_err());
    let problem = runtime.view().problem.unwrap();
    assert_eq!(problem, Failure::Token(TokenError::TokenType("Bearer".into())));
    assert_eq!(problem.class(), FailureClass::Misconfigured);
}

//! The runtime in a page: what it takes up, and what it leaves alone. The issuer of these tests never answers.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use evergrant_browser::storage::Store;
use evergrant_browser::{NoAccessToken, Runtime, location};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::session::{EndReason, Failure, FailureClass, Place, SignIn, Status};
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Request;

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

/// What the README shows.
#[allow(dead_code)]
mod program {
    include!("runtime/program.rs");
}

fn stored(config: &Config) -> Option<evergrant_core::session::Session> {
    Store::open(StorageKind::Session, &config.client_id).session()
}

fn store(config: &Config, lifetime: Duration) {
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(config, lifetime));
}

fn start(config: &Config) -> (Runtime, Rc<RefCell<Vec<Status>>>) {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let statuses = Rc::clone(&seen);
    (Runtime::start(config.clone(), move |view| statuses.borrow_mut().push(view.status)), seen)
}

#[wasm_bindgen_test]
fn the_readme_shows_a_program_that_compiles() {
    assert!(include_str!("../README.md").contains(include_str!("runtime/program.rs")));
}

#[wasm_bindgen_test]
fn a_stored_session_is_taken_up_before_anything_is_awaited() {
    let config = common::config("taken-up");
    store(&config, HOUR);
    let (runtime, seen) = start(&config);
    let view = runtime.view();
    assert_eq!(view.status, Status::SignedIn);
    assert_eq!(view.claims.unwrap().display_name(), "Tess");
    assert!(view.renew_at.unwrap() < view.expires_at.unwrap());
    assert!(runtime.current_access_token().is_some());
    assert_eq!(*seen.borrow(), [Status::SignedIn]);
}

#[wasm_bindgen_test]
fn an_expired_token_is_never_handed_out() {
    let config = common::config("expired");
    store(&config, Duration::ZERO);
    let (runtime, _) = start(&config);
    assert_eq!(runtime.current_access_token(), None);
    assert_eq!(runtime.view().status, Status::Renewing, "what is due is renewed at once");
}

#[wasm_bindgen_test]
async fn a_renewal_that_fails_is_tried_again_and_the_session_stays() {
    let config = common::config("retried");
    store(&config, HOUR);
    let (runtime, seen) = start(&config);
    runtime.renew();
    common::until("the renewal failed", || runtime.view().status == Status::Retrying).await;
    assert_eq!(runtime.view().problem.unwrap().class(), FailureClass::TryAgain);
    assert!(runtime.current_access_token().is_some() && stored(&config).is_some());
    assert_eq!(runtime.log().len(), 1);
    assert!(seen.borrow().contains(&Status::Renewing));
}

#[wasm_bindgen_test]
async fn sign_out_forgets_even_when_the_issuer_cannot_be_told() {
    let config = common::config("out");
    store(&config, HOUR);
    let (runtime, _) = start(&config);
    runtime.renew();
    runtime.sign_out();
    assert_eq!(stored(&config), None, "forgotten at once");
    assert_eq!(runtime.current_access_token(), None);
    common::until("the issuer was tried", || runtime.view().status == Status::SignedOut).await;
    assert!(matches!(runtime.view().ended, Some(EndReason::IssuerNotTold(Failure::Unreachable { .. }))));
    assert_eq!(stored(&config), None);
}

#[wasm_bindgen_test]
async fn sign_out_reaches_the_other_tabs_at_once() {
    let config = common::config("everywhere");
    store(&config, HOUR);
    let ((here, _), (there, _)) = (start(&config), start(&config));
    here.sign_out();
    common::until("the other tab is signed out", || there.view().status == Status::SignedOut).await;
    assert_eq!(there.view().ended, Some(EndReason::SignedOutElsewhere));
    assert_eq!(there.current_access_token(), None);
}

#[wasm_bindgen_test]
async fn a_sign_in_at_an_issuer_that_does_not_answer_says_so() {
    let config = common::config("nobody");
    let (runtime, _) = start(&config);
    runtime.sign_in(SignIn { return_to: "/".into(), ..SignIn::default() });
    assert_eq!(runtime.view().status, Status::SigningIn);
    common::until("the sign-in failed", || runtime.view().status == Status::SignedOut).await;
    assert!(matches!(runtime.view().ended, Some(EndReason::SignInFailed(Failure::Unreachable { .. }))));
}

#[wasm_bindgen_test]
async fn a_popup_that_is_blocked_says_so() {
    // No click is being handled here; and where popups are allowed all the same, the issuer does not answer.
    let (runtime, _) = start(&common::config("popup"));
    runtime.sign_in(SignIn { place: Place::Popup, ..SignIn::default() });
    common::until("the sign-in failed", || runtime.view().status == Status::SignedOut).await;
    let Some(EndReason::SignInFailed(failure)) = runtime.view().ended else { unreachable!("it failed") };
    assert!(matches!(failure, Failure::PopupBlocked | Failure::Unreachable { .. }), "{failure}");
}

#[wasm_bindgen_test]
fn a_forged_response_leaves_the_address_bar_and_a_good_session_alone() {
    let config = common::config("forged");
    store(&config, HOUR);
    location::replace("/callback?code=x&state=forged").unwrap();
    let (runtime, _) = start(&config);
    assert_eq!(runtime.view().status, Status::SignedIn);
    assert!(!web_sys::window().unwrap().location().href().unwrap().contains("forged"));
}

#[wasm_bindgen_test]
async fn a_forged_response_without_a_session_is_refused_with_a_reason() {
    let config = common::config("forged-alone");
    location::replace("/callback?code=x&state=forged").unwrap();
    let (runtime, _) = start(&config);
    common::until("the response was judged", || runtime.view().status == Status::SignedOut).await;
    assert!(
        matches!(runtime.view().ended, Some(EndReason::SignInFailed(failure)) if failure.class() == FailureClass::Suspicious)
    );
}

#[wasm_bindgen_test]
async fn a_good_token_is_given_at_once_and_an_expired_one_is_renewed_first() {
    let config = common::config("token");
    store(&config, HOUR);
    let (runtime, _) = start(&config);
    assert_eq!(runtime.access_token().await.unwrap().secret(), "access");
    assert!(runtime.log().is_empty());

    store(&config, Duration::ZERO);
    let (runtime, _) = start(&config);
    let error = runtime.access_token().await.unwrap_err();
    assert!(matches!(error, NoAccessToken::RenewalFailed(Failure::Unreachable { .. })), "{error}");
    assert!(!runtime.log().is_empty(), "it was tried");
}

#[wasm_bindgen_test]
async fn without_a_session_there_is_no_token() {
    let (runtime, _) = start(&common::config("no-token"));
    assert_eq!(runtime.access_token().await.unwrap_err(), NoAccessToken::SignedOut);
}

/// Watches what the page sends to `/api`, and answers it with `status`. Everything else goes its way.
fn watch_api(status: u16) -> js_sys::Array {
    let script = format!(
        "const real = window.realFetch ??= window.fetch;
         const seen = [];
         window.fetch = (request, init) => {{
             if (!(request instanceof Request) || !request.url.endsWith('/api')) return real.call(window, request, init);
             seen.push(request.headers.get('Authorization'));
             return Promise.resolve(new Response('', {{status: {status}}}));
         }};
         return seen;"
    );
    Function::new_no_args(&script).call0(&JsValue::NULL).unwrap().unchecked_into()
}

#[wasm_bindgen_test]
async fn the_token_goes_to_the_named_origins_alone() {
    let mut config = common::config("origins");
    let here = location::origin().unwrap();
    let other = "https://api.example".to_owned();
    for (allowed, expected) in [(vec![], None), (vec![other], None), (vec![here.clone()], Some("Bearer access"))] {
        store(&config, HOUR);
        config.allowed_api_origins = allowed;
        let (runtime, _) = start(&config);
        let seen = watch_api(200);
        runtime.fetch(Request::new_with_str(&format!("{here}/api")).unwrap()).await.unwrap();
        assert_eq!(seen.length(), 1);
        assert_eq!(seen.get(0).as_string().as_deref(), expected);
    }
}

#[wasm_bindgen_test]
async fn a_refused_token_is_renewed_once_and_the_answer_comes_back_when_that_fails() {
    let mut config = common::config("refused");
    let here = location::origin().unwrap();
    config.allowed_api_origins = vec![here.clone()];
    store(&config, HOUR);
    let (runtime, _) = start(&config);
    let seen = watch_api(401);
    let response = runtime.fetch(Request::new_with_str(&format!("{here}/api")).unwrap()).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(seen.length(), 1, "no newer token, no second try");
    assert_eq!(runtime.log().len(), 1, "one renewal was tried");
}

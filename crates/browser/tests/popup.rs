//! Signing in in a popup: which page answers, and which answers count.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::issuer::{BY_MESSAGE, Issuer, OFFERS_MESSAGES};
use evergrant_browser::Runtime;
use evergrant_core::protocol::authorize::AuthorizationParameters;
use evergrant_core::protocol::{ErrorCode, Scope};
use evergrant_core::session::{EndReason, Failure, Place, SignIn, Status};
use futures_util::future::join;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A silent page of which no message comes here.
const ELSEWHERE: &str = r#""silent_redirect_uri":"https://silent.example/","#;

/// A page in which somebody has just asked for a popup.
fn asked(issuer: &Issuer, more: &str) -> Runtime {
    let runtime = Runtime::start(issuer.config(more), |_| {});
    runtime.sign_in(SignIn { place: Place::Popup, ..SignIn::default() });
    runtime
}

async fn signed_in(runtime: &Runtime) {
    common::until("somebody is signed in", || runtime.view().status == Status::SignedIn).await;
}

async fn refused(runtime: &Runtime) -> Failure {
    common::until("the sign-in has failed", || runtime.view().status == Status::SignedOut).await;
    let Some(EndReason::SignInFailed(failure)) = runtime.view().ended else { unreachable!("it failed") };
    failure
}

#[wasm_bindgen_test]
async fn an_issuer_that_offers_messages_answers_itself_with_a_request_less() {
    let issuer = Issuer::open("popup-by-message").await;
    issuer.announce(OFFERS_MESSAGES);
    let runtime = asked(&issuer, &format!("{BY_MESSAGE}{ELSEWHERE}"));
    signed_in(&runtime).await;
    let asked = [".well-known/openid-configuration", "authorize web_message", "token", "jwks"];
    assert_eq!(issuer.requests(), asked);
}

#[wasm_bindgen_test]
async fn where_no_messages_are_offered_or_wanted_the_silent_page_answers() {
    for (client_id, more, metadata) in
        [("popup-not-offered", BY_MESSAGE, "{}"), ("popup-not-wanted", "", OFFERS_MESSAGES)]
    {
        let issuer = Issuer::open(client_id).await;
        issuer.announce(metadata);
        let runtime = asked(&issuer, more);
        signed_in(&runtime).await;
        assert_eq!(issuer.requests()[1], "authorize silent_page", "{client_id}");
    }
}

#[wasm_bindgen_test]
async fn what_one_sign_in_says_is_not_said_when_its_session_is_renewed() {
    let issuer = Issuer::open("popup-parameters").await;
    issuer.announce(OFFERS_MESSAGES);
    let configured = r#""authorization_parameters":{"organization":"one","ui_locales":"de"},"#;
    let runtime = Runtime::start(issuer.config(&format!("{BY_MESSAGE}{configured}")), |_| {});
    let own = [("login_hint", "tess@example.com"), ("ui_locales", "en"), ("prompt", "login")];
    let parameters = AuthorizationParameters::new(own).unwrap();
    let scope = Scope::parse("openid reports");
    runtime.sign_in(SignIn { place: Place::Popup, scope, parameters, ..SignIn::default() });
    signed_in(&runtime).await;
    runtime.renew();
    common::until("the session is renewed", || runtime.view().renewals == 1).await;
    let told = |first: &str, second: Option<&str>| [Some(first.to_owned()), second.map(str::to_owned)];
    assert_eq!(issuer.said("organization"), told("one", Some("one")));
    assert_eq!(issuer.said("ui_locales"), told("en", Some("de")));
    assert_eq!(issuer.said("login_hint"), told("tess@example.com", None));
    assert_eq!(issuer.said("prompt"), told("login", Some("none")));
    // What was granted beyond the configuration is not given back.
    let scopes = issuer.said("scope");
    assert!(scopes.iter().all(|scope| scope.as_ref().is_some_and(|it| it.contains("reports"))), "{scopes:?}");
}

#[wasm_bindgen_test]
async fn an_answer_that_says_no_is_told() {
    let issuer = Issuer::open("popup-denied").await;
    issuer.announce(OFFERS_MESSAGES);
    issuer.tamper_response("delete response.code; response.error = 'access_denied'");
    let failure = refused(&asked(&issuer, BY_MESSAGE)).await;
    assert_eq!(failure.code(), Some(&ErrorCode::AccessDenied));
}

#[wasm_bindgen_test]
async fn what_another_origin_or_another_request_says_counts_for_nothing() {
    for (client_id, more, forgery) in [
        ("popup-state", BY_MESSAGE, "response.state = 'another'"),
        ("popup-no-state", BY_MESSAGE, "delete response.state"),
        // The silent page was asked for, and it is not what answers.
        ("popup-origin", ELSEWHERE, ""),
    ] {
        let issuer = Issuer::open(client_id).await;
        issuer.announce(OFFERS_MESSAGES);
        issuer.tamper_response(forgery);
        let runtime = asked(&issuer, more);
        common::until("the popup has answered", || issuer.requests().len() > 1).await;
        issuer.close_popup();
        assert_eq!(refused(&runtime).await, Failure::PopupClosed, "{client_id}");
        assert!(!issuer.requests().contains(&"token".to_owned()), "{client_id}");
    }
}

/// Somebody who is signed in, with every status that they were shown since.
async fn watched(issuer: &Issuer) -> (Runtime, Rc<RefCell<Vec<Status>>>) {
    issuer.announce(OFFERS_MESSAGES);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let runtime = Runtime::start(issuer.config(BY_MESSAGE), {
        let seen = Rc::clone(&seen);
        move |view| seen.borrow_mut().push(view.status)
    });
    runtime.sign_in(SignIn { place: Place::Popup, ..SignIn::default() });
    signed_in(&runtime).await;
    seen.borrow_mut().clear();
    (runtime, seen)
}

/// What an API wants that is about to do something that matters.
fn once_more() -> SignIn {
    let parameters = AuthorizationParameters::new([("prompt", "login")]).unwrap();
    SignIn { place: Place::Popup, parameters, ..SignIn::default() }
}

#[wasm_bindgen_test]
async fn who_shows_themselves_once_more_in_a_popup_is_signed_in_all_along() {
    let issuer = Issuer::open("popup-once-more").await;
    let (runtime, seen) = watched(&issuer).await;
    let before = runtime.current_access_token();
    runtime.ask_with(once_more()).await.unwrap();
    assert_ne!(runtime.current_access_token(), before, "the session is the new one once it says so");
    assert_eq!(issuer.said("prompt"), [None, Some("login".to_owned())]);
    assert!(seen.borrow().iter().all(|status| status.is_signed_in()), "{seen:?}");
}

#[wasm_bindgen_test]
async fn a_session_goes_on_beside_a_popup_that_is_declined_or_closed() {
    let issuer = Issuer::open("popup-declined").await;
    let (runtime, seen) = watched(&issuer).await;
    let before = runtime.current_access_token();
    issuer.tamper_response("delete response.code; response.error = 'access_denied'");
    let declined = runtime.ask_with(once_more()).await.unwrap_err();
    assert_eq!(declined.code(), Some(&ErrorCode::AccessDenied));
    issuer.tamper_response("response.state = 'another'");
    let (closed, ()) = join(runtime.ask_with(once_more()), async {
        common::until("the popup has answered", || issuer.said("prompt").len() == 3).await;
        issuer.close_popup();
    })
    .await;
    assert_eq!(closed, Err(Failure::PopupClosed));
    assert_eq!(runtime.current_access_token(), before);
    assert_eq!((runtime.view().problem, runtime.view().status), (None, Status::SignedIn));
    assert!(seen.borrow().iter().all(|status| status.is_signed_in()), "{seen:?}");
}

#[wasm_bindgen_test]
async fn signing_out_closes_the_popup_of_who_was_to_show_themselves_once_more() {
    let issuer = Issuer::open("popup-signed-out").await;
    let (runtime, _) = watched(&issuer).await;
    issuer.hold("token");
    let (asked, ()) = join(runtime.ask_with(once_more()), async {
        let tokens_wanted = || issuer.requests().iter().filter(|path| *path == "token").count();
        common::until("the popup has answered", || tokens_wanted() == 2).await;
        runtime.sign_out();
        common::until("nobody is signed in", || runtime.view().status == Status::SignedOut).await;
    })
    .await;
    issuer.release();
    assert_eq!(asked, Err(Failure::PopupClosed));
    assert_eq!(runtime.view().status, Status::SignedOut);
}

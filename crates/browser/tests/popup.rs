//! Signing in in a popup: which page answers, and which answers count.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use common::issuer::{BY_MESSAGE, Issuer, OFFERS_MESSAGES};
use evergrant_browser::Runtime;
use evergrant_core::protocol::authorize::AuthorizationParameters;
use evergrant_core::protocol::{ErrorCode, Scope};
use evergrant_core::session::{EndReason, Failure, Place, SignIn, Status};
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

//! Whole renewals in the page: by the silent page and by message, with answers as they should be and with forged ones.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::{BY_MESSAGE, Issuer, OFFERS_MESSAGES};
use evergrant_browser::storage::Store;
use evergrant_browser::tabs::Tabs;
use evergrant_browser::{Runtime, location, locks};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::protocol::id_token::IdTokenError;
use evergrant_core::protocol::jwk::KeyChoiceError;
use evergrant_core::session::failure::Silence;
use evergrant_core::session::{EndReason, Failure, FailureClass, HiddenIframe, Status, TabMessage};
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

/// A session of that client that has an hour to live, taken up.
fn signed_in(config: &Config) -> Runtime {
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(config, HOUR));
    Runtime::start(config.clone(), |_| {})
}

async fn renewed(runtime: &Runtime, count: u32) {
    common::until("it is renewed", || runtime.view().renewals == count && runtime.view().status == Status::SignedIn)
        .await;
}

/// Renews in vain; why.
async fn refused(runtime: &Runtime) -> Failure {
    runtime.renew();
    common::until("the renewal has failed", || !matches!(runtime.view().status, Status::Renewing)).await;
    runtime.view().problem.unwrap()
}

#[wasm_bindgen_test]
async fn the_silent_page_brings_new_tokens() {
    let issuer = Issuer::open("by-silent-page").await;
    let runtime = signed_in(&issuer.config(""));
    runtime.renew();
    renewed(&runtime, 1).await;
    assert_eq!(runtime.current_access_token().unwrap().secret(), "access-1");
    let requests = issuer.requests();
    assert_eq!(requests, [".well-known/openid-configuration", "authorize silent_page", "token", "jwks"]);
}

#[wasm_bindgen_test]
async fn the_issuers_own_message_brings_new_tokens() {
    let issuer = Issuer::open("by-message").await;
    issuer.announce(OFFERS_MESSAGES);
    let runtime = signed_in(&issuer.config(BY_MESSAGE));
    for count in 1..=2 {
        runtime.renew();
        renewed(&runtime, count).await;
    }
    let requests = issuer.requests();
    assert_eq!(requests[1..], ["authorize web_message", "token", "jwks", "authorize web_message", "token"]);
}

#[wasm_bindgen_test]
async fn an_issuer_that_does_not_offer_messages_is_asked_by_the_silent_page() {
    let issuer = Issuer::open("no-messages").await;
    let runtime = signed_in(&issuer.config(BY_MESSAGE));
    runtime.renew();
    renewed(&runtime, 1).await;
    assert_eq!(issuer.requests()[1], "authorize silent_page");
}

#[wasm_bindgen_test]
async fn an_issuer_that_answers_by_message_and_does_not_say_so_is_asked_for_it_where_the_configuration_does() {
    let issuer = Issuer::open("unlisted-messages").await;
    let runtime = signed_in(&issuer.config(r#""silent_response":"web_message_unlisted","#));
    runtime.renew();
    renewed(&runtime, 1).await;
    assert_eq!(issuer.requests()[1], "authorize web_message");
}

#[wasm_bindgen_test]
async fn a_forged_id_token_is_dropped_and_the_session_stays() {
    let issuer = Issuer::open("forged-id-token").await;
    let config = issuer.config("");
    let runtime = signed_in(&config);
    let stored = || Store::open(StorageKind::Session, &config.client_id).session().unwrap();
    let before = stored();
    for (script, expected) in [
        ("claims.nonce = 'another'", IdTokenError::Nonce),
        ("delete claims.nonce", IdTokenError::Nonce),
        ("claims.aud = 'another'", IdTokenError::Audience),
        ("claims.aud = [claims.aud, 'another']", IdTokenError::AuthorizedParty),
        ("header.kid = 'unknown'", IdTokenError::Key(KeyChoiceError::Unknown("unknown".into()))),
        ("header.alg = 'none'; token.signature = ''", IdTokenError::Algorithm("none".into())),
        ("header.alg = 'HS256'", IdTokenError::Algorithm("HS256".into())),
        ("token.signature = 'A'.repeat(86)", IdTokenError::Signature),
    ] {
        issuer.tamper_id_token(script);
        let failure = refused(&runtime).await;
        assert_eq!(failure, Failure::IdToken(expected), "{script}");
        assert_eq!(failure.class(), FailureClass::Suspicious, "{script}");
    }
    issuer.tamper_id_token("claims.iss = 'https://issuer.example/'");
    assert!(matches!(refused(&runtime).await, Failure::IdToken(IdTokenError::Issuer { .. })));
    assert_eq!(runtime.current_access_token().unwrap().secret(), "access", "the old token is good still");
    assert_eq!((stored().access_token, stored().claims), (before.access_token, before.claims));

    issuer.tamper_id_token("");
    runtime.renew();
    renewed(&runtime, 1).await;
    assert_eq!(runtime.view().problem, None);
}

#[wasm_bindgen_test]
async fn a_key_that_was_replaced_under_its_name_made_every_id_token_pass_for_forged_until_a_reload() {
    let issuer = Issuer::open("key-replaced").await;
    let runtime = signed_in(&issuer.config(""));
    runtime.renew();
    renewed(&runtime, 1).await;
    issuer.replace_key().await;
    runtime.renew();
    renewed(&runtime, 2).await;
    assert_eq!(runtime.log().len(), 2, "neither has failed");
}

#[wasm_bindgen_test]
async fn an_issuer_whose_endpoints_had_moved_was_asked_at_the_old_ones_until_a_reload() {
    let issuer = Issuer::open("endpoint-moved").await;
    let runtime = signed_in(&issuer.config(""));
    runtime.renew();
    renewed(&runtime, 1).await;
    issuer.move_token_endpoint();
    assert_eq!(refused(&runtime).await.class(), FailureClass::TryAgain);
    runtime.renew();
    renewed(&runtime, 2).await;
}

#[wasm_bindgen_test]
async fn by_a_cookie_the_tokens_of_somebody_else_were_taken_where_no_id_token_came_with_them() {
    let issuer = Issuer::open("cookie-without-id-token").await;
    let config = issuer.config(&format!(r#""storage":"cookie","token_backend":"{}","#, issuer.base()));
    Store::open(StorageKind::Cookie, &config.client_id).put_flow(Flow::Code);
    let runtime = Runtime::start(config, |_| {});
    common::until("somebody is signed in", || runtime.view().status == Status::SignedIn).await;
    assert!(!issuer.requests().iter().any(|it| it.starts_with("authorize")), "the cookie says who");
    issuer.tamper_tokens("if (!code) delete tokens.id_token");
    runtime.renew();
    renewed(&runtime, 1).await;
    assert!(issuer.requests().contains(&"authorize silent_page".to_owned()), "the issuer is asked who that is");
    assert_eq!(runtime.current_access_token().unwrap().secret(), "access-3");
}

#[wasm_bindgen_test]
async fn a_browser_that_refuses_locks_stopped_renewing_for_good() {
    // As Chromium does where site data is blocked.
    let script = "const { locks } = navigator, real = locks.request;
        locks.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
        return () => { locks.request = real; };";
    let restore: Function = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    let issuer = Issuer::open("locks-refused").await;
    let runtime = signed_in(&issuer.config(""));
    runtime.renew();
    common::until("it has ended", || runtime.view().status != Status::Renewing).await;
    restore.call0(&JsValue::NULL).unwrap();
    assert_eq!((runtime.view().problem, runtime.view().renewals), (None, 1));
}

#[wasm_bindgen_test]
async fn when_somebody_else_has_signed_in_the_session_ends_and_the_next_page_asks_who() {
    let issuer = Issuer::open("somebody-else").await;
    let config = issuer.config(r#""storage":"memory","#);
    let store = Store::open(StorageKind::Memory, &config.client_id);
    store.put_flow(Flow::Code);
    let runtime = Runtime::start(config, |_| {});
    common::until("the issuer said who it is", || runtime.view().status == Status::SignedIn).await;
    issuer.tamper_id_token("claims.sub = 'another'");
    runtime.renew();
    common::until("the session ended", || runtime.view().status == Status::SignedOut).await;
    assert_eq!(runtime.view().ended, Some(EndReason::AccountChanged));
    assert_eq!(runtime.current_access_token(), None);
    assert_eq!(store.flow_before(), Some(Flow::Code), "the next page asks who it is");
}

#[wasm_bindgen_test]
async fn a_forged_authorization_response_is_not_redeemed() {
    for (client_id, more) in [("forged-response", ""), ("forged-message", BY_MESSAGE)] {
        let issuer = Issuer::open(client_id).await;
        issuer.announce(OFFERS_MESSAGES);
        let runtime = signed_in(&issuer.config(&format!(r#"{more}"iframe_timeout_seconds":1,"#)));
        for (script, expected) in [
            ("response.iss = 'https://issuer.example/'", Failure::Callback(CallbackError::Issuer)),
            ("delete response.iss", Failure::Callback(CallbackError::IssuerMissing)),
            ("response.access_token = 'x'", Failure::Callback(CallbackError::Unasked)),
            ("response.state = 'another'", Failure::Silence(Silence::OtherState)),
            ("delete response.state", Failure::Silence(Silence::OtherState)),
        ] {
            issuer.tamper_response(script);
            assert_eq!(refused(&runtime).await, expected, "{client_id}: {script}");
        }
        assert!(!issuer.requests().contains(&"token".to_owned()), "{:?}", issuer.requests());
        assert_eq!(runtime.current_access_token().unwrap().secret(), "access");
    }
}

#[wasm_bindgen_test]
async fn a_page_of_the_issuer_that_posts_nothing_is_told() {
    let issuer = Issuer::open("posts-nothing").await;
    issuer.announce(OFFERS_MESSAGES);
    let runtime = signed_in(&issuer.config(&format!(r#"{BY_MESSAGE}"iframe_timeout_seconds":1,"#)));
    issuer.tamper_response("throw 'nothing'");
    assert_eq!(refused(&runtime).await, Failure::Silence(Silence::NoMessage));
    assert_eq!(runtime.abilities().iframe, HiddenIframe::Fails(Failure::Silence(Silence::NoMessage)));
}

#[wasm_bindgen_test]
async fn a_renewal_that_finds_the_storage_full_is_kept_in_memory_and_said() {
    let issuer = Issuer::open("full").await;
    let config = issuer.config("");
    let runtime = signed_in(&config);
    assert_eq!(runtime.warning(), None);
    // Whatever is written is too much from now on.
    let script = "const real = Storage.prototype.setItem;
        Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
        return () => { Storage.prototype.setItem = real; };";
    let restore: Function = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    runtime.renew();
    renewed(&runtime, 1).await;
    restore.call0(&JsValue::NULL).unwrap();
    assert_eq!(runtime.current_access_token().unwrap().secret(), "access-1");
    assert!(runtime.warning().unwrap().contains("its storage is full"));
    assert!(!runtime.abilities().browser.storage);
    let left = Store::open(StorageKind::Session, &config.client_id).session();
    assert_eq!(left, None, "an old session must not come back with the next reload");
}

#[wasm_bindgen_test]
async fn trying_the_iframe_leaves_the_session_alone() {
    let issuer = Issuer::open("probe").await;
    let runtime = signed_in(&issuer.config(""));
    assert_eq!(runtime.abilities().iframe, HiddenIframe::Untried);
    assert_eq!(runtime.probe().await, HiddenIframe::Works);
    assert_eq!(issuer.requests(), [".well-known/openid-configuration", "authorize silent_page"]);

    issuer.tamper_response("delete response.code; response.error = 'login_required'");
    assert_eq!(
        runtime.probe().await,
        HiddenIframe::Works,
        "that the issuer's session has ended says nothing about the way"
    );
    issuer.tamper_response("delete response.code; response.error = 'consent_required'");
    assert!(matches!(runtime.probe().await, HiddenIframe::Fails(Failure::Callback(_))));
    assert_eq!(runtime.abilities().iframe, runtime.probe().await);
    assert_eq!(runtime.view().status, Status::SignedIn);
    assert_eq!(runtime.current_access_token().unwrap().secret(), "access");
    assert!(runtime.log().is_empty(), "none of this was a renewal");
}

#[wasm_bindgen_test]
async fn what_renewals_show_is_known_also_after_a_reload() {
    let issuer = Issuer::open("seen").await;
    let config = issuer.config("");
    let runtime = signed_in(&config);
    runtime.renew();
    renewed(&runtime, 1).await;
    assert_eq!(runtime.abilities().iframe, HiddenIframe::Works);
    let offers = runtime.abilities().browser;
    assert!(offers.storage && offers.locks && offers.ledger && offers.messages, "{offers:?}");
    drop(runtime);
    assert_eq!(Runtime::start(config, |_| {}).abilities().iframe, HiddenIframe::Works);
}

#[wasm_bindgen_test]
async fn the_issuers_own_claims_are_there_to_read() {
    let issuer = Issuer::open("own-claims").await;
    issuer.tamper_id_token("claims.roles = ['reader', 'admin']; claims['https://app.example/plan'] = { seats: 5 };");
    let runtime = signed_in(&issuer.config(""));
    assert!(runtime.all_claims().is_empty(), "the stored one is no JWT");
    runtime.renew();
    renewed(&runtime, 1).await;
    let claims = runtime.all_claims();
    assert_eq!((&claims["sub"], &claims["roles"][1]), (&"tess".into(), &"admin".into()));
    assert_eq!(claims["https://app.example/plan"]["seats"], 5);
    runtime.sign_out();
    assert!(runtime.all_claims().is_empty());
}

#[wasm_bindgen_test]
async fn a_forged_response_signed_out_who_is_known_to_the_issuer_alone() {
    let issuer = Issuer::open("forged-in-memory").await;
    let config = issuer.config(r#""storage":"memory","#);
    Store::open(StorageKind::Memory, &config.client_id).put_flow(Flow::Code);
    location::replace("/callback?code=x&state=forged").unwrap();
    let runtime = Runtime::start(config, |_| {});
    common::until("it is known who it is", || runtime.view().status != Status::SigningIn).await;
    assert_eq!(runtime.view().status, Status::SignedIn);
}

#[wasm_bindgen_test]
async fn a_sign_out_whose_page_was_not_left_never_came_to_an_end() {
    // The person stays where an app warns of unsaved changes, the issuer answers 204: here navigating is stopped, in browsers
    // that let a page do so. What takes seconds passes ten times as fast.
    let script = "if (!window.navigation) return null;
        const real = window.setTimeout, stop = event => event.preventDefault();
        window.setTimeout = (call, wait) => real(call, wait < 1000 ? wait : wait / 10);
        navigation.addEventListener('navigate', stop);
        return () => { navigation.removeEventListener('navigate', stop); window.setTimeout = real; };";
    let Ok(restore) = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().dyn_into::<Function>() else {
        return;
    };
    let issuer = Issuer::open("not-left").await;
    issuer.announce(&format!(r#"{{"end_session_endpoint":"{}logout"}}"#, issuer.base()));
    let runtime = signed_in(&issuer.config(""));
    runtime.sign_out();
    assert_eq!(runtime.view().status, Status::SigningOut);
    common::until("it has ended", || runtime.view().status == Status::SignedOut).await;
    restore.call0(&JsValue::NULL).unwrap();
    assert!(matches!(runtime.view().ended, Some(EndReason::IssuerNotTold(Failure::Unreachable { .. }))));
}

#[wasm_bindgen_test]
async fn a_page_reloaded_without_a_network_never_asked_again_whose_session_it_had_in_memory() {
    let issuer = Issuer::open("reloaded-offline").await;
    let config = issuer.config(r#""storage":"memory","#);
    Store::open(StorageKind::Memory, &config.client_id).put_flow(Flow::Code);
    let script = "const real = window.fetch;
        window.fetch = () => Promise.reject(new TypeError('away'));
        return () => { window.fetch = real; };";
    let restore: Function = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    let runtime = Runtime::start(config, |_| {});
    common::until("nobody is reached", || runtime.view().status == Status::SignedOut).await;
    restore.call0(&JsValue::NULL).unwrap();
    assert!(matches!(runtime.view().ended, Some(EndReason::SignInFailed(Failure::Unreachable { .. }))));
    Function::new_no_args("dispatchEvent(new Event('online'))").call0(&JsValue::NULL).unwrap();
    common::until("the issuer said who it is", || runtime.view().status == Status::SignedIn).await;
}

/// Only another tab's session may be known at the issuer, or a cookie that does not reach the frame.
#[wasm_bindgen_test]
async fn a_page_that_was_told_that_nobody_is_signed_in_does_not_ask_again_by_itself() {
    let issuer = Issuer::open("told-already").await;
    let config = issuer.config(r#""storage":"memory","#);
    let store = Store::open(StorageKind::Memory, &config.client_id);
    let runtime = Runtime::start(config, |_| {});
    store.put_flow(Flow::Code);
    Function::new_no_args("dispatchEvent(new Event('focus')); dispatchEvent(new Event('online'))")
        .call0(&JsValue::NULL)
        .unwrap();
    assert_eq!(runtime.view().status, Status::SignedOut);
    assert!(issuer.requests().is_empty());
}

#[wasm_bindgen_test]
async fn a_silent_question_under_way_outlived_a_sign_out_in_another_tab() {
    let issuer = Issuer::open("overtaken").await;
    let config = issuer.config(r#""storage":"memory","#);
    let store = Store::open(StorageKind::Memory, &config.client_id);
    store.put_flow(Flow::Code);
    issuer.hold(".well-known/openid-configuration");
    let runtime = Runtime::start(config.clone(), |_| {});
    common::until("the issuer is asked", || !issuer.requests().is_empty()).await;
    let other_tab = Tabs::open(&config.kept_as, |_| {}).unwrap();
    other_tab.tell(TabMessage::SignedOut);
    common::until("it is over", || runtime.view().ended == Some(EndReason::SignedOutElsewhere)).await;
    issuer.release();
    // Whoever comes next finds nothing going on.
    locks::acquire("evergrant.overtaken.renewal").await.unwrap();
    assert_eq!(runtime.view().status, Status::SignedOut);
    assert_eq!(issuer.requests(), [".well-known/openid-configuration"]);
    assert_eq!(store.flow_before(), None);
}

/// This page comes back from the back/forward cache.
fn come_back() {
    let script = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
    Function::new_no_args(script).call0(&JsValue::NULL).unwrap();
}

#[wasm_bindgen_test]
async fn a_page_that_came_back_missed_the_sign_in_of_the_page_after_it() {
    let config = common::config("came-back-blank");
    let runtime = Runtime::start(config.clone(), |_| {});
    assert_eq!(runtime.view().status, Status::SignedOut);
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(&config, Duration::from_secs(600)));
    come_back();
    assert_eq!(runtime.view().status, Status::SignedIn);
}

#[wasm_bindgen_test]
async fn a_page_that_came_back_went_on_with_tokens_that_the_page_after_it_had_renewed() {
    let config = common::config("came-back-stale");
    let store = Store::open(StorageKind::Session, &config.client_id);
    let mut session = common::session(&config, Duration::from_secs(600));
    store.save(&session);
    let runtime = Runtime::start(config, |_| {});
    session.access_token = Some(AccessToken::new("newer"));
    session.renewals += 1;
    store.save(&session);
    come_back();
    assert_eq!(runtime.current_access_token(), session.access_token);
}

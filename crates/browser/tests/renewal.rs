//! Whole renewals in the page: by the silent page and by message, with answers as they should be and with forged ones.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::{BY_MESSAGE, Issuer, OFFERS_MESSAGES};
use evergrant_browser::ledger::SharedLedger;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, clock, timer};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::protocol::id_token::IdTokenError;
use evergrant_core::protocol::jwk::KeyChoiceError;
use evergrant_core::session::failure::Silence;
use evergrant_core::session::{
    Change, EndReason, Failure, FailureClass, HiddenIframe, Place, Session, SignIn, Status, Verdict,
};
use futures_util::future::join;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
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

/// Keeps all others from the ledger, as another tab can, until what this returns is called.
async fn hold_the_ledger() -> Function {
    let script = "
        return new Promise(held => {
            const opening = indexedDB.open('evergrant', 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore('ledger');
            opening.onsuccess = () => {
                let holds = true;
                const store = opening.result.transaction('ledger', 'readwrite').objectStore('ledger');
                const hold = () => { if (holds) store.get('').onsuccess = hold; };
                hold();
                held(() => { holds = false; opening.result.close(); });
            };
        });";
    let held: Promise = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    JsFuture::from(held).await.unwrap().unchecked_into()
}

/// A page that takes up the session of all tabs and renews it: the issuer has just been asked. With the session as it was.
async fn renews_what_tabs_share(issuer: &Issuer, config: Config, ledger: &SharedLedger) -> (Runtime, Box<Session>) {
    let mut session = Box::new(common::session(&config, HOUR));
    let begun = Change::SignIn { session: session.clone(), shared: true, after: None, at: clock::wall() };
    let Verdict::Begun { generation, .. } = ledger.apply(&begun).await else { unreachable!("a sign-in is good") };
    session.generation = generation;
    Store::open(StorageKind::Local, &config.kept_as).save(&session);
    let runtime = Runtime::start(config, |_| {});
    runtime.renew();
    common::until("the issuer is asked", || issuer.requests().iter().any(|it| it.starts_with("authorize"))).await;
    (runtime, session)
}

#[wasm_bindgen_test]
async fn a_sign_in_waited_for_ever_for_a_store_that_another_tab_held() {
    let release = hold_the_ledger().await;
    let issuer = Issuer::open("held").await;
    let config = issuer.config(r#""storage":"memory","#);
    Store::open(StorageKind::Memory, &config.client_id).put_flow(Flow::Code);
    let runtime = Runtime::start(config, |_| {});
    common::until_within(18, "somebody is signed in", || runtime.view().status == Status::SignedIn).await;
    release.call0(&JsValue::NULL).unwrap();
    runtime.renew();
    renewed(&runtime, 1).await;
}

#[wasm_bindgen_test]
async fn whoever_signed_in_while_another_tab_held_the_store_was_unknown_to_the_others() {
    let issuer = Issuer::open("unwritten").await;
    let config = issuer.config(r#""storage":"local","#);
    let [signs_in, other] = [Runtime::start(config.clone(), |_| {}), Runtime::start(config, |_| {})];
    let release = hold_the_ledger().await;
    signs_in.sign_in(SignIn { flow: Flow::Code, return_to: "/".to_owned(), place: Place::Popup });
    common::until_within(18, "somebody is signed in", || signs_in.view().status == Status::SignedIn).await;
    assert_eq!(other.view().status, Status::SignedOut, "it cannot know yet");
    release.call0(&JsValue::NULL).unwrap();
    common::until_within(18, "the other tab knows", || other.view().status == Status::SignedIn).await;
}

#[wasm_bindgen_test]
async fn what_was_renewed_while_another_tab_held_the_store_was_never_told_to_the_others() {
    let issuer = Issuer::open("unsettled").await;
    let config = issuer.config(r#""storage":"local","#);
    let ledger = SharedLedger::new(&config.kept_as);
    let (runtime, session) = renews_what_tabs_share(&issuer, config, &ledger).await;
    let release = hold_the_ledger().await;
    common::until_within(18, "it is renewed", || runtime.view().renewals == 1).await;
    release.call0(&JsValue::NULL).unwrap();
    let claim = Change::Claim { session, at: clock::wall(), asked: false };
    let Verdict::Adopt(adopted) = ledger.apply(&claim).await else { unreachable!("the others adopt it") };
    assert_eq!(adopted.access_token, runtime.current_access_token());
}

#[wasm_bindgen_test]
async fn a_session_that_the_issuer_ended_while_another_tab_held_the_store_went_on_in_the_others() {
    let issuer = Issuer::open("ended-untold").await;
    let config = issuer.config(r#""storage":"local","#);
    issuer.tamper_response("delete response.code; response.error = 'login_required'");
    let ledger = SharedLedger::new(&config.kept_as);
    let (runtime, session) = renews_what_tabs_share(&issuer, config, &ledger).await;
    let release = hold_the_ledger().await;
    common::until("it is over here", || runtime.view().status == Status::SignedOut).await;
    let consult = Change::Consult { session: Some(session), shared: true };
    assert_eq!(ledger.apply(&consult).await, Verdict::Unanswered, "by then, what the page asked is unanswered as well");
    release.call0(&JsValue::NULL).unwrap();
    let is_over = async { while ledger.apply(&consult).await != (Verdict::Ended { idle: false }) {} };
    assert!(timer::within(Duration::from_secs(18), is_over).await.is_some(), "the others learn that it is over");
}

#[wasm_bindgen_test]
async fn what_a_held_store_said_late_of_an_earlier_sign_in_ended_the_new_one() {
    let issuer = Issuer::open("ended-late").await;
    let config = issuer.config(r#""storage":"local","#);
    issuer.tamper_response("delete response.code; response.error = 'login_required'");
    let ledger = SharedLedger::new(&config.kept_as);
    let (runtime, session) = renews_what_tabs_share(&issuer, config, &ledger).await;
    // Another tab has ended it as well, and did not come to say so.
    let ended = Change::EndSignIn { generation: session.generation, idle: false, at: clock::wall() };
    let (_, release) = join(ledger.apply(&ended), hold_the_ledger()).await;
    common::until("it is over here", || runtime.view().status == Status::SignedOut).await;
    issuer.tamper_response("");
    runtime.sign_in(SignIn { flow: Flow::Code, return_to: "/".to_owned(), place: Place::Popup });
    common::until_within(18, "somebody is signed in", || runtime.view().status == Status::SignedIn).await;
    release.call0(&JsValue::NULL).unwrap();
    let consult = Change::Consult { session: None, shared: true };
    let is_known = async { while !matches!(ledger.apply(&consult).await, Verdict::Adopt(_)) {} };
    assert!(timer::within(Duration::from_secs(18), is_known).await.is_some(), "the others learn of the new one");
    assert_eq!(runtime.view().status, Status::SignedIn);
}

#[wasm_bindgen_test]
async fn a_sign_out_that_a_held_store_gave_no_answer_to_was_left_to_the_next_page() {
    let issuer = Issuer::open("out-late").await;
    let config = issuer.config("");
    let store = Store::open(StorageKind::Session, &config.client_id);
    store.put_sign_out(1, false);
    let ledger = SharedLedger::new(&config.kept_as);
    let release = hold_the_ledger().await;
    let _runtime = Runtime::start(config, |_| {});
    let consult = Change::Consult { session: None, shared: false };
    assert_eq!(
        ledger.apply(&consult).await,
        Verdict::Unanswered,
        "by then, what the page told it is unanswered as well"
    );
    release.call0(&JsValue::NULL).unwrap();
    common::until_within(18, "it is written", || store.unfinished_sign_out().is_none()).await;
}

#[wasm_bindgen_test]
async fn a_page_asked_a_held_store_again_for_each_time_that_it_had_been_looked_at() {
    let issuer = Issuer::open("looked-at").await;
    let config = issuer.config(r#""storage":"local","#);
    let ledger = SharedLedger::new(&config.kept_as);
    Store::open(StorageKind::Local, &config.kept_as).save(&common::session(&config, HOUR));
    let release = hold_the_ledger().await;
    let asked = Asked::count();
    let _runtime = Runtime::start(config, |_| {});
    for _ in 0..3 {
        asked.look_at_the_page();
    }
    let consult = Change::Consult { session: None, shared: true };
    assert_eq!(ledger.apply(&consult).await, Verdict::Unanswered, "by then, what the page asked is unanswered as well");
    let before = asked.so_far();
    assert_eq!(ledger.apply(&consult).await, Verdict::Unanswered);
    assert_eq!(asked.so_far() - before, 2, "the page once, and this test");
    let pauses = [0, 1, 3, 7, 15, 31, 63, 127, 255, 300, 300].map(Duration::from_secs);
    assert_eq!(pauses.map(|_| ledger.pause()), pauses);
    release.call0(&JsValue::NULL).unwrap();
    ledger.apply(&consult).await;
    assert!(ledger.pause().is_zero());
}

/// Counts how often the store is asked, until it is dropped.
struct Asked(JsValue);

impl Asked {
    fn count() -> Self {
        let script = "
            const real = IDBDatabase.prototype.transaction, asked = { count: 0 };
            IDBDatabase.prototype.transaction = function () { asked.count++; return real.apply(this, arguments); };
            asked.end = () => { IDBDatabase.prototype.transaction = real; };
            return asked;";
        Self(Function::new_no_args(script).call0(&JsValue::NULL).unwrap())
    }

    fn so_far(&self) -> u32 {
        js_sys::Reflect::get(&self.0, &"count".into()).unwrap().as_f64().unwrap() as u32
    }

    fn look_at_the_page(&self) {
        let script = "document.dispatchEvent(new Event('visibilitychange'))";
        Function::new_no_args(script).call0(&JsValue::NULL).unwrap();
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let end: Function = js_sys::Reflect::get(&self.0, &"end".into()).unwrap().unchecked_into();
        end.call0(&JsValue::NULL).unwrap();
    }
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

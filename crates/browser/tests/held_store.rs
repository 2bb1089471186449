//! What becomes of a session while another tab keeps the store to itself.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::Issuer;
use evergrant_browser::ledger::SharedLedger;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, clock, timer};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::session::{Change, Place, Session, SignIn, Status, Verdict};
use futures_util::future::join;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

/// A session of all tabs; iframes have more patience than the store is waited for.
const SHARED: &str = r#""storage":"local","iframe_timeout_seconds":20,"#;

/// Keeps all others from the ledger, as another tab can, until what this returns is called. From then on all that takes seconds
/// passes five times as fast: a page waits ten of them for its store.
async fn hold_the_ledger() -> Function {
    let script = "
        window.unhurried ??= window.setTimeout;
        window.setTimeout = (call, wait) => window.unhurried(call, wait < 1000 ? wait : wait / 5);
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
    let config = issuer.config(r#""storage":"memory","iframe_timeout_seconds":20,"#);
    Store::open(StorageKind::Memory, &config.client_id).put_flow(Flow::Code);
    let runtime = Runtime::start(config, |_| {});
    common::until_within(18, "somebody is signed in", || runtime.view().status == Status::SignedIn).await;
    release.call0(&JsValue::NULL).unwrap();
    runtime.renew();
    common::until("it is renewed", || runtime.view().renewals == 1).await;
}

#[wasm_bindgen_test]
async fn whoever_signed_in_while_another_tab_held_the_store_was_unknown_to_the_others() {
    let issuer = Issuer::open("unwritten").await;
    let config = issuer.config(SHARED);
    let [signs_in, other] = [Runtime::start(config.clone(), |_| {}), Runtime::start(config, |_| {})];
    let release = hold_the_ledger().await;
    signs_in.sign_in(SignIn { return_to: "/".to_owned(), place: Place::Popup, ..SignIn::default() });
    common::until_within(18, "somebody is signed in", || signs_in.view().status == Status::SignedIn).await;
    assert_eq!(other.view().status, Status::SignedOut, "it cannot know yet");
    release.call0(&JsValue::NULL).unwrap();
    common::until_within(18, "the other tab knows", || other.view().status == Status::SignedIn).await;
}

#[wasm_bindgen_test]
async fn what_was_renewed_while_another_tab_held_the_store_was_never_told_to_the_others() {
    let issuer = Issuer::open("unsettled").await;
    let config = issuer.config(SHARED);
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
    let config = issuer.config(SHARED);
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
    let config = issuer.config(SHARED);
    issuer.tamper_response("delete response.code; response.error = 'login_required'");
    let ledger = SharedLedger::new(&config.kept_as);
    let (runtime, session) = renews_what_tabs_share(&issuer, config, &ledger).await;
    // Another tab has ended it as well, and did not come to say so.
    let ended = Change::EndSignIn { generation: session.generation, idle: false, at: clock::wall() };
    let (_, release) = join(ledger.apply(&ended), hold_the_ledger()).await;
    common::until("it is over here", || runtime.view().status == Status::SignedOut).await;
    issuer.tamper_response("");
    runtime.sign_in(SignIn { return_to: "/".to_owned(), place: Place::Popup, ..SignIn::default() });
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
    let config = issuer.config(SHARED);
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
    let turns = asked.so_far() - before;
    // The page's turns end when this test's do, so that its next may just have begun; each look would be one more.
    assert!(turns <= 3, "{turns}: the page once or twice, and this test");
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

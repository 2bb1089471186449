//! What tabs agree on: the lock, the ledger, and one session for all of them.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use evergrant_browser::ledger::SharedLedger;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, clock, locks, timer};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::RefreshToken;
use evergrant_core::session::{Change, EndReason, Method, Session, Status, Verdict};
use evergrant_core::time::UnixTime;
use futures_util::future::join;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(100);
/// By this time generations are counted.
const COUNTED: UnixTime = UnixTime::from_millis(0);

fn shared(client_id: &str) -> Config {
    Config { storage: StorageKind::Local, ..common::config(client_id) }
}

/// Another tab signs in, and writes it down as a tab does.
async fn signed_in_elsewhere(config: &Config, lifetime: Duration) -> Session {
    let mut session = common::session(config, lifetime);
    let ledger = SharedLedger::new(&config.client_id);
    let change = Change::SignIn { session: Box::new(session.clone()), shared: true, after: None, at: clock::wall() };
    let Verdict::Begun { generation, .. } = ledger.apply(&change).await else { unreachable!("a sign-in is good") };
    session.generation = generation;
    session
}

/// Another tab renews.
async fn renewed_elsewhere(config: &Config, session: &Session) -> Session {
    let mut newer = session.clone();
    newer.renewals += 1;
    newer.expires_at = newer.expires_at + HOUR;
    let settle = Change::Settle { session: Box::new(newer.clone()), shared: true, sent: None };
    SharedLedger::new(&config.client_id).apply(&settle).await;
    newer
}

#[wasm_bindgen_test]
async fn a_lock_is_held_by_one_at_a_time_and_freed_by_dropping() {
    let held = locks::acquire("test-lock").await.unwrap();
    assert!(timer::within(SHORT, locks::acquire("test-lock")).await.is_none(), "it is taken");
    assert!(timer::within(HOUR, locks::acquire("another-lock")).await.is_some());
    drop(held);
    assert!(timer::within(Duration::from_secs(10), locks::acquire("test-lock")).await.is_some(), "it is free again");
}

#[wasm_bindgen_test]
async fn who_stops_waiting_for_a_lock_does_not_keep_it() {
    let held = locks::acquire("given-up").await.unwrap();
    assert!(timer::within(SHORT, locks::acquire("given-up")).await.is_none());
    drop(held);
    assert!(timer::within(Duration::from_secs(10), locks::acquire("given-up")).await.is_some());
}

#[wasm_bindgen_test]
async fn who_asked_for_a_lock_and_never_waited_does_not_keep_it() {
    drop(locks::acquire("never-awaited"));
    assert!(timer::within(Duration::from_secs(10), locks::acquire("never-awaited")).await.is_some());
}

#[wasm_bindgen_test]
async fn the_lock_of_a_page_that_was_closed_is_free() {
    let document = web_sys::window().unwrap().document().unwrap();
    let other_page = document.create_element("iframe").unwrap();
    document.body().unwrap().append_child(&other_page).unwrap();
    let hold = "return new Promise(held => frame.contentWindow.navigator.locks.request('closed', () => {
        held();
        return new Promise(() => {});
    }))";
    let held = Function::new_with_args("frame", hold).call1(&JsValue::NULL, &other_page).unwrap();
    JsFuture::from(held.unchecked_into::<Promise>()).await.unwrap();
    assert!(timer::within(SHORT, locks::acquire("closed")).await.is_none(), "it is taken");
    other_page.remove();
    assert!(timer::within(Duration::from_secs(10), locks::acquire("closed")).await.is_some(), "it is free again");
}

#[wasm_bindgen_test]
async fn the_ledger_is_the_same_for_every_tab_and_survives_them() {
    let config = shared("ledger");
    let session = signed_in_elsewhere(&config, HOUR).await;
    let consult = Change::Consult { session: None, shared: true };
    let seen = SharedLedger::new(&config.client_id).apply(&consult).await;
    assert_eq!(seen, Verdict::Adopt(Box::new(session)));
    let other = common::config("another-ledger");
    assert!(matches!(SharedLedger::new(&other.client_id).apply(&consult).await, Verdict::Good { .. }));
}

#[wasm_bindgen_test]
async fn a_tab_whose_database_was_taken_away_was_alone_from_then_on() {
    let config = shared("taken-away");
    let session = Box::new(common::session(&config, HOUR));
    let [tab, other] = [SharedLedger::new(&config.client_id), SharedLedger::new(&config.client_id)];
    sign_out(&tab).await;
    let delete = "return new Promise((deleted, failed) => {
        const request = indexedDB.deleteDatabase('evergrant');
        request.onsuccess = deleted;
        request.onerror = request.onblocked = failed;
    })";
    let deleted: Promise = Function::new_no_args(delete).call0(&JsValue::NULL).unwrap().unchecked_into();
    JsFuture::from(deleted).await.unwrap();
    let change = Change::SignIn { session, shared: true, after: None, at: clock::wall() };
    assert!(matches!(tab.apply(&change).await, Verdict::Begun { .. }));
    let seen = other.apply(&Change::Consult { session: None, shared: true }).await;
    assert!(matches!(seen, Verdict::Adopt(_)), "{seen:?}");
}

#[wasm_bindgen_test]
async fn a_tab_whose_database_had_failed_twice_in_a_row_was_alone_from_then_on() {
    let config = shared("failed-twice");
    let tab = SharedLedger::new(&config.client_id);
    let consult = Change::Consult { session: None, shared: true };
    let script = "const real = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = () => { throw new DOMException('lost', 'UnknownError'); };
        return () => { IDBDatabase.prototype.transaction = real; };";
    let restore: Function = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    assert!(matches!(tab.apply(&consult).await, Verdict::Good { .. }));
    assert!(!tab.is_shared(), "by its own now");
    restore.call0(&JsValue::NULL).unwrap();
    let session = signed_in_elsewhere(&config, HOUR).await;
    assert_eq!(tab.apply(&consult).await, Verdict::Adopt(Box::new(session)));
    assert!(tab.is_shared());
}

#[wasm_bindgen_test]
async fn of_many_claims_at_once_one_sends_the_refresh_token() {
    let config = shared("claims");
    let mut session = signed_in_elsewhere(&config, HOUR).await;
    session.refresh_token = Some(RefreshToken::new("once"));
    let by_refresh_token = Rc::new(Cell::new(0));
    let done = Rc::new(Cell::new(0));
    for _ in 0..20 {
        let (config, session) = (config.clone(), session.clone());
        let (by_refresh_token, done) = (Rc::clone(&by_refresh_token), Rc::clone(&done));
        spawn_local(async move {
            let claim = Change::Claim { session: Box::new(session), at: clock::wall(), asked: false };
            if SharedLedger::new(&config.client_id).apply(&claim).await == Verdict::Renew(Method::RefreshToken) {
                by_refresh_token.set(by_refresh_token.get() + 1);
            }
            done.set(done.get() + 1);
        });
    }
    common::until("all have claimed", || done.get() == 20).await;
    assert_eq!(by_refresh_token.get(), 1);
}

#[wasm_bindgen_test]
async fn a_tab_adopts_what_another_renewed_and_sends_nothing() {
    let config = shared("adopts");
    let session = signed_in_elsewhere(&config, HOUR).await;
    let runtime = Runtime::start(config.clone(), |_| {});
    common::until("it takes up the shared session", || runtime.view().status == Status::SignedIn).await;
    renewed_elsewhere(&config, &session).await;
    runtime.renew();
    common::until("it adopts the newer one", || runtime.view().renewals == 1).await;
    assert_eq!(runtime.view().status, Status::SignedIn);
    assert_eq!(runtime.log().last().unwrap().outcome.as_str(), "adopted");
    assert_eq!(runtime.view().problem, None, "the issuer, which never answers, was not asked");
}

/// Keeps the database from being opened, as a page does that went away while it was made, until what this returns is called.
async fn keep_from_opening() -> Function {
    let script = "
        return new Promise(kept => {
            const opening = indexedDB.open('evergrant', 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore('ledger');
            opening.onsuccess = () => {
                indexedDB.deleteDatabase('evergrant').onblocked = () => kept(() => opening.result.close());
            };
        });";
    let kept: Promise = Function::new_no_args(script).call0(&JsValue::NULL).unwrap().unchecked_into();
    JsFuture::from(kept).await.unwrap().unchecked_into()
}

#[wasm_bindgen_test]
async fn a_page_that_was_left_while_its_store_was_made_kept_the_next_from_it() {
    let ledger = SharedLedger::new(&"left-early");
    assert!(timer::within(SHORT, ledger.opened()).await.is_some(), "nothing is to be opened");
    let let_go = keep_from_opening().await;
    let looks = async {
        assert!(timer::within(SHORT, ledger.opened()).await.is_none(), "it would be left while its store is made");
        let_go.call0(&JsValue::NULL).unwrap();
        assert!(timer::within(Duration::from_secs(10), ledger.opened()).await.is_some(), "the store is there");
    };
    join(ledger.apply(&Change::Consult { session: None, shared: true }), looks).await;
    assert!(ledger.is_shared());
}

#[wasm_bindgen_test]
async fn a_tab_that_waited_for_the_lock_goes_by_what_the_ledger_says_under_it() {
    let config = shared("under-the-lock");
    let session = signed_in_elsewhere(&config, HOUR).await;
    let runtime = Runtime::start(config.clone(), |_| {});
    common::until("it takes up the shared session", || runtime.view().status == Status::SignedIn).await;
    let held = locks::acquire(&format!("evergrant.{}.renewal", config.kept_as)).await.unwrap();
    // It begins to read while it waits, and lets whoever has the lock come first.
    runtime.renew();
    renewed_elsewhere(&config, &session).await;
    assert_eq!(runtime.view().status, Status::Renewing);
    drop(held);
    common::until("it adopts the newer one", || runtime.view().renewals == 1).await;
    assert_eq!(runtime.log().last().unwrap().outcome.as_str(), "adopted");
    assert_eq!(runtime.view().problem, None, "the issuer, which never answers, was not asked");
}

#[wasm_bindgen_test]
async fn a_tab_that_missed_the_sign_out_learns_of_it_from_the_ledger() {
    let config = shared("missed");
    signed_in_elsewhere(&config, HOUR).await;
    let runtime = Runtime::start(config.clone(), |_| {});
    common::until("it takes up the shared session", || runtime.view().status == Status::SignedIn).await;
    // Nobody tells it: the other tab was on its way out.
    SharedLedger::new(&config.client_id).apply(&Change::SignOut { generation: 0, at: clock::wall() }).await;
    runtime.renew();
    common::until("it is signed out", || runtime.view().status == Status::SignedOut).await;
    assert_eq!(runtime.view().ended, Some(EndReason::SignedOutElsewhere));
}

#[wasm_bindgen_test]
async fn a_page_that_died_before_the_ledger_knew_of_the_sign_out_is_not_adopted_again() {
    let config = shared("died");
    let session = signed_in_elsewhere(&config, HOUR).await;
    let store = Store::open(StorageKind::Local, &config.client_id);
    // The person pressed the button, and the page went that very moment.
    store.put_sign_out(session.generation, false);
    let runtime = Runtime::start(config.clone(), |view| assert_eq!(view.status, Status::SignedOut));
    common::until("the sign-out is carried through", || store.unfinished_sign_out().is_none()).await;
    let consult = Change::Consult { session: None, shared: true };
    assert!(matches!(SharedLedger::new(&config.client_id).apply(&consult).await, Verdict::Good { .. }));
    assert_eq!(runtime.view().status, Status::SignedOut);
}

#[wasm_bindgen_test]
async fn a_page_that_died_while_an_idle_session_ended_leaves_the_true_reason_to_the_next_and_to_the_others() {
    let config = shared("died-idle");
    let session = signed_in_elsewhere(&config, HOUR).await;
    let other = Runtime::start(config.clone(), |_| {});
    common::until("the other tab has the session", || other.view().status == Status::SignedIn).await;
    Store::open(StorageKind::Local, &config.client_id).put_sign_out(session.generation, true);
    let next = Runtime::start(config, |_| {});
    common::until("the other tab is told", || other.view().status == Status::SignedOut).await;
    for tab in [next, other] {
        assert_eq!(tab.view().ended, Some(EndReason::Idle(None)));
    }
}

#[wasm_bindgen_test]
async fn tabs_that_keep_sessions_of_their_own_end_with_a_sign_out_in_any_of_them() {
    let config = common::config("own");
    let session = common::session(&config, HOUR);
    let ledger = SharedLedger::new(&config.client_id);
    ledger
        .apply(&Change::SignIn { session: Box::new(session.clone()), shared: false, after: None, at: clock::wall() })
        .await;
    let consult = Change::Consult { session: Some(Box::new(session.clone())), shared: false };
    assert!(matches!(ledger.apply(&consult).await, Verdict::Good { .. }));
    SharedLedger::new(&config.client_id).apply(&Change::SignOut { generation: 0, at: clock::wall() }).await;
    assert_eq!(ledger.apply(&consult).await, Verdict::Ended { idle: false });
}

#[wasm_bindgen_test]
async fn two_changes_at_once_are_both_kept() {
    let config = shared("both");
    let tabs = [SharedLedger::new(&config.client_id), SharedLedger::new(&config.client_id)];
    let before = sign_out(&tabs[0]).await;
    for _ in 0..50 {
        let [first, second] =
            [&tabs[0], &tabs[1]].map(|tab| tab.apply(&Change::SignOut { generation: 0, at: COUNTED }));
        join(pin!(first), pin!(second)).await;
    }
    assert_eq!(sign_out(&tabs[0]).await, before + 101, "no sign-out was lost");
}

#[wasm_bindgen_test]
async fn nobody_comes_between_a_look_ahead_and_the_change_that_follows() {
    let config = shared("ahead");
    let tabs = [SharedLedger::new(&config.client_id), SharedLedger::new(&config.client_id)];
    let before = sign_out(&tabs[0]).await;
    tabs[0].look_ahead();
    let change = Change::SignOut { generation: 0, at: COUNTED };
    let (other, first) = join(pin!(sign_out(&tabs[1])), pin!(tabs[0].apply(&change))).await;
    assert_eq!((first, other), (Verdict::Good { generation: before + 1 }, before + 2));
}

#[wasm_bindgen_test]
async fn who_looks_ahead_and_changes_nothing_keeps_nobody_waiting() {
    let config = shared("ahead-in-vain");
    let tabs = [SharedLedger::new(&config.client_id), SharedLedger::new(&config.client_id)];
    let before = sign_out(&tabs[0]).await;
    tabs[0].look_ahead();
    assert_eq!(sign_out(&tabs[1]).await, before + 1);
    let change = Change::SignOut { generation: 0, at: COUNTED };
    assert_eq!(tabs[0].apply(&change).await, Verdict::Good { generation: before + 2 });
    tabs[0].look_ahead();
    assert_eq!(sign_out(&tabs[1]).await, before + 3, "nothing was written ahead");
}

#[wasm_bindgen_test]
async fn changes_of_tabs_that_all_looked_ahead_are_all_kept() {
    let config = shared("all-ahead");
    let tabs = [SharedLedger::new(&config.client_id), SharedLedger::new(&config.client_id)];
    sign_out(&tabs[0]).await;
    let before = sign_out(&tabs[1]).await;
    for _ in 0..50 {
        let change = Change::SignOut { generation: 0, at: COUNTED };
        let [first, second] = [&tabs[0], &tabs[1]].map(|tab| {
            tab.look_ahead();
            tab.apply(&change)
        });
        join(pin!(first), pin!(second)).await;
    }
    assert_eq!(sign_out(&tabs[0]).await, before + 101, "no sign-out was lost");
}

async fn sign_out(ledger: &SharedLedger) -> u64 {
    let Verdict::Good { generation } = ledger.apply(&Change::SignOut { generation: 0, at: COUNTED }).await else {
        unreachable!("a sign-out is good")
    };
    generation
}

/// Chromium gave a lock to nobody any more, that was held by a page which was left while another tab waited for it.
#[wasm_bindgen_test]
async fn a_page_that_is_left_keeps_nobody_from_the_lock() {
    let held = locks::acquire("left").await.unwrap();
    Function::new_no_args("dispatchEvent(new Event('pagehide'))").call0(&JsValue::NULL).unwrap();
    assert!(timer::within(Duration::from_secs(10), locks::acquire("left")).await.is_some());
    drop(held);
}

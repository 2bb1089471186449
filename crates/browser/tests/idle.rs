//! R11 in a page: what counts as activity, that tabs share it, and that the limit ends them all. Two runtimes are two tabs.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use evergrant_browser::activity::Activity;
use evergrant_browser::ledger::SharedLedger;
use evergrant_browser::storage::Store;
use evergrant_browser::{Runtime, clock};
use evergrant_core::config::{Config, IdleLimit, StorageKind};
use evergrant_core::session::{Change, EndReason, Status};
use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

fn config(client_id: &str, timeout: Duration) -> Config {
    Config { idle: Some(IdleLimit { timeout, warning: timeout / 2 }), ..common::config(client_id) }
}

/// A page with a session whose person was active so long ago.
fn start(config: &Config, idle_for: Duration) -> Runtime {
    let store = Store::open(StorageKind::Session, &config.client_id);
    store.save(&common::session(config, HOUR));
    store.put_activity(clock::wall() - idle_for);
    Runtime::start(config.clone(), |_| {})
}

/// Something happens to a button that keeps it to itself.
fn happens(event: &str) {
    let script = format!(
        "const button = document.body.appendChild(document.createElement('button'));
         button.addEventListener('{event}', event => event.stopPropagation());
         button.dispatchEvent(new Event('{event}', {{ bubbles: true }}));
         button.remove();"
    );
    Function::new_no_args(&script).call0(&JsValue::NULL).unwrap();
}

#[wasm_bindgen_test]
fn presses_keys_and_scrolling_by_hand_are_activity_and_a_page_that_scrolls_by_itself_is_not() {
    for (event, expected) in [("pointerdown", 1), ("keydown", 1), ("wheel", 1), ("touchmove", 1), ("scroll", 0)] {
        let count = Rc::new(Cell::new(0));
        let seen = Rc::clone(&count);
        let activity = Activity::watch(Duration::ZERO, move || seen.set(seen.get() + 1));
        happens(event);
        assert_eq!(count.get(), expected, "{event}");
        drop(activity);
        happens(event);
        assert_eq!(count.get(), expected, "{event}: nobody listens any more");
    }
}

#[wasm_bindgen_test]
fn activity_is_told_once_a_grain() {
    let count = Rc::new(Cell::new(0));
    let seen = Rc::clone(&count);
    let _activity = Activity::watch(HOUR, move || seen.set(seen.get() + 1));
    for _ in 0..10 {
        happens("keydown");
    }
    assert_eq!(count.get(), 1);
}

#[wasm_bindgen_test]
async fn staying_in_one_tab_keeps_the_other_signed_in() {
    let config = config("idle-stay", HOUR);
    let idle_for = HOUR - Duration::from_secs(60);
    let (here, there) = (start(&config, idle_for), start(&config, idle_for));
    assert!(there.view().idle_warning);
    here.stay();
    common::until("the other tab knows", || !there.view().idle_warning).await;
    assert_eq!(there.view().idle_ends_at, here.view().idle_ends_at);
    let reopened = Runtime::start(config.clone(), |_| {});
    assert_eq!(reopened.view().idle_ends_at, here.view().idle_ends_at, "a page that is opened later knows");
}

#[wasm_bindgen_test]
async fn at_the_limit_every_tab_is_warned_and_then_signed_out_with_that_reason() {
    let config = config("idle-end", Duration::from_secs(2));
    let tabs = [start(&config, Duration::ZERO), start(&config, Duration::ZERO)];
    for tab in &tabs {
        common::until("it warns", || tab.view().idle_warning).await;
        assert_eq!(tab.view().status, Status::SignedIn);
    }
    for tab in &tabs {
        common::until("it is signed out", || tab.view().status == Status::SignedOut).await;
        assert!(matches!(tab.view().ended, Some(EndReason::Idle(_))), "{:?}", tab.view().ended);
        assert_eq!(tab.current_access_token(), None);
    }
    let told = tabs.iter().filter(|tab| matches!(tab.view().ended, Some(EndReason::Idle(Some(_))))).count();
    assert_eq!(told, 1, "one of them tried to tell the issuer, which never answers");
    assert_eq!(Store::open(StorageKind::Session, &config.client_id).session(), None);
}

#[wasm_bindgen_test]
async fn a_page_opened_past_the_limit_shows_nobody_and_sends_nothing() {
    let config = config("idle-opened", HOUR);
    let runtime = start(&config, HOUR);
    assert_eq!(runtime.view().status, Status::SigningOut);
    assert_eq!(runtime.current_access_token(), None);
    common::until("it is signed out", || runtime.view().status == Status::SignedOut).await;
    assert!(matches!(runtime.view().ended, Some(EndReason::Idle(_))));
    assert!(runtime.log().is_empty());
}

#[wasm_bindgen_test]
async fn a_tab_that_heard_nothing_asks_the_ledger_before_it_ends_anything() {
    let config = config("idle-asks", Duration::from_secs(3));
    let runtime = start(&config, Duration::from_millis(1500));
    let believed = runtime.view().idle_ends_at.unwrap();
    // The person is active in a tab that cannot tell this one.
    let at = clock::wall();
    SharedLedger::new(&config.client_id).apply(&Change::Active { at, instead_of: None }).await;
    common::until("it has asked", || runtime.view().idle_ends_at != Some(believed)).await;
    assert_eq!(runtime.view().status, Status::SignedIn);
    assert_eq!(runtime.view().idle_ends_at, Some(at + Duration::from_secs(3)));
}

//! The address bar, timers, tabs, requests and measures.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use evergrant_browser::tabs::Tabs;
use evergrant_browser::{http, location, measure, timer};
use evergrant_core::session::{Cause, Failure, Method, Outcome, RenewalRecord, TabMessage};
use evergrant_core::time::UnixTime;
use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn address() -> String {
    web_sys::window().unwrap().location().href().unwrap()
}

#[wasm_bindgen_test]
fn a_response_leaves_the_address_bar_and_is_given_out_once() {
    for response in ["?code=secret&state=s", "#access_token=secret&state=s", "?error=login_required&state=s"] {
        location::replace(&format!("/callback{response}")).unwrap();
        location::hide_response();
        assert!(address().ends_with("/callback"), "{}", address());
        assert!(location::take_response().is_some(), "{response}");
        assert!(location::take_response().is_none(), "{response}");
    }
}

#[wasm_bindgen_test]
fn an_address_that_is_no_response_stays() {
    for other in ["/?page=2", "/?state=open", "/#section", "/?code=7"] {
        location::replace(other).unwrap();
        assert!(location::take_response().is_none());
        assert!(address().ends_with(other), "{}", address());
    }
}

#[wasm_bindgen_test]
fn the_way_back_leads_nowhere_else() {
    for (path, own) in [
        ("/expenses?page=2", "/expenses?page=2"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ] {
        assert_eq!(location::own_path(path), own, "{path}");
    }
}

#[wasm_bindgen_test]
async fn a_timer_fires_once_and_a_dropped_one_never() {
    let fired = Rc::new(Cell::new(0));
    let count = |fired: &Rc<Cell<i32>>| {
        let fired = Rc::clone(fired);
        move || fired.set(fired.get() + 1)
    };
    let _kept = timer::after(Duration::from_millis(10), count(&fired));
    drop(timer::after(Duration::from_millis(10), count(&fired)));
    common::until("the timer fired", || fired.get() > 0).await;
    assert!(timer::within(Duration::from_millis(60), std::future::pending::<()>()).await.is_none());
    assert_eq!(fired.get(), 1);
}

#[wasm_bindgen_test]
async fn tabs_hear_each_other_and_not_themselves() {
    let client = common::config("tabs").client_id;
    let heard = Rc::new(Cell::new((0, 0)));
    let here = Rc::clone(&heard);
    let first = Tabs::open(&client, move |_| here.set((here.get().0 + 1, here.get().1))).unwrap();
    let there = Rc::clone(&heard);
    let _second = Tabs::open(&client, move |_| there.set((there.get().0, there.get().1 + 1))).unwrap();
    let other = common::config("other-tabs").client_id;
    let _stranger = Tabs::open(&other, |_| unreachable!("another client's tab")).unwrap();
    first.tell(TabMessage::SignedOut);
    common::until("the other tab heard", || heard.get().1 == 1).await;
    assert_eq!(heard.get(), (0, 1));
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_unreachable() {
    let failure = http::get("the test", "http://127.0.0.1:9/").await.unwrap_err();
    assert_eq!(failure, Failure::Unreachable { endpoint: "the test" });
}

#[wasm_bindgen_test]
async fn a_status_is_an_answer() {
    let answer = http::get("the test", "/there-is-no-such-file").await.unwrap();
    assert_eq!(answer.status, 404);
}

#[wasm_bindgen_test]
fn a_renewal_stands_on_the_browsers_timeline() {
    let record = RenewalRecord {
        started_at: UnixTime::from_seconds(0),
        duration: Duration::from_millis(30),
        cause: Cause::Schedule,
        method: Method::Iframe,
        outcome: Outcome::Renewed,
    };
    measure::renewal(&record, 1, 100.0);
    let performance = web_sys::window().unwrap().performance().unwrap();
    let entries = performance.get_entries_by_name("evergrant:renewal");
    let entry = entries.get(entries.length() - 1);
    let member = |object: &wasm_bindgen::JsValue, name: &str| Reflect::get(object, &name.into()).unwrap();
    assert_eq!(member(&entry, "duration").as_f64(), Some(30.0));
    let detail = member(&entry, "detail");
    assert_eq!(member(&detail, "method").as_string().as_deref(), Some("iframe"));
    assert_eq!(member(&detail, "outcome").as_string().as_deref(), Some("renewed"));
    assert!(entry.is_object() && detail.dyn_ref::<js_sys::Object>().is_some());

    measure::renewal(&record, 2, 100.0);
    assert!(performance.get_entries_by_name("evergrant:renewal").length() > 1);
    measure::renewal(&record, 100, 100.0);
    let kept = performance.get_entries_by_name("evergrant:renewal");
    assert_eq!(kept.length(), 1, "a page that stays open for weeks must not fill the timeline");
}

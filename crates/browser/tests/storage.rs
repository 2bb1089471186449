//! The store keeps what it is given, and survives a browser that keeps nothing.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use evergrant_browser::storage::Store;
use evergrant_core::config::StorageKind;
use evergrant_core::protocol::State;
use evergrant_core::protocol::authorize::{Flow, Transaction};
use evergrant_core::time::UnixTime;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const KINDS: [StorageKind; 2] = [StorageKind::Session, StorageKind::Local];

fn transaction(state: &str, requested_at: UnixTime) -> Transaction {
    common::transaction(&common::config("any"), state, requested_at)
}

fn session_storage() -> web_sys::Storage {
    web_sys::window().unwrap().session_storage().unwrap().unwrap()
}

#[wasm_bindgen_test]
fn a_session_is_kept_and_forgotten() {
    let config = common::config("kept");
    let session = common::session(&config, Duration::from_secs(60));
    for kind in KINDS {
        Store::open(kind, &config.client_id).save(&session);
        let reopened = Store::open(kind, &config.client_id);
        assert_eq!(reopened.session().as_ref(), Some(&session));
        assert_eq!(reopened.warning(), None);
        reopened.forget();
        assert_eq!(Store::open(kind, &config.client_id).session(), None);
    }
}

#[wasm_bindgen_test]
fn what_is_stored_has_the_names_of_the_tutorial() {
    let config = common::config("names");
    let store = Store::open(StorageKind::Session, &config.client_id);
    store.save(&common::session(&config, Duration::from_secs(60)));
    let text = session_storage().get_item("evergrant.names.session").unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for name in ["access_token", "id_token", "expires_at", "scope", "claims"] {
        assert!(json.get(name).is_some(), "{name}");
    }
    store.forget();
}

#[wasm_bindgen_test]
fn a_session_that_all_tabs_shared_stayed_in_the_store_when_that_was_configured_otherwise() {
    let config = common::config("shared-before");
    for kind in [StorageKind::Session, StorageKind::Memory, StorageKind::Cookie] {
        Store::open(StorageKind::Local, &config.client_id).save(&common::session(&config, Duration::from_secs(60)));
        Store::open(kind, &config.client_id);
        assert!(Store::open(StorageKind::Local, &config.client_id).session().is_none(), "{kind:?}");
    }
}

#[wasm_bindgen_test]
fn memory_keeps_no_token_where_a_script_could_find_it_and_remembers_how_to_ask() {
    for kind in [StorageKind::Memory, StorageKind::Cookie] {
        let config = common::config("memory");
        let store = Store::open(kind, &config.client_id);
        let session = common::session(&config, Duration::from_secs(60));
        assert_eq!(store.flow_before(), None);
        store.save(&session);
        assert_eq!(store.session(), Some(session));
        assert_eq!(store.warning(), None, "this is what was asked for");
        let local = web_sys::window().unwrap().local_storage().unwrap().unwrap();
        for storage in [session_storage(), local] {
            for index in 0..storage.length().unwrap() {
                let key = storage.key(index).unwrap().unwrap();
                assert!(!storage.get_item(&key).unwrap().unwrap().contains("access"), "{key}");
            }
        }
        let reloaded = Store::open(kind, &config.client_id);
        assert_eq!(reloaded.session(), None);
        assert_eq!(reloaded.flow_before(), Some(Flow::Code));
        reloaded.forget();
        assert_eq!(reloaded.flow_before(), None);
    }
}

#[wasm_bindgen_test]
fn a_corrupt_session_counts_as_none() {
    let config = common::config("corrupt");
    for text in ["", "{", "null", r#"{"version":1}"#, "\u{1f98a}"] {
        session_storage().set_item("evergrant.corrupt.session", text).unwrap();
        assert_eq!(Store::open(StorageKind::Session, &config.client_id).session(), None, "{text}");
    }
}

#[wasm_bindgen_test]
fn a_transaction_is_given_out_once_and_stale_ones_are_swept() {
    let store = Store::open(StorageKind::Session, &common::config("once").client_id);
    let now = UnixTime::from_seconds(100_000);
    assert!(store.put_transaction(&transaction("old", UnixTime::from_seconds(1)), UnixTime::from_seconds(1)));
    assert!(store.put_transaction(&transaction("new", now), now));
    assert_eq!(store.take_transaction(&State::new("old")), None);
    assert!(store.take_transaction(&State::new("new")).is_some());
    assert_eq!(store.take_transaction(&State::new("new")), None);
}

#[wasm_bindgen_test]
fn forgetting_takes_pending_sign_ins_along() {
    let store = Store::open(StorageKind::Session, &common::config("pending").client_id);
    let now = UnixTime::from_seconds(100_000);
    store.put_transaction(&transaction("s", now), now);
    store.forget();
    assert_eq!(store.take_transaction(&State::new("s")), None);
}

#[wasm_bindgen_test]
fn that_somebody_is_signed_in_is_not_believed_of_a_tab_that_missed_the_sign_out() {
    let config = common::config("unfinished");
    let store = Store::open(StorageKind::Memory, &config.client_id);
    store.put_sign_out(7, true);
    // A renewal of another tab ended a moment later.
    store.put_flow(Flow::Code);
    let reloaded = Store::open(StorageKind::Memory, &config.client_id);
    assert_eq!(reloaded.unfinished_sign_out(), Some((7, true)));
    assert_eq!(reloaded.flow_before(), None);
    reloaded.forget_sign_out();
    assert_eq!(reloaded.unfinished_sign_out(), None);
}

#[wasm_bindgen_test]
fn a_full_storage_falls_back_to_memory_with_a_warning() {
    let config = common::config("full");
    let store = Store::open(StorageKind::Session, &config.client_id);
    let ballast = session_storage();
    let mut size = 4 * 1024 * 1024;
    let mut index = 0;
    while size > 0 {
        match ballast.set_item(&format!("ballast{index}"), &"x".repeat(size)) {
            Ok(()) => index += 1,
            Err(_) => size /= 2,
        }
    }
    let session = common::session(&config, Duration::from_secs(60));
    store.save(&session);
    for number in 0..index {
        ballast.remove_item(&format!("ballast{number}")).unwrap();
    }
    assert_eq!(store.session(), Some(session));
    assert!(store.warning().is_some());
    assert_eq!(Store::open(StorageKind::Session, &config.client_id).session(), None);
}

#[wasm_bindgen_test]
fn a_forbidden_storage_falls_back_to_memory_with_a_warning() {
    let window = web_sys::window().unwrap();
    let original = Object::get_own_property_descriptor(&window, &"sessionStorage".into());
    let forbidden = Object::new();
    Reflect::set(&forbidden, &"get".into(), &Function::new_no_args("throw new DOMException('no', 'SecurityError')"))
        .unwrap();
    Reflect::set(&forbidden, &"configurable".into(), &JsValue::TRUE).unwrap();
    Object::define_property(&window, &"sessionStorage".into(), &forbidden);

    let config = common::config("forbidden");
    let store = Store::open(StorageKind::Session, &config.client_id);
    let session = common::session(&config, Duration::from_secs(60));
    store.save(&session);
    let (kept, warning, outlives) = (store.session(), store.warning(), store.outlives_the_page());
    store.forget();
    let forgotten = store.session();

    Object::define_property(&window, &"sessionStorage".into(), original.unchecked_ref());
    assert_eq!(kept, Some(session));
    assert!(warning.is_some());
    assert!(!outlives);
    assert_eq!(forgotten, None);
}

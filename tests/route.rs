//! Going from page to page.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Mounted, open_at, path, until};
use evergrant_app::App;
use evergrant_app::route::{Route, is_plain_click};
use leptos::prelude::*;
use leptos::web_sys::{MouseEvent, MouseEventInit};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn click(how: impl FnOnce(&MouseEventInit)) -> MouseEvent {
    let init = MouseEventInit::new();
    init.set_cancelable(true);
    init.set_bubbles(true);
    how(&init);
    MouseEvent::new_with_mouse_event_init_dict("click", &init).unwrap()
}

fn app(path: &str) -> Mounted {
    open_at(path);
    Mounted::new(|| {
        let config = common::config("route");
        view! { <App config/> }.into_any()
    })
}

#[wasm_bindgen_test]
fn a_path_names_a_page() {
    for (path, route) in [
        ("/", Route::Home),
        ("/index.html", Route::Home),
        ("/expenses", Route::Expenses),
        ("/session", Route::Session),
        ("/session/", Route::Session),
        ("/issuer", Route::Issuer),
        ("/callback", Route::Callback),
        ("/sessions", Route::NotFound),
        ("/session/7", Route::NotFound),
        ("/Session", Route::NotFound),
    ] {
        assert_eq!(Route::of(path), route, "{path}");
    }
}

#[wasm_bindgen_test]
fn only_a_plain_click_is_followed_in_place() {
    assert!(is_plain_click(&click(|_| ())));
    assert!(!is_plain_click(&click(|init| init.set_button(1))), "the middle button opens a tab");
    assert!(!is_plain_click(&click(|init| init.set_ctrl_key(true))));
    assert!(!is_plain_click(&click(|init| init.set_meta_key(true))));
    assert!(!is_plain_click(&click(|init| init.set_shift_key(true))));
    assert!(!is_plain_click(&click(|init| init.set_alt_key(true))), "this one saves");
}

#[wasm_bindgen_test]
async fn a_link_changes_page_address_title_and_focus_without_loading() {
    let app = app("/");
    until("the start page", || app.the("h1").text_content().as_deref() == Some("Sign in once. Stay signed in.")).await;
    assert_eq!(document().title(), "Evergrant");
    app.the("nav a[href='/session']").click();
    until("the session page", || app.the("h1").text_content().as_deref() == Some("Session")).await;
    assert_eq!(path(), "/session");
    assert_eq!(app.attribute("nav a[aria-current=page]", "href").as_deref(), Some("/session"));
    until("the title", || document().title() == "Session · Evergrant").await;
    until("the focus", || document().active_element().is_some_and(|element| element.tag_name() == "H1")).await;
}

#[wasm_bindgen_test]
async fn a_click_that_asks_for_a_tab_is_left_to_the_browser() {
    let app = app("/");
    let link = app.the("nav a[href='/session']");
    let event = click(|init| init.set_ctrl_key(true));
    // Looked at before the browser acts: a tab that opened would outlive the test.
    let prevent =
        leptos::leptos_dom::helpers::window_event_listener(leptos::ev::click, |event| event.prevent_default());
    link.dispatch_event(&event).unwrap();
    prevent.remove();
    assert_eq!(path(), "/");
    assert!(app.has(".welcome"));
}

#[wasm_bindgen_test]
async fn the_back_button_goes_back_a_page() {
    let app = app("/");
    app.the("nav a[href='/session']").click();
    until("the session page", || path() == "/session").await;
    window().history().unwrap().back().unwrap();
    until("the start page", || path() == "/" && app.has(".welcome")).await;
}

#[wasm_bindgen_test]
async fn an_unknown_address_says_so_and_leads_home() {
    let app = app("/nowhere");
    assert_eq!(app.the("h1").text_content().as_deref(), Some("There is nothing here"));
    app.the("main a[href='/']").click();
    until("the start page", || app.has(".welcome")).await;
}

#[wasm_bindgen_test]
async fn a_callback_without_an_answer_leads_home() {
    let app = app("/callback");
    until("the start page", || path() == "/" && app.has(".welcome")).await;
}

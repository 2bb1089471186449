//! A place in the page to mount things in, and a session for the app to find.
#![allow(clippy::unwrap_used, dead_code, reason = "each file of tests uses its part")]

use std::time::Duration;

use evergrant_browser::clock;
use evergrant_browser::storage::Store;
use evergrant_leptos::core::protocol::{AccessToken, IdToken, Scope};
use evergrant_leptos::core::session::{Session, Tokens};
use evergrant_leptos::{Config, Flow};
use gloo_timers::future::TimeoutFuture;
use leptos::mount::{UnmountHandle, mount_to};
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

/// A mounted component; gone from the page when this is dropped.
pub(crate) struct Mounted {
    place: Element,
    _handle: UnmountHandle<AnyViewState>,
}

impl Mounted {
    pub(crate) fn new(view: impl FnOnce() -> AnyView + 'static) -> Self {
        let place = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&place).unwrap();
        let handle = mount_to(place.clone().unchecked_into(), view);
        Self { place, _handle: handle }
    }

    /// The only element that `css` selects.
    pub(crate) fn the(&self, css: &str) -> HtmlElement {
        let found = self.place.query_selector_all(css).unwrap();
        assert_eq!(found.length(), 1, "elements that match {css}");
        found.get(0).unwrap().unchecked_into()
    }

    pub(crate) fn has(&self, css: &str) -> bool {
        self.place.query_selector(css).unwrap().is_some()
    }

    pub(crate) fn text(&self) -> String {
        self.place.text_content().unwrap()
    }

    pub(crate) fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.the(css).get_attribute(name)
    }

    /// Presses the button that says `words`.
    pub(crate) fn press(&self, words: &str) {
        let buttons = self.place.query_selector_all("button").unwrap();
        let mut buttons = (0..buttons.length()).filter_map(|index| buttons.get(index));
        let button = buttons.find(|button| button.text_content().as_deref() == Some(words));
        button.unwrap_or_else(|| panic!("no button {words}")).unchecked_into::<HtmlElement>().click();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.place.remove();
    }
}

/// A client with this id at an issuer where nobody answers: port 9 is the discard service.
pub(crate) fn config(client_id: &str) -> Config {
    let json = format!(r#"{{"issuer":"http://127.0.0.1:9/","client_id":"{client_id}"}}"#);
    Config::parse(&json, &window().location().origin().unwrap()).unwrap()
}

/// Leaves a session of Tess Tester's in the store, as a page that was open before would have.
pub(crate) fn store_session(config: &Config, lifetime: Duration) {
    store_session_of(config, lifetime, "tess", serde_json::json!({"name": "Tess Tester", "email": "tess@example.com"}));
}

/// Leaves a session of somebody whose ID token says this beside who they are.
pub(crate) fn store_session_of(config: &Config, lifetime: Duration, sub: &str, mut claims: serde_json::Value) {
    claims["iss"] = config.issuer.as_str().into();
    claims["sub"] = sub.into();
    claims["aud"] = config.client_id.as_str().into();
    claims["exp"] = 4_000_000_000_u32.into();
    claims["iat"] = 1_000_000_000.into();
    let tokens = Tokens {
        access_token: Some(AccessToken::new("access")),
        id_token: Some((IdToken::new("id"), serde_json::from_value(claims).unwrap())),
        refresh_token: None,
        scope: Scope::parse("openid profile"),
        expires_in: Some(lifetime),
        flow: Flow::Code,
        generation: 0,
        requested_at: clock::now(),
    };
    let session = Session::begin(config.issuer.clone(), config.client_id.clone(), tokens).unwrap();
    Store::open(config.storage, &config.client_id).save(&session);
}

/// The path in the address bar.
pub(crate) fn path() -> String {
    window().location().pathname().unwrap()
}

/// Puts a path into the address bar, as if the page had been opened there.
pub(crate) fn open_at(path: &str) {
    window().history().unwrap().replace_state_with_url(&leptos::wasm_bindgen::JsValue::NULL, "", Some(path)).unwrap();
}

/// Waits, a turn of the event loop at a time, until `condition` holds; fails after ten seconds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = js_sys::Date::now() + 10_000.0;
    while !condition() {
        assert!(js_sys::Date::now() < deadline, "waited in vain: {what}");
        TimeoutFuture::new(5).await;
    }
}

//! The address bar: an authorization response leaves it before anything else happens (R14).

use std::cell::RefCell;

use evergrant_core::protocol::callback;
use evergrant_core::protocol::params::Params;
use evergrant_core::session::Failure;
use wasm_bindgen::JsValue;

use crate::{refused, window};

thread_local! {
    static RESPONSE: RefCell<Option<Params>> = const { RefCell::new(None) };
}

/// Takes an authorization response, if there is one, out of the address bar and out of the history, and keeps it for
/// [`take_response`]. Call it first thing; calling it again does nothing.
pub fn hide_response() {
    if let Some(params) = read_response() {
        RESPONSE.with_borrow_mut(|response| *response = Some(params));
    }
}

/// The response that [`hide_response`] found, once.
pub fn take_response() -> Option<Params> {
    hide_response();
    RESPONSE.with_borrow_mut(Option::take)
}

fn read_response() -> Option<Params> {
    let location = web_sys::window()?.location();
    let query = location.search().ok().filter(|text| !text.is_empty());
    let fragment = location.hash().ok().filter(|text| !text.is_empty());
    // Implicit answers come in the fragment, codes in the query (OAuth 2.0 Multiple Response Type Encoding §2.1).
    [fragment, query].into_iter().flatten().find_map(|text| {
        let params = Params::parse(&text[1..]).ok().filter(callback::is_response)?;
        replace(&location.pathname().ok()?).ok()?;
        Some(params)
    })
}

/// After a sign-out the issuer sends the person back with the `state` of the request: it leaves the address bar too.
pub fn drop_logout_state(matches: impl Fn(&Params) -> bool) {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return };
    let Ok(query) = location.search() else { return };
    let ours = query.get(1..).and_then(|text| Params::parse(text).ok()).is_some_and(|params| matches(&params));
    if let (true, Ok(path)) = (ours, location.pathname()) {
        // The address stays as it is when history is not to be had: a logout state is worth nothing.
        let _ = replace(&path);
    }
}

/// Replaces the address without loading anything.
///
/// # Errors
/// [`Failure::Browser`] when the browser refuses.
pub fn replace(path: &str) -> Result<(), Failure> {
    let history = window()?.history().map_err(|error| refused("the history", &error))?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(path)).map_err(|error| refused("the history", &error))
}

/// Leaves the page.
///
/// # Errors
/// [`Failure::Browser`] when the browser refuses.
pub fn go(url: &str) -> Result<(), Failure> {
    window()?.location().assign(url).map_err(|error| refused("leaving the page", &error))
}

/// `location.origin`.
///
/// # Errors
/// [`Failure::Browser`] when there is none.
pub fn origin() -> Result<String, Failure> {
    window()?.location().origin().map_err(|error| refused("the address", &error))
}

/// A way back that leads nowhere else: a path of this origin, or the start page.
pub fn own_path(path: &str) -> String {
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    if local { path.to_owned() } else { "/".to_owned() }
}

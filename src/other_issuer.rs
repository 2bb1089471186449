//! The issuer that a person chose in place of the app's own: kept in this browser, shared as a link, used from the next load
//! of the page on.

use evergrant_leptos::{Config, OtherIssuer};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::Storage;

/// Beside the names of sessions, which begin with `evergrant.` and go on with a client's name.
const NAME: &str = "evergrant-issuer";

/// The configuration to use: that of the chosen issuer, if there is one and it is of use, else the app's own.
pub(crate) fn in_place_of(own: Config) -> Config {
    let kept = storage().and_then(|storage| storage.get_item(NAME).ok()?);
    kept.and_then(|text| read(&text, &own)).unwrap_or(own)
}

/// Few have chosen one: a function of its own in the code as well, so the app begins without it.
#[inline(never)]
fn read(kept: &str, own: &Config) -> Option<Config> {
    OtherIssuer::from_text(kept)?.in_place_of(own).ok()
}

/// Keeps the choice, and loads the app anew. `false` when this browser keeps nothing.
pub(crate) fn use_from_now_on(other: &OtherIssuer) -> bool {
    let kept = storage().is_some_and(|storage| storage.set_item(NAME, &other.to_text()).is_ok());
    if kept {
        load_anew();
    }
    kept
}

/// Forgets the choice, and loads the app anew.
pub(crate) fn go_back() {
    // Where nothing can be removed nothing was kept.
    let _ = storage().map(|storage| storage.remove_item(NAME));
    load_anew();
}

/// A link that proposes `other` to whoever opens it. The fragment is not sent to any server.
pub(crate) fn link(other: &OtherIssuer) -> String {
    format!("{}/issuer#{}", window().location().origin().unwrap_or_default(), other.to_text())
}

/// What the link proposes that led here, once: the address is cleaned of it. `Some(None)` where that cannot be read.
pub(crate) fn proposed() -> Option<Option<OtherIssuer>> {
    let fragment = window().location().hash().ok()?;
    // Others lead to a place on the page.
    let other = fragment.contains('=').then(|| OtherIssuer::from_text(&fragment[1..]))?;
    let history = window().history().ok()?;
    // An address that cannot be cleaned proposes the same again when the page is loaded again, and no more than that.
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/issuer"));
    Some(other)
}

/// `None` where the browser lets this site store nothing.
fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

fn load_anew() {
    // Browsers refuse an address of this origin only when the page is on its way out already.
    let _ = window().location().assign("/");
}

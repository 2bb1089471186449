//! The hands of a session: everything it needs from a browser, one file for each thing the browser offers.
//!
//! Nothing here decides. [`Runtime`] feeds what happens into [`evergrant_core::session::Machine`] and carries out what
//! the machine answers; what OAuth and OpenID Connect say is asked of [`evergrant_core::protocol`].

// The finished app has no `Debug`: see `finish::silent`.
#![cfg_attr(not(test), warn(clippy::use_debug))]

pub mod activity;
pub mod api;
pub mod clock;
mod code;
pub mod crypto;
mod database;
pub mod discovery;
#[cfg(feature = "dpop")]
mod dpop;
pub mod http;
pub mod iframe;
pub mod ledger;
pub mod lifecycle;
pub mod listener;
pub mod location;
pub mod locks;
pub mod measure;
pub mod message;
mod network;
pub mod popup;
pub mod provider;
#[cfg(feature = "inspector")]
pub mod rehearsal;
mod renewal;
mod runtime;
mod sign_in;
mod sign_out;
pub mod start;
pub mod storage;
pub mod tabs;
pub mod timer;
mod user_info;

pub use api::{FetchError, NoAccessToken, challenge};
pub use discovery::{DiscoveryError, discover};
pub use evergrant_core as core;
pub use runtime::Runtime;
#[cfg(feature = "inspector")]
pub use runtime::claims::{Claim, TokenClaims};
pub use start::{StartError, load_config};
pub use user_info::NoUserInfo;

use evergrant_core::session::Failure;
use wasm_bindgen::JsValue;

/// The page's window.
///
/// # Errors
/// [`Failure::Browser`] outside a page, in a worker for example.
pub fn window() -> Result<web_sys::Window, Failure> {
    web_sys::window().ok_or_else(|| Failure::Browser("there is no window".to_owned()))
}

/// A failure with the name of the exception alone (`SecurityError`): its message could quote an address.
pub(crate) fn refused(what: &str, error: &JsValue) -> Failure {
    let name = js_sys::Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string()).unwrap_or_default();
    Failure::Browser(format!("{what} ({name})"))
}

//! From the static first paint to the running app, or to a page that says why it cannot run.

use evergrant_leptos::{StartError, load_config};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use crate::app::App;
use crate::other_issuer;
use crate::pages::start_error::StartErrorPage;

/// Reads the configuration, then puts the app where the first paint was.
///
/// A panic traps, and the page says so by itself (`public/stopped.js`). What happened, the console is told by a build for
/// development; the finished app has no words for it.
pub fn start() {
    console_error_panic_hook::set_once();
    // The address bar is cleaned of a sign-in's response before anything else happens.
    let config = load_config("/config.json");
    spawn_local(async move {
        let config = config.await.map(other_issuer::in_place_of);
        let Some(place) = document().get_element_by_id("app") else { return };
        place.set_text_content(None);
        mount_to(place.unchecked_into(), move || match config {
            Ok(config) => view! { <App config/> }.into_any(),
            Err(error) => failed(error),
        })
        .forget();
    });
}

/// A function of its own in the code as well: the app begins without it.
#[inline(never)]
fn failed(error: StartError) -> AnyView {
    view! { <StartErrorPage error/> }.into_any()
}

//! From the static first paint to the running app, or to a page that says why it cannot run.

use std::panic::{self, PanicHookInfo};

use evergrant_leptos::load_config;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use crate::app::App;
use crate::other_issuer;
use crate::pages::start_error::StartErrorPage;

/// Reads the configuration, then puts the app where the first paint was.
pub fn start() {
    panic::set_hook(Box::new(report_crash));
    // The address bar is cleaned of a sign-in's response before anything else happens.
    let config = load_config("/config.json");
    spawn_local(async move {
        let config = config.await.map(other_issuer::in_place_of);
        let Some(place) = document().get_element_by_id("app") else { return };
        place.set_text_content(None);
        mount_to(place.unchecked_into(), move || match config {
            Ok(config) => view! { <App config/> }.into_any(),
            Err(error) => view! { <StartErrorPage error/> }.into_any(),
        })
        .forget();
    });
}

/// Tells the console what happened, and uncovers the sentence about it that `index.html` holds ready: after a panic
/// nothing of the app can be trusted to draw a page.
fn report_crash(panic: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(panic);
    if let Some(crash) = document().get_element_by_id("crash") {
        // Without it the console still knows.
        let _ = crash.remove_attribute("hidden");
    }
}

//! Asking the API.

use evergrant_leptos::core::protocol::Scope;
use evergrant_leptos::{Config, FetchError, OtherIssuer, SessionHandle, challenge};
use leptos::prelude::window;
use leptos::task::spawn_local;
use leptos::web_sys::{AbortSignal, Request, RequestInit, Response};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::report::Report;
use super::trouble::Trouble;

/// How long the API may take, in milliseconds.
const LIMIT: u32 = 20_000;

/// The expenses, from the first of `allowed_api_origins`.
pub(super) async fn report(session: SessionHandle, config: &Config) -> Result<Report, Trouble> {
    let no_api = if OtherIssuer::is_used_by(config) { Trouble::OtherIssuer } else { Trouble::NoApi };
    let origin = config.allowed_api_origins.first().ok_or(no_api)?;
    let init = RequestInit::new();
    init.set_signal(Some(&AbortSignal::timeout_with_u32(LIMIT)));
    let request = Request::new_with_str_and_init(&format!("{origin}/expenses"), &init);
    let response = session.fetch(request.map_err(|_| Trouble::Unreadable)?).await?;
    match response.status() {
        200 => body(&response).await.as_deref().and_then(Report::read).ok_or(Trouble::Unreadable),
        status => Err(Trouble::Refused { status, challenge: challenge(&response).unwrap_or_default() }),
    }
}

/// Goes to the issuer to ask for what is missing, and comes back to this page.
pub(super) fn ask_for(session: SessionHandle, scope: Scope) {
    spawn_local(async move {
        let path = window().location().pathname().unwrap_or_default();
        // When the issuer cannot be reached, this page stays as it is, and so does its button.
        let _ = session.ask_for(&scope, path).await;
    });
}

async fn body(response: &Response) -> Option<String> {
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    text.dyn_into::<js_sys::JsString>().ok().map(String::from)
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Unreachable if !window().navigator().on_line() => Self::Offline,
            FetchError::Unreachable => Self::Unreachable,
            error => Self::NotAsked(error.to_string()),
        }
    }
}

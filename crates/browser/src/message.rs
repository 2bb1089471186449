//! The message that brings an authorization response from a hidden iframe or a popup: the silent page's, or the issuer's own
//! (OAuth 2.0 Web Message Response Mode, a draft).
//!
//! Either is `{type, response}`, posted to one exact origin. A message counts only when its origin, its source window and
//! the `state` inside it are all what they must be (RFC 9700 §4.17).

use std::cell::Cell;
use std::rc::Rc;

use evergrant_core::protocol::State;
use evergrant_core::protocol::callback;
use evergrant_core::protocol::params::Params;
use evergrant_core::session::Failure;
use evergrant_core::session::failure::Silence;
use futures_channel::oneshot;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageEvent, UrlSearchParams};

use crate::listener::Listener;
use crate::window;

/// The `type` of the silent page's message.
pub const MESSAGE_TYPE: &str = "evergrant:authorization-response";

/// The `type` of an issuer's own message.
pub const WEB_MESSAGE_TYPE: &str = "authorization_response";

/// Listens for one message until it is dropped.
#[derive(Debug)]
pub(crate) struct Awaited {
    /// Resolves with the response.
    pub(crate) response: oneshot::Receiver<Params>,
    /// What came instead, as far as it came from the right window.
    pub(crate) seen: Rc<Cell<Silence>>,
    _listener: Listener,
}

/// Waits for a page of `origin` to post, from the window that `source` gives, the response with `state`.
pub(crate) fn await_response(
    source: impl Fn() -> Option<JsValue> + 'static,
    origin: String,
    state: State,
) -> Result<Awaited, Failure> {
    let (sender, response) = oneshot::channel();
    let mut sender = Some(sender);
    let seen = Rc::new(Cell::new(Silence::NothingLoaded));
    let noticed = Rc::clone(&seen);
    let listener = Listener::new(window()?.as_ref(), "message", move |event: Event| {
        let Ok(message) = event.dyn_into::<MessageEvent>() else { return };
        // The source is null when the sender is gone, and so may be the window: null never counts as equal.
        let sent_by = message.source().map(JsValue::from);
        let is_ours = sent_by.is_some() && sent_by == source();
        let Some(response) = response_of(&message).filter(|_| is_ours) else { return };
        if message.origin() != origin {
            noticed.set(Silence::OtherOrigin);
            return;
        }
        let params = Params::parse(&response).ok();
        let Some(params) = params.filter(|params| callback::state_of(params).as_ref() == Some(&state)) else {
            noticed.set(Silence::OtherState);
            return;
        };
        if let Some(sender) = sender.take() {
            // Nobody waits any more when it was aborted.
            let _ = sender.send(params);
        }
    });
    Ok(Awaited { response, seen, _listener: listener })
}

fn response_of(message: &MessageEvent) -> Option<String> {
    let data = message.data();
    if !data.is_object() {
        return None;
    }
    let member = |name: &str| Reflect::get(&data, &name.into()).ok();
    let response = member("response")?;
    match member("type")?.as_string()?.as_str() {
        MESSAGE_TYPE => response.as_string(),
        WEB_MESSAGE_TYPE => {
            let parameters = UrlSearchParams::new_with_record_from_str_to_str(response.dyn_ref::<Object>()?);
            Some(parameters.ok()?.to_string().into())
        }
        _ => None,
    }
}

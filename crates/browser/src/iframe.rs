//! The hidden iframe that asks the issuer without showing anything (R12 of the design, in ARCHITECTURE.md).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use evergrant_core::protocol::State;
use evergrant_core::protocol::params::Params;
use evergrant_core::session::Failure;
use evergrant_core::session::failure::Silence;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlIFrameElement;

use crate::listener::Listener;
use crate::message::await_response;
use crate::timer::within;
use crate::{network, refused, timer, window};

/// Loads `url` in a hidden iframe and waits for a page of `origin` to post the response that carries `state`. The iframe is
/// gone soon after an answer, and at once when there is none or this is dropped.
///
/// # Errors
/// [`Failure::Silence`] with what was seen when no such message came within `limit`.
pub async fn authorize(url: &str, origin: &str, state: &State, limit: Duration) -> Result<Params, Failure> {
    if network::is_cut_off() {
        return Err(Failure::Silence(Silence::NothingLoaded));
    }
    let frame = HiddenFrame::new(url)?;
    let element = frame.element.clone();
    let source = move || element.content_window().map(JsValue::from);
    let awaited = await_response(source, origin.to_owned(), state.clone())?;
    frame.attach()?;
    match within(limit, awaited.response).await {
        Some(Ok(params)) => {
            frame.remove_soon();
            Ok(params)
        }
        _ => Err(Failure::Silence(match awaited.seen.get() {
            Silence::NothingLoaded => frame.inspect(),
            noticed => noticed,
        })),
    }
}

/// An iframe nobody sees, removed when it is dropped.
struct HiddenFrame {
    element: HtmlIFrameElement,
    loaded: Rc<Cell<bool>>,
    _load: Listener,
}

impl HiddenFrame {
    fn new(url: &str) -> Result<Self, Failure> {
        let document = window()?.document().ok_or_else(|| Failure::Browser("there is no document".to_owned()))?;
        let element = document.create_element("iframe").map_err(|error| refused("an iframe", &error))?;
        let element: HtmlIFrameElement = element.unchecked_into();
        // Scripts run so that the page can answer; the origin is kept so that the issuer sees its cookies and we
        // see who answers. Nothing else is allowed: no forms, no popups, no navigation of this page.
        for (name, value) in [
            ("sandbox", "allow-scripts allow-same-origin"),
            ("hidden", ""),
            ("aria-hidden", "true"),
            ("tabindex", "-1"),
            ("title", "Silent renewal"),
            ("src", url),
        ] {
            element.set_attribute(name, value).map_err(|error| refused("an iframe", &error))?;
        }
        let loaded = Rc::new(Cell::new(false));
        let load = Listener::new(element.as_ref(), "load", {
            let loaded = Rc::clone(&loaded);
            move |_| loaded.set(true)
        });
        Ok(Self { element, loaded, _load: load })
    }

    /// Puts the iframe into the page: only now is anything loaded.
    fn attach(&self) -> Result<(), Failure> {
        let body = window()?.document().and_then(|document| document.body());
        let body = body.ok_or_else(|| Failure::Browser("the page has no body yet".to_owned()))?;
        body.append_child(&self.element).map_err(|error| refused("an iframe", &error))?;
        Ok(())
    }

    /// Takes the iframe out of the page once whoever waits for the answer has gone on: ending a document takes some
    /// milliseconds, in which the request that follows can be under way already.
    fn remove_soon(self) {
        timer::after(Duration::ZERO, move || drop(self)).forget();
    }

    /// What can be seen from here of a frame that did not answer.
    fn inspect(&self) -> Silence {
        let address = self.element.content_window().and_then(|window| window.location().href().ok());
        match address {
            _ if !self.loaded.get() => Silence::NothingLoaded,
            Some(address) if address == "about:blank" => Silence::NothingLoaded,
            // Only a page of this origin lets its address be read.
            Some(_) => Silence::OwnPage,
            None => Silence::ForeignPage,
        }
    }
}

impl Drop for HiddenFrame {
    fn drop(&mut self) {
        self.element.remove();
    }
}

//! Signing in in a popup: the page stays where it is.

use std::time::Duration;

use evergrant_core::protocol::State;
use evergrant_core::protocol::params::Params;
use evergrant_core::session::Failure;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::message::await_response;
use crate::timer::within;
use crate::{refused, window};

const FEATURES: &str = "popup,width=480,height=680";

/// How often it is looked whether the popup is still there: browsers tell nobody when one is closed.
const LOOK_MS: u32 = 250;

/// A message that was posted just before the popup closed may still be on its way.
const GRACE: Duration = Duration::from_millis(500);

/// A popup, closed when it is dropped.
#[derive(Debug)]
pub struct Popup(Window);

impl Popup {
    /// Opens an empty popup. Call it while a click is being handled: browsers block it at any other time.
    ///
    /// # Errors
    /// [`Failure::PopupBlocked`].
    pub fn open() -> Result<Self, Failure> {
        let opened = window()?.open_with_url_and_target_and_features("about:blank", "_blank", FEATURES);
        opened.ok().flatten().map(Self).ok_or(Failure::PopupBlocked)
    }

    /// Goes to `url`, and waits for a page of `origin`, the silent page or the issuer's own, to post the response that carries
    /// `state`, as long as the person takes. The popup closes then.
    ///
    /// # Errors
    /// [`Failure::PopupClosed`] when the person closed it.
    pub async fn authorize(self, url: &str, origin: String, state: &State) -> Result<Params, Failure> {
        let source = JsValue::from(self.0.clone());
        let awaited = await_response(move || Some(source.clone()), origin, state.clone())?;
        self.0.location().replace(url).map_err(|error| refused("the popup", &error))?;
        match select(awaited.response, Box::pin(self.closed())).await {
            Either::Left((Ok(params), _)) => Ok(params),
            Either::Left((Err(_), _)) => Err(Failure::PopupClosed),
            Either::Right(((), response)) => match within(GRACE, response).await {
                Some(Ok(params)) => Ok(params),
                _ => Err(Failure::PopupClosed),
            },
        }
    }

    async fn closed(&self) {
        while !self.0.closed().unwrap_or(true) {
            TimeoutFuture::new(LOOK_MS).await;
        }
    }
}

impl Drop for Popup {
    fn drop(&mut self) {
        // It may be closed already, or belong to somebody else by now (COOP): either is fine.
        let _ = self.0.close();
    }
}

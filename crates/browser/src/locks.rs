//! Web Locks: one tab at a time (R6). The lock ends with the future that holds it, or with the tab.

use evergrant_core::session::Failure;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::window;

/// The event of a page that is left (HTML §7.4.6.2).
const LEFT: &str = "pagehide";

/// A lock that is held; released when it is dropped, or its page is left. A page that is left may be kept for the way back, with its
/// lock: Chromium ends the page when somebody else waits, and then gives the lock to nobody any more.
#[derive(Debug)]
pub struct Held {
    release: Option<Function>,
}

/// Asks for the lock `name`, shared by all tabs of this origin, and waits for it in the future that it returns.
///
/// Where the browser has no Web Locks (they need a secure context), or refuses them, as where site data is blocked, there is
/// nothing to wait for: within the page the machine sees to it that there is one renewal, and tabs have the ledger, if any.
///
/// # Errors
/// [`Failure::Browser`] when the browser takes the lock for released before it was granted.
pub fn acquire(name: &str) -> impl Future<Output = Result<Held, Failure>> + use<> {
    let (sender, granted) = oneshot::channel();
    let mut sender = Some(sender);
    let asked = lock_request().map(|(locks, request)| {
        // The lock is held until the promise that this returns is settled.
        let hold = Closure::once_into_js(move || {
            Promise::new(&mut |resolve, _| {
                // Dropped at once when nobody waits any more: `Held` releases on drop.
                if let Ok(window) = window() {
                    // Listening to an event of a plain name does not throw.
                    let _ = window.add_event_listener_with_callback(LEFT, &resolve);
                }
                let held = Held { release: Some(resolve) };
                if let Some(sender) = sender.take() {
                    let _ = sender.send(held);
                }
            })
        });
        request.call2(&locks, &name.into(), &hold)
    });
    async {
        let promise = match asked {
            Some(asked) => asked.map_or_else(|error| Promise::reject(&error), JsCast::unchecked_into),
            None => return Ok(Held { release: None }),
        };
        // Settled when the lock is released or refused, and with it what listens here is gone.
        match select(granted, JsFuture::from(promise)).await {
            Either::Left((Ok(held), _)) => Ok(held),
            Either::Right((Err(_), _)) => Ok(Held { release: None }),
            Either::Left((Err(_), _)) | Either::Right((Ok(_), _)) => {
                Err(Failure::Browser("the lock was not granted".to_owned()))
            }
        }
    }
}

/// Whether the browser has Web Locks, and lets this page use them.
pub fn are_available() -> bool {
    lock_request().is_some()
}

/// `navigator.locks`, and its method `request`.
fn lock_request() -> Option<(JsValue, Function)> {
    let locks = Reflect::get(&window().ok()?.navigator(), &"locks".into()).ok()?;
    let request = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
    Some((locks, request))
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            // Resolving a promise cannot fail, nor can listening no more.
            let _ = release.call0(&JsValue::UNDEFINED);
            if let Ok(window) = window() {
                let _ = window.remove_event_listener_with_callback(LEFT, &release);
            }
        }
    }
}

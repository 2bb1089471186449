//! An event listener that is removed when it is dropped.

use std::fmt;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{AddEventListenerOptions, Event, EventTarget};

/// Listens until it is dropped.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    captures: bool,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `handle` for every `event` at `target`.
    pub fn new(target: &EventTarget, event: &'static str, handle: impl FnMut(Event) + 'static) -> Self {
        Self::add(target, event, false, Closure::new(handle))
    }

    /// Calls `handle` for every `event` on its way down to its target, also when the target keeps it from others; the page
    /// need not wait for it before it scrolls.
    pub fn capturing(target: &EventTarget, event: &'static str, handle: impl FnMut(Event) + 'static) -> Self {
        Self::add(target, event, true, Closure::new(handle))
    }

    fn add(target: &EventTarget, event: &'static str, captures: bool, closure: Closure<dyn FnMut(Event)>) -> Self {
        let options = AddEventListenerOptions::new();
        options.set_capture(captures);
        if captures {
            options.set_passive(true);
        }
        let callback = closure.as_ref().unchecked_ref();
        // Adding a listener for a plain event name does not throw.
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(event, callback, &options);
        Self { target: target.clone(), event, captures, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(self.event, callback, self.captures);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Listener").field(&self.event).finish()
    }
}

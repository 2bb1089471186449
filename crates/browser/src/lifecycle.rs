//! What happens to the page: it is shown, comes back from the back/forward cache, loses and finds the network.

use evergrant_core::session::{Event, Wake};
use wasm_bindgen::JsCast;
use web_sys::{PageTransitionEvent, VisibilityState};

use crate::listener::Listener;

/// Reports the page's life as session events until it is dropped.
#[derive(Debug)]
pub struct Lifecycle {
    _listeners: Vec<Listener>,
}

impl Lifecycle {
    /// Begins to listen.
    pub fn watch(report: impl Fn(Event) + Clone + 'static) -> Self {
        let mut listeners = Vec::new();
        let Some(window) = web_sys::window() else { return Self { _listeners: listeners } };
        for (name, online) in [("online", true), ("offline", false)] {
            let report = report.clone();
            listeners.push(Listener::new(window.as_ref(), name, move |_| report(Event::Network { online })));
        }
        let shown = report.clone();
        listeners.push(Listener::new(window.as_ref(), "focus", move |_| shown(Event::Woke(Wake::Visible))));
        let restored = report.clone();
        listeners.push(Listener::new(window.as_ref(), "pageshow", move |event| {
            if event.dyn_into::<PageTransitionEvent>().is_ok_and(|event| event.persisted()) {
                restored(Event::Woke(Wake::Restored));
            }
        }));
        if let Some(document) = window.document() {
            let target = document.clone();
            listeners.push(Listener::new(target.as_ref(), "visibilitychange", move |_| {
                if document.visibility_state() == VisibilityState::Visible {
                    report(Event::Woke(Wake::Visible));
                }
            }));
        }
        Self { _listeners: listeners }
    }
}

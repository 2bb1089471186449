//! What happens to the page: it is shown, comes back from the back/forward cache, loses and finds the network.

use std::rc::Rc;

use evergrant_core::session::{Event, Wake};
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, PageTransitionEvent, VisibilityState};

use crate::code;
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
        let mut listen = |target: &EventTarget, name, handle| {
            listeners.push(Listener::new(target, name, code::heard_when_there(handle)));
        };
        for (name, online) in [("online", true), ("offline", false)] {
            let report = report.clone();
            listen(&window, name, Rc::new(move |_| report(Event::Network { online })));
        }
        let shown = report.clone();
        listen(&window, "focus", Rc::new(move |_| shown(Event::Woke(Wake::Visible))));
        let restored = report.clone();
        let show = move |event: web_sys::Event| {
            if event.dyn_into::<PageTransitionEvent>().is_ok_and(|event| event.persisted()) {
                restored(Event::Woke(Wake::Restored));
            }
        };
        listen(&window, "pageshow", Rc::new(show));
        if let Some(document) = window.document() {
            let target = document.clone();
            let change = move |_| {
                if document.visibility_state() == VisibilityState::Visible {
                    report(Event::Woke(Wake::Visible));
                }
            };
            listen(&target, "visibilitychange", Rc::new(change));
        }
        Self { _listeners: listeners }
    }
}

//! What the person does in this page: presses, types, scrolls (R11). That they do something is told, never what.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::listener::Listener;
use crate::{clock, code};

/// What only a person does: pages scroll by themselves, so `scroll` is not among them.
const EVENTS: [&str; 5] = ["pointerdown", "keydown", "wheel", "touchstart", "touchmove"];

/// Reports activity until it is dropped.
#[derive(Debug)]
pub struct Activity {
    _listeners: Vec<Listener>,
}

impl Activity {
    /// Calls `report` when the person does something, but not sooner than `grain` after it was called last.
    pub fn watch(grain: Duration, report: impl Fn() + Clone + 'static) -> Self {
        let Some(window) = web_sys::window() else { return Self { _listeners: Vec::new() } };
        let told = Rc::new(Cell::new(None::<Duration>));
        let listeners = EVENTS.map(|event| {
            let (report, told) = (report.clone(), Rc::clone(&told));
            let did = move |_| {
                let now = clock::now().monotonic;
                if told.get().is_none_or(|last| now.saturating_sub(last) >= grain) {
                    told.set(Some(now));
                    report();
                }
            };
            Listener::capturing(&window, event, code::heard_when_there(Rc::new(did)))
        });
        Self { _listeners: listeners.into() }
    }
}

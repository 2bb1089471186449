//! The wall clock, as something that a page can follow.

use evergrant_leptos::{UnixTime, use_session};
use gloo_timers::callback::Interval;
use leptos::prelude::*;

/// The time now: anew each second, and whenever the session changes, while the component that asks lives.
pub(crate) fn ticking() -> Signal<UnixTime> {
    let session = use_session();
    let tick = RwSignal::new(());
    // Ends with the component that owns it.
    StoredValue::new_local(Interval::new(1000, move || tick.set(())));
    Signal::derive(move || {
        tick.track();
        session.view().track();
        session.now()
    })
}

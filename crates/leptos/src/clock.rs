//! The wall clock, as something that a page can follow.

use evergrant_core::time::UnixTime;
use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::handle::use_session;

/// The time now, for countdowns: anew each second, and whenever the session changes, while the component that asks lives.
///
/// # Panics
/// Outside a [`crate::SessionProvider`], as [`use_session`].
pub fn use_clock() -> Signal<UnixTime> {
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

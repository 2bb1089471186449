//! The wall clock, as something that a page can follow.

use evergrant_core::time::UnixTime;
use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::handle::{SessionHandle, use_session};

/// A clock for countdowns, which ticks while the component that asks lives.
///
/// # Panics
/// Outside a [`crate::SessionProvider`], as [`use_session`].
pub fn use_clock() -> Clock {
    let tick = Trigger::new();
    // Ends with the component that owns it.
    StoredValue::new_local(Interval::new(1000, move || tick.notify()));
    Clock { session: use_session(), tick }
}

/// A clock that can be followed as a signal can; a copy costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    session: SessionHandle,
    tick: Trigger,
}

impl Clock {
    /// The time now: anew each second, and whenever the session changes.
    pub fn get(&self) -> UnixTime {
        self.tick.track();
        self.session.view().track();
        self.session.now()
    }
}

//! Pieces that several pages show.

mod countdown;
mod header;
mod notices;
mod sign_in;

pub use countdown::Countdown;
pub use header::Header;
pub use notices::Notices;
pub use sign_in::SignInForm;

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use evergrant_leptos::{UnixTime, use_session};

/// The wall clock, ticking each second while the component that asks lives.
pub(crate) fn ticking() -> ReadSignal<UnixTime> {
    let session = use_session();
    let now = RwSignal::new(session.now());
    let interval = StoredValue::new_local(Some(Interval::new(1000, move || now.set(session.now()))));
    on_cleanup(move || interval.set_value(None));
    now.read_only()
}

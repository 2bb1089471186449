//! The clocks and the dice: the one place where the session learns what time it is.

use std::time::Duration;

use evergrant_core::time::{Now, UnixTime};

use crate::crypto;

/// The time by both clocks, with fresh randomness.
pub fn now() -> Now {
    Now { wall: wall(), monotonic: monotonic(), entropy: crypto::random_u64() }
}

/// The wall clock, ahead by what was rehearsed of sleep.
pub fn wall() -> UnixTime {
    let device = UnixTime::from_millis(js_sys::Date::now() as i64);
    #[cfg(feature = "inspector")]
    let device = device + crate::rehearsal::ahead();
    device
}

/// When this page was navigated to: no token in its address can have been issued later.
pub fn page_opened() -> Now {
    let now = now();
    Now { wall: now.wall - now.monotonic, monotonic: Duration::ZERO, ..now }
}

/// Time since the page was navigated to.
fn monotonic() -> Duration {
    let millis = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now());
    // Browsers tell no finer.
    Duration::from_micros((millis * 1000.0) as u64)
}

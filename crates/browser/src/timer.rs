//! Timers: the one that wakes the session, and the limit on how long an answer may take.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;

/// A timer that is cleared when it is dropped.
pub type Timer = Timeout;

/// Calls `fire` after `wait`, which the machine keeps below what a browser's timer can hold.
pub fn after(wait: Duration, fire: impl FnOnce() + 'static) -> Timer {
    Timeout::new(millis(wait), fire)
}

/// What `future` gives, or `None` when it takes longer than `limit`. It is dropped then.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), TimeoutFuture::new(millis(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Whole milliseconds, rounded up: a timer that fires a little early would only be set again.
fn millis(wait: Duration) -> u32 {
    let whole = wait.saturating_add(Duration::from_micros(999)).as_millis();
    u32::try_from(whole).unwrap_or(i32::MAX as u32).min(i32::MAX as u32)
}

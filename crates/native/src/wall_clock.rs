//! The machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use evergrant_core::time::UnixTime;

/// What it says, to the millisecond; the beginning of 1970 if it is set before that.
pub fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

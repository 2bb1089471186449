//! This server's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use evergrant_core::time::UnixTime;

/// What it says.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

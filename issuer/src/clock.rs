//! The issuer's clock: the machine's, moved by an offset, so that years of expiry fit into a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use evergrant_core::time::UnixTime;

/// Tells the time. Clones share one offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// The time by which everything here is judged.
    pub fn now(&self) -> UnixTime {
        let millis = evergrant_native::now().as_millis();
        UnixTime::from_millis(millis.saturating_add(self.offset_millis.load(Ordering::Relaxed)))
    }

    /// Moves this clock and all its clones ahead.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Moves this clock and all its clones by seconds, ahead or back.
    pub fn shift(&self, seconds: i32) {
        self.offset_millis.fetch_add(i64::from(seconds) * 1000, Ordering::Relaxed);
    }

    /// How many seconds this clock is ahead of the machine's.
    pub fn seconds_ahead(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = Clock::system();
        let clone = clock.clone();
        let before = clone.now();
        clone.advance(Duration::from_secs(3600));
        assert!(clock.now().since(before) >= Duration::from_secs(3600));
    }
}

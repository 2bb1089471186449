//! The clocks of one device: the truth, and the two that a page can read.

use std::time::Duration;

use evergrant_core::time::UnixTime;

/// When every world begins, in milliseconds since the epoch.
const BEGINNING: i64 = 1_800_000_000_000;

/// What time it is. All in milliseconds.
#[derive(Debug, Default)]
pub struct Clock {
    /// Since the world began. Nobody in it can read this.
    pub truth: u64,
    /// How far the wall clock was moved, by people and time servers.
    pub moved: i64,
    /// When that was done last, and when backwards, in true milliseconds.
    pub set_at: Option<u64>,
    pub set_back_at: Option<u64>,
    /// How long the monotonic clock stood still, while the machine slept.
    pub stood_still: u64,
}

impl Clock {
    /// Somebody, or a time server, sets the wall clock.
    pub fn set(&mut self, by: i64) {
        self.moved += by;
        self.set_at = Some(self.truth);
        if by < 0 {
            self.set_back_at = Some(self.truth);
        }
    }

    /// Whether the wall clock was set at that time or later.
    pub fn was_set_since(&self, truth: u64) -> bool {
        self.set_at.is_some_and(|set_at| set_at >= truth)
    }

    pub fn wall(&self) -> UnixTime {
        UnixTime::from_millis(BEGINNING + self.truth as i64 + self.moved)
    }

    /// Time since the device was switched on.
    pub fn monotonic(&self) -> Duration {
        Duration::from_millis(self.truth - self.stood_still)
    }

    /// When a timer that is set for then fires: a tab in the background hears of its timers once a minute.
    pub fn fires_at(&self, timer: Duration, throttled_until: u64) -> u64 {
        let at = self.truth_at(timer);
        if self.truth < throttled_until { at.next_multiple_of(60_000) } else { at }
    }

    /// When the monotonic clock will show `monotonic`, if the machine stays awake. Browsers round up to milliseconds.
    pub fn truth_at(&self, monotonic: Duration) -> u64 {
        monotonic.as_nanos().div_ceil(1_000_000) as u64 + self.stood_still
    }
}

//! The issuer's clock: the machine's, moved by an offset, so that years of expiry fit into a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

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
        self.when(evergrant_native::now())
    }

    /// What this clock says while another says `time`.
    pub(crate) fn when(&self, time: UnixTime) -> UnixTime {
        UnixTime::from_millis(time.as_millis().saturating_add(self.offset_millis.load(Ordering::Relaxed)))
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

/// How far a clock may move away from what passes between two looks at it: more than one that is put right little by little.
const PACE_MAY_DIFFER: Duration = Duration::from_secs(10);

/// How long a clock must have kept pace before it is believed: one that was wrong after a start or a sleep is set by then.
const BELIEVED_AFTER: Duration = Duration::from_secs(5 * 60);

/// Whether a clock can be believed where something is removed for good: one that is ahead makes everything look as if it were
/// over. What passes is told by a clock that nobody sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    kept_since: Instant,
    last: (Instant, UnixTime),
}

impl Pace {
    pub(crate) fn new(at: Instant, now: UnixTime) -> Self {
        Self { kept_since: at, last: (at, now) }
    }

    /// To be asked every minute or so. `now` is what the clock says at `at`.
    pub(crate) fn is_kept(&mut self, at: Instant, now: UnixTime) -> bool {
        let (last_at, last) = self.last;
        let passed = at.saturating_duration_since(last_at);
        if now.since(last).abs_diff(passed) > PACE_MAY_DIFFER {
            self.kept_since = at;
        }
        self.last = (at, now);
        at.saturating_duration_since(self.kept_since) >= BELIEVED_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_believed_once_it_has_kept_pace_for_a_while() {
        let (begun, now) = (Instant::now(), UnixTime::from_seconds(1_800_000_000));
        let mut pace = Pace::new(begun, now);
        let mut kept = |minute: u64, ahead: i64| {
            let passed = Duration::from_secs(60 * minute);
            let told = UnixTime::from_millis((now + passed).as_millis() + 1000 * ahead);
            pace.is_kept(begun + passed, told)
        };
        assert!((1..5).all(|minute| !kept(minute, 0)), "it has just started");
        // Put right little by little, by nine seconds a minute.
        assert!((5..10).all(|minute| kept(minute, 9 * (minute as i64 - 5))));
        assert!((10..15).all(|minute| !kept(minute, 86_400)), "it was set ahead");
        assert!((15..17).all(|minute| kept(minute, 86_400)), "it is so, after all");
        assert!((17..22).all(|minute| !kept(minute, 0)), "it was set back");
        assert!(kept(22, 0));
    }

    #[test]
    fn clones_move_together() {
        let clock = Clock::system();
        let clone = clock.clone();
        let before = clone.now();
        clone.advance(Duration::from_secs(3600));
        assert!(clock.now().since(before) >= Duration::from_secs(3600));
    }
}

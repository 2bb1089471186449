//! R11: how long the person has done nothing, in any tab, and how long they may.

use std::time::Duration;

use super::schedule::Lease;
use crate::config::IdleLimit;
use crate::time::{Now, UnixTime};

/// How soon the ledger is asked again when it has not answered whether the person was active elsewhere.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What is known of the person's activity.
///
/// It is told by two clocks, as a token's lifetime is: a person who was away while the laptop slept was away.
#[derive(Debug)]
pub(super) struct Idle {
    limit: IdleLimit,
    /// How long the session goes on if the person does nothing more; `None` as long as no activity is known of.
    lease: Option<Lease>,
    /// Whether the app was told to warn.
    has_warned: bool,
}

impl Idle {
    pub(super) fn new(limit: IdleLimit) -> Self {
        Self { limit, lease: None, has_warned: false }
    }

    /// The person is active now.
    pub(super) fn active(&mut self, now: &Now) {
        self.lease = Some(Lease::fresh(self.limit.timeout, now));
    }

    /// The person was active at that time, in another tab or before this page was opened. What is known to be later stays.
    /// Once both are too long ago, this tab knows no less than whoever told it: to ask again brings nothing new.
    pub(super) fn active_at(&mut self, at: UnixTime, now: &Now) {
        let told = Lease::stored(at + self.limit.timeout, self.limit.timeout, now);
        if self.remaining(now).is_none_or(|known| told.remaining(now) >= known) {
            self.lease = Some(told);
        }
    }

    /// A session is taken up. Where nothing is known of the person's activity, its tokens were got while they were active.
    pub(super) fn begin(&mut self, tokens_received_at: UnixTime, now: &Now) {
        if self.lease.is_none() {
            self.active_at(tokens_received_at, now);
        }
    }

    /// When the person was last active, as far as this tab knows.
    pub(super) fn last_active(&self) -> UnixTime {
        self.ends_at().unwrap_or_default() - self.limit.timeout
    }

    /// When the session ends if the person does nothing.
    pub(super) fn ends_at(&self) -> Option<UnixTime> {
        self.lease.map(|lease| lease.expires_at())
    }

    /// Whether the person has done nothing for as long as they may.
    pub(super) fn is_over(&self, now: &Now) -> bool {
        self.remaining(now).is_some_and(|remaining| remaining.is_zero())
    }

    /// Whether it is time to warn.
    pub(super) fn warns(&self, now: &Now) -> bool {
        self.remaining(now).is_some_and(|remaining| remaining <= self.limit.warning && !self.limit.warning.is_zero())
    }

    /// Whether the app has to be told that a warning is due, or no longer.
    pub(super) fn has_news(&mut self, now: &Now) -> bool {
        let warns = self.warns(now);
        std::mem::replace(&mut self.has_warned, warns) != warns
    }

    /// How long until the warning, or after it until the end.
    pub(super) fn next(&self, now: &Now) -> Option<Duration> {
        let remaining = self.remaining(now)?;
        let until_warning = remaining.saturating_sub(self.limit.warning);
        Some(match (remaining.is_zero(), until_warning.is_zero()) {
            (true, _) => ASK_AGAIN,
            (_, true) => remaining,
            _ => until_warning,
        })
    }

    /// What one clock knows of a sleep, or of the other being set, is kept (R2).
    pub(super) fn correct(&mut self, now: &Now) {
        if let Some(corrected) = self.lease.and_then(|lease| lease.corrected(now)) {
            self.lease = Some(corrected);
        }
    }

    fn remaining(&self, now: &Now) -> Option<Duration> {
        self.lease.map(|lease| lease.remaining(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: IdleLimit = IdleLimit { timeout: Duration::from_secs(60), warning: Duration::from_secs(20) };

    fn at(wall: i64, monotonic: u64) -> Now {
        Now { wall: UnixTime::from_seconds(wall), monotonic: Duration::from_secs(monotonic), entropy: 0 }
    }

    fn active(now: Now) -> Idle {
        let mut idle = Idle::new(LIMIT);
        idle.active(&now);
        idle
    }

    #[test]
    fn the_warning_comes_first_then_the_end() {
        let idle = active(at(1000, 0));
        assert_eq!(idle.next(&at(1000, 0)), Some(Duration::from_secs(40)));
        assert!(!idle.warns(&at(1039, 39)));
        assert!(idle.warns(&at(1040, 40)) && !idle.is_over(&at(1040, 40)));
        assert_eq!(idle.next(&at(1040, 40)), Some(Duration::from_secs(20)));
        assert!(idle.is_over(&at(1060, 60)));
        assert_eq!(idle.last_active(), UnixTime::from_seconds(1000));
    }

    #[test]
    fn a_warning_of_zero_is_none() {
        let mut idle = Idle::new(IdleLimit { warning: Duration::ZERO, ..LIMIT });
        idle.active(&at(1000, 0));
        assert_eq!(idle.next(&at(1000, 0)), Some(Duration::from_secs(60)));
        assert!(!idle.warns(&at(1060, 60)) && idle.is_over(&at(1060, 60)));
    }

    #[test]
    fn a_sleep_counts_as_doing_nothing() {
        assert!(active(at(1000, 0)).is_over(&at(4600, 1)));
    }

    #[test]
    fn a_clock_set_back_prolongs_nothing() {
        let mut idle = active(at(1000, 0));
        idle.correct(&at(400, 10));
        assert!(idle.is_over(&at(450, 60)));
    }

    #[test]
    fn later_activity_elsewhere_counts_and_earlier_does_not() {
        let mut idle = active(at(1000, 0));
        idle.active_at(UnixTime::from_seconds(990), &at(1010, 10));
        assert_eq!(idle.last_active(), UnixTime::from_seconds(1000));
        idle.active_at(UnixTime::from_seconds(1005), &at(1010, 10));
        assert_eq!(idle.last_active(), UnixTime::from_seconds(1005));
    }

    #[test]
    fn activity_told_from_the_future_gives_one_limit_and_no_more() {
        let mut idle = Idle::new(LIMIT);
        idle.active_at(UnixTime::from_seconds(99_999), &at(1000, 0));
        assert!(idle.is_over(&at(1060, 60)));
    }

    #[test]
    fn without_any_word_of_activity_the_tokens_tell() {
        let mut idle = Idle::new(LIMIT);
        assert!(!idle.is_over(&at(1000, 0)) && idle.next(&at(1000, 0)).is_none());
        idle.begin(UnixTime::from_seconds(950), &at(1000, 0));
        assert!(idle.is_over(&at(1010, 10)));
    }
}

//! When to renew: the lead before expiry, what is left of a token by two clocks, the wait before a retry.

use std::time::Duration;

use crate::time::{Now, UnixTime};

/// The longest timer a browser keeps: above 2^31-1 ms `setTimeout` fires at once. Longer waits are cut and set again.
pub const LONGEST_TIMER: Duration = Duration::from_millis(0x7fff_ffff);

const SHORTEST_LEAD: Duration = Duration::from_secs(5);
const LONGEST_LEAD: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_secs(1);
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// No retry comes sooner: full jitter may draw zero.
const SHORTEST_RETRY: Duration = Duration::from_millis(500);

/// How long before expiry a renewal begins.
///
/// By default a tenth of the lifetime, between 5 s and 60 s; `configured` overrides that. Never more than half the
/// lifetime. A random part of up to a quarter is taken off, so that tabs and people do not all come at once; a lead of
/// zero stays zero.
pub fn lead(lifetime: Duration, configured: Option<Duration>, now: &Now) -> Duration {
    let lead = configured.unwrap_or_else(|| (lifetime / 10).clamp(SHORTEST_LEAD, LONGEST_LEAD)).min(lifetime / 2);
    lead.mul_f64(1.0 - now.unit_random() / 4.0)
}

/// How long to wait after `failures` failures in a row: exponential with full jitter, never sooner than the server asked
/// by `Retry-After`.
pub fn backoff(failures: u32, retry_after: Option<Duration>, now: &Now) -> Duration {
    let ceiling = FIRST_RETRY.saturating_mul(1 << failures.min(16)).min(LONGEST_RETRY);
    ceiling.mul_f64(now.unit_random()).max(SHORTEST_RETRY).max(retry_after.unwrap_or_default())
}

/// A wait cut to what a browser's timer can hold.
pub fn cap(wait: Duration) -> Duration {
    wait.min(LONGEST_TIMER)
}

/// How long an access token is good, told by two clocks: the earlier end counts.
///
/// The monotonic clock may stand still while the machine sleeps, and the wall clock may be moved. A token is taken for
/// expired when either says so: an early renewal harms nobody, a late one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    wall: UnixTime,
    monotonic: Duration,
}

impl Lease {
    /// Of a token that was asked for at `requested_at` in this page.
    pub fn fresh(lifetime: Duration, requested_at: &Now) -> Self {
        Self { wall: requested_at.wall + lifetime, monotonic: requested_at.monotonic.saturating_add(lifetime) }
    }

    /// Of a token found in the store, of which only the wall clock can tell. It is never given more than its lifetime,
    /// whatever the wall clock says.
    pub fn stored(expires_at: UnixTime, lifetime: Duration, now: &Now) -> Self {
        let left = expires_at.since(now.wall).min(lifetime);
        Self { wall: expires_at.min(now.wall + left), monotonic: now.monotonic.saturating_add(left) }
    }

    /// What is left.
    pub fn remaining(&self, now: &Now) -> Duration {
        self.wall.since(now.wall).min(self.monotonic.saturating_sub(now.monotonic))
    }

    /// When it ends, by the wall clock.
    pub fn expires_at(&self) -> UnixTime {
        self.wall
    }

    /// The lease by which both clocks agree on the earlier end; `None` when they do already.
    ///
    /// A sleep makes one clock lag, a person sets the other: what one of them knows has to be kept before the other moves
    /// as well. A wall clock that was set back by up to two seconds is left alone, since time servers do that all day;
    /// but what has expired stays so.
    pub fn corrected(&self, now: &Now) -> Option<Self> {
        let by_wall = self.wall.since(now.wall);
        let by_monotonic = self.monotonic.saturating_sub(now.monotonic);
        let tolerance = if by_monotonic.is_zero() { Duration::ZERO } else { Duration::from_secs(2) };
        if by_wall < by_monotonic {
            Some(Self { monotonic: now.monotonic + by_wall, ..*self })
        } else if by_wall - by_monotonic > tolerance {
            Some(Self { wall: now.wall + by_monotonic, ..*self })
        } else {
            None
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(wall: i64, monotonic: u64) -> Now {
        Now { wall: UnixTime::from_seconds(wall), monotonic: Duration::from_secs(monotonic), entropy: 0 }
    }

    fn seconds(value: u64) -> Duration {
        Duration::from_secs(value)
    }

    #[test]
    fn the_lead_is_a_tenth_between_5_and_60_seconds_and_at_most_half() {
        for (lifetime, expected) in [(7200, 60), (300, 30), (40, 5), (10, 5), (6, 3), (0, 0)] {
            assert_eq!(lead(seconds(lifetime), None, &at(0, 0)), seconds(expected), "{lifetime}");
        }
    }

    #[test]
    fn a_configured_lead_counts_and_zero_is_the_tutorials_behaviour() {
        assert_eq!(lead(seconds(7200), Some(seconds(300)), &at(0, 0)), seconds(300));
        assert_eq!(lead(seconds(7200), Some(Duration::ZERO), &at(0, 0)), Duration::ZERO);
        assert_eq!(lead(seconds(20), Some(seconds(300)), &at(0, 0)), seconds(10));
    }

    #[test]
    fn a_lease_ends_when_either_clock_says_so() {
        let lease = Lease::fresh(seconds(100), &at(1000, 50));
        assert_eq!(lease.remaining(&at(1040, 90)), seconds(60));
        assert_eq!(lease.remaining(&at(5000, 51)), Duration::ZERO, "slept, or the clock was set forward");
        assert_eq!(lease.remaining(&at(10, 151)), Duration::ZERO, "the clock was set back");
    }

    #[test]
    fn a_stored_lease_never_exceeds_the_lifetime() {
        let lease = Lease::stored(UnixTime::from_seconds(90_000), seconds(100), &at(1000, 0));
        assert_eq!(lease.remaining(&at(1000, 0)), seconds(100));
    }

    #[test]
    fn a_sleep_stays_known_when_the_clock_is_set_back_after_it() {
        let lease = Lease::fresh(seconds(100), &at(1000, 0));
        let corrected = lease.corrected(&at(1060, 10)).unwrap();
        assert_eq!(corrected.expires_at(), UnixTime::from_seconds(1100));
        assert_eq!(corrected.remaining(&at(500, 20)), seconds(30));
    }

    #[test]
    fn a_clock_set_back_is_noticed_and_corrected() {
        let lease = Lease::fresh(seconds(100), &at(1000, 0));
        assert_eq!(lease.corrected(&at(1010, 10)), None);
        let corrected = lease.corrected(&at(500, 10)).map(|lease| lease.expires_at());
        assert_eq!(corrected, Some(UnixTime::from_seconds(590)));
    }

    proptest! {
        #[test]
        fn a_lead_leaves_at_least_half_the_lifetime(lifetime in 0_u64..100_000_000, entropy in any::<u64>(), configured in proptest::option::of(0_u64..100_000)) {
            let now = Now { entropy, ..at(0, 0) };
            let lead = lead(seconds(lifetime), configured.map(seconds), &now);
            prop_assert!(lead <= seconds(lifetime) / 2);
        }

        #[test]
        fn a_retry_is_never_immediate_never_endless_and_never_before_retry_after(failures in any::<u32>(), entropy in any::<u64>(), after in 0_u64..1000) {
            let now = Now { entropy, ..at(0, 0) };
            let wait = backoff(failures, Some(seconds(after)), &now);
            prop_assert!(wait >= SHORTEST_RETRY.max(seconds(after)));
            prop_assert!(wait <= LONGEST_RETRY.max(seconds(after)));
        }
    }
}

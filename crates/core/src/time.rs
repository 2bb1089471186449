//! How time is passed in: nothing in this crate reads a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::Serialize;

use crate::protocol::json::{self, Member, MemberError};

/// A point on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch, the unit of `exp`, `iat` and `auth_time` (RFC 7519 §2, NumericDate).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time from `earlier` to `self`; zero when `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

json::member! { UnixTime: |value| Member::read(value).map(Self).ok_or(MemberError::OtherKind) }

impl Add<Duration> for UnixTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }
}

impl Sub<Duration> for UnixTime {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(whole_millis(duration)))
    }
}

/// As RFC 3339 writes it, in UTC and whole seconds: `2026-11-21T08:15:00Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_seconds();
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_date(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01.
///
/// Years are counted from the first of March here, so that the day of a leap year is the last of its year.
fn civil_date(days: i64) -> (i64, i64, i64) {
    /// From 0000-03-01.
    const TO_1970: i64 = 719_468;
    const IN_4_YEARS: i64 = 1_461;
    const IN_100_YEARS: i64 = 36_524;
    const IN_400_YEARS: i64 = 146_097;
    let days = days + TO_1970;
    let (era, day) = (days.div_euclid(IN_400_YEARS), days.rem_euclid(IN_400_YEARS));
    // Without its leap days, every year of the era has 365 days.
    let year = (day - day / (IN_4_YEARS - 1) + day / IN_100_YEARS - day / (IN_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months take 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year, month + 3);
    if month > 12 { (year + 1, month - 12, day) } else { (year, month, day) }
}

/// What the outside world says when it hands over an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock. People and sleeping laptops move it; only it means anything after a reload.
    pub wall: UnixTime,
    /// Time since the page was opened. It never goes back, and may stand still while the machine sleeps.
    pub monotonic: Duration,
    /// Fresh randomness, used to spread renewals and retries.
    pub entropy: u64,
}

impl Now {
    /// The time from `earlier` to `self`, by the clock that says it was longer: the monotonic one may have slept.
    pub fn since(&self, earlier: &Self) -> Duration {
        self.monotonic.saturating_sub(earlier.monotonic).max(self.wall.since(earlier.wall))
    }

    /// A number in `0.0..1.0` drawn from [`Now::entropy`].
    pub fn unit_random(&self) -> f64 {
        // The upper 53 bits fill an f64's mantissa exactly.
        (self.entropy >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_also_before_the_epoch() {
        assert_eq!(UnixTime::from_millis(-1).as_seconds(), -1);
        assert_eq!(UnixTime::from_millis(1999).as_seconds(), 1);
    }

    #[test]
    fn dates_are_written_in_utc() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_763_700_000, "2025-11-21T04:40:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-2_203_891_201, "1900-02-28T23:59:59Z"),
        ] {
            assert_eq!(UnixTime::from_seconds(seconds).to_string(), date);
        }
        assert!(UnixTime::from_millis(i64::MAX).to_string().starts_with("292278994-"));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(UnixTime::from_millis(i64::MAX) + Duration::MAX, UnixTime::from_millis(i64::MAX));
        assert_eq!(UnixTime::from_millis(5).since(UnixTime::from_millis(9)), Duration::ZERO);
    }

    #[test]
    fn time_passes_by_the_clock_that_went_further() {
        let at = |wall, monotonic| Now {
            wall: UnixTime::from_seconds(wall),
            monotonic: Duration::from_secs(monotonic),
            entropy: 0,
        };
        assert_eq!(at(105, 3).since(&at(100, 1)), Duration::from_secs(5));
        assert_eq!(at(90, 3).since(&at(100, 1)), Duration::from_secs(2));
    }

    #[test]
    fn unit_random_stays_below_one() {
        let now = |entropy| Now { wall: UnixTime::default(), monotonic: Duration::ZERO, entropy };
        assert!(now(u64::MAX).unit_random() < 1.0);
        assert_eq!(now(0).unit_random(), 0.0);
    }
}

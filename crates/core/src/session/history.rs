//! What happened to a session besides its renewals: tokens that came, times without network, sleep, its end. Bounded, and
//! without secrets.

use std::collections::VecDeque;

use super::view::EndReason;
use crate::time::UnixTime;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// When this page learned of it, by the wall clock.
    pub at: UnixTime,
    /// What.
    pub what: Occurred,
}

/// What can happen to a session besides a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occurred {
    /// An access token came, by a sign-in, a renewal, from the store or from another tab.
    Token {
        /// When it was asked for: its life counts from then.
        since: UnixTime,
        /// When it expires.
        expires_at: UnixTime,
    },
    /// Another tab renewed the session, and this one lives by what it got.
    RenewedElsewhere,
    /// The page stood still until now: the machine slept, the browser held the page back, or somebody set the clock ahead.
    StoodStill {
        /// Since when.
        since: UnixTime,
    },
    /// The network went.
    Offline,
    /// The network came back.
    Online,
    /// Nobody is signed in here any more.
    Ended(EndReason),
}

impl Occurred {
    /// A word for the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::RenewedElsewhere => "renewed_elsewhere",
            Self::StoodStill { .. } => "stood_still",
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Ended(_) => "ended",
        }
    }
}

/// The latest occurrences, in the order in which this page learned of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(VecDeque<Occurrence>);

impl History {
    /// How many are kept: a token for each of the renewals that the log keeps, and as much again.
    pub const CAPACITY: usize = 2 * super::RenewalLog::CAPACITY;

    /// Adds one, and drops the oldest past [`History::CAPACITY`].
    pub fn add(&mut self, at: UnixTime, what: Occurred) {
        if self.0.len() == Self::CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(Occurrence { at, what });
    }

    /// The latest token turns out to expire at another time.
    pub fn correct_token(&mut self, corrected: UnixTime) {
        let expires_at = self.0.iter_mut().rev().find_map(|occurrence| match &mut occurrence.what {
            Occurred::Token { expires_at, .. } => Some(expires_at),
            _ => None,
        });
        if let Some(expires_at) = expires_at {
            *expires_at = corrected;
        }
    }

    /// When the latest token expires.
    pub fn token_expires_at(&self) -> Option<UnixTime> {
        self.0.iter().rev().find_map(|occurrence| match occurrence.what {
            Occurred::Token { expires_at, .. } => Some(expires_at),
            _ => None,
        })
    }

    /// The occurrences, the first to be noticed first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Occurrence> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_the_latest() {
        let mut history = History::default();
        for second in 0..1000 {
            history.add(UnixTime::from_seconds(second), Occurred::Offline);
        }
        assert_eq!(history.iter().count(), History::CAPACITY);
        assert_eq!(history.iter().next_back().map(|last| last.at), Some(UnixTime::from_seconds(999)));
    }

    #[test]
    fn a_correction_is_of_the_latest_token_alone() {
        let at = UnixTime::from_seconds;
        let mut history = History::default();
        history.correct_token(at(1));
        for start in [0, 100] {
            history.add(at(start), Occurred::Token { since: at(start), expires_at: at(start + 300) });
        }
        history.add(at(150), Occurred::Online);
        history.correct_token(at(160));
        let tokens: Vec<_> = history.iter().take(2).map(|occurrence| occurrence.what.clone()).collect();
        let life = |since, until| Occurred::Token { since: at(since), expires_at: at(until) };
        assert_eq!(tokens, [life(0, 300), life(100, 160)]);
        assert_eq!(history.token_expires_at(), Some(at(160)));
    }
}

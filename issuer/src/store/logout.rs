//! A client that is to hear that a session is over (Back-Channel Logout 1.0 §2.3), and when it hears.

use std::time::Duration;

use evergrant_core::protocol::{ClientId, Subject};
use evergrant_core::time::UnixTime;

/// How long a client may take between redeeming a code and having a session of its own: where the issuer's was over before the
/// code came, it hears of that no sooner.
pub(super) const SESSION_BEGINS_WITHIN: Duration = Duration::from_secs(10);

/// A client that has an ID token with a `sid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedInRp {
    /// What its ID token calls the session.
    pub sid: String,
    /// Which client.
    pub client_id: ClientId,
    /// Who is signed in.
    pub subject: Subject,
    /// Whether `sid` names a session of a browser; otherwise it is over when what was granted in it is.
    pub has_session: bool,
    /// Until when it may be signed in by that.
    pub keep_until: UnixTime,
}

/// A client that has not heard yet that a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLogout {
    /// What its ID token calls the session.
    pub sid: String,
    /// Which client.
    pub client_id: ClientId,
    /// Who was signed in.
    pub subject: Subject,
    /// How often it was tried, this time included.
    pub tries: u32,
}

impl DueLogout {
    /// How long after the first try the second comes; each pause is twice the one before. Longer than an answer may take, so
    /// that of several issuers two never try at once.
    pub const FIRST_PAUSE: Duration = Duration::from_secs(15);

    /// The longest pause.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

    /// How often it is tried, in about two hours.
    pub const MOST_TRIES: u32 = 10;

    /// When it is tried again if nobody says that this try has reached its end: the process may die.
    pub(super) fn next_try_at(&self, now: UnixTime) -> UnixTime {
        let doubled = 1 << self.tries.saturating_sub(1).min(30);
        now + Self::FIRST_PAUSE.saturating_mul(doubled).min(Self::LONGEST_PAUSE)
    }

    /// A try that is to come later than this was put off by a clock that was ahead.
    pub(super) fn latest_try(now: UnixTime) -> UnixTime {
        now + Self::LONGEST_PAUSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let now = UnixTime::from_seconds(0);
        let pause = |tries| {
            let due =
                DueLogout { sid: String::new(), client_id: ClientId::new("app"), subject: Subject::new("ann"), tries };
            due.next_try_at(now).since(now)
        };
        assert_eq!([1, 2, 3].map(pause), [15, 30, 60].map(Duration::from_secs));
        let all: Duration = (1..DueLogout::MOST_TRIES).map(pause).sum();
        assert_eq!(all, Duration::from_secs(7425), "two hours");
        assert_eq!([40, u32::MAX].map(pause), [DueLogout::LONGEST_PAUSE; 2]);
    }
}

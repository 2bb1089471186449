//! Hands that do wrong, one wrong at a time: what shows that every invariant can fail.

use super::invariants::Invariant;

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Every renewal is sent twice.
    RenewsTwice,
    /// The issuer's tokens live half as long as it says.
    ShortensTokens,
    /// The store keeps what should be forgotten.
    IgnoresForget,
    /// Requests outlive the session.
    IgnoresAbort,
    /// The timer outlives the session.
    IgnoresCancelTimer,
    /// A failed renewal empties the store.
    ForgetsOnFailure,
    /// The network never recovers.
    NeverClears,
    /// A failed renewal is begun again at once, and nobody asked.
    Impatient,
    /// `Retry-After` is obeyed by nobody.
    ForgetsRetryAfter,
    /// Timers are not set.
    LosesTimers,
}

impl Mischief {
    /// Every one, with the invariant that tells on it.
    pub const ALL: [(Self, Invariant); 10] = [
        (Self::RenewsTwice, Invariant::OneRenewalAtATime),
        (Self::ShortensTokens, Invariant::NoExpiredToken),
        (Self::IgnoresForget, Invariant::NothingStoredAfterSignOut),
        (Self::IgnoresAbort, Invariant::NothingSentAfterSignOut),
        (Self::IgnoresCancelTimer, Invariant::NoTimerAfterSignOut),
        (Self::ForgetsOnFailure, Invariant::SessionKept),
        (Self::NeverClears, Invariant::FreshOnceCalm),
        (Self::Impatient, Invariant::RequestsSpaced),
        (Self::ForgetsRetryAfter, Invariant::RetryAfterObeyed),
        (Self::LosesTimers, Invariant::NeverStuck),
    ];
}

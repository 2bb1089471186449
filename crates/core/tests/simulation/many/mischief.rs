//! Hands that do wrong between tabs, one wrong at a time: what shows that every invariant can fail.

use super::invariants::Invariant;

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Nobody waits for the lock.
    IgnoresLock,
    /// Every refresh token counts as unsent when a renewal fails.
    AlwaysUnsends,
    /// The ledger forgets which refresh tokens were answered.
    ForgetsAnswers,
    /// The issuer's tokens live half as long as it says.
    ShortensTokens,
    /// The store keeps what should be forgotten.
    IgnoresForget,
    /// Requests outlive the session.
    IgnoresAbort,
    /// Tabs tell each other nothing.
    NeverTells,
    /// What the ledger says is heeded by nobody, unless it answers a claim.
    NeverHeeds,
    /// Every failure passes for a refusal.
    TakesFailuresForRefusals,
    /// `Retry-After` is obeyed by nobody whom it was not told.
    ForgetsRetryAfter,
    /// A tab renews what another has renewed already.
    NeverAdopts,
    /// A tab hears of no activity in others, and believes that there was none.
    DeafToOthers,
    /// A tab that is told of a sign-out forgets its refresh token, and tells nobody.
    RevokesNothing,
    /// The network never recovers.
    NeverClears,
    /// Timers are not set.
    LosesTimers,
}

impl Mischief {
    /// Every one, with the invariant that tells on it.
    pub const ALL: [(Self, Invariant); 15] = [
        (Self::IgnoresLock, Invariant::OneRenewalAtATime),
        (Self::AlwaysUnsends, Invariant::RefreshTokenSentOnce),
        (Self::ForgetsAnswers, Invariant::LastResortOfUnknownFate),
        (Self::ShortensTokens, Invariant::NoExpiredToken),
        (Self::IgnoresForget, Invariant::NothingStoredAfterSignOut),
        (Self::IgnoresAbort, Invariant::NothingSentAfterSignOut),
        (Self::NeverTells, Invariant::NothingSentAfterSignOut),
        (Self::NeverHeeds, Invariant::TabsAgreeOnceCalm),
        (Self::RevokesNothing, Invariant::RevokedAfterSignOut),
        (Self::TakesFailuresForRefusals, Invariant::SessionKept),
        (Self::ForgetsRetryAfter, Invariant::RetryAfterObeyed),
        (Self::NeverAdopts, Invariant::OneRenewalPerExpiry),
        (Self::DeafToOthers, Invariant::IdleEndsAll),
        (Self::NeverClears, Invariant::FreshOnceCalm),
        (Self::LosesTimers, Invariant::NeverStuck),
    ];
}

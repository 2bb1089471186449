//! What a tab wants written into the ledger, and what the ledger answers.

use std::time::Duration;

use crate::protocol::RefreshToken;
use crate::session::record::{Method, Session};
use crate::time::UnixTime;

/// What a tab wants written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Before a renewal: may this session be renewed, and how?
    Claim {
        /// The session as this tab knows it.
        session: Box<Session>,
        /// What time it is.
        at: UnixTime,
        /// Whether the person asked for it: then it is neither too early nor in vain.
        asked: bool,
    },
    /// The issuer asked to be left alone.
    Rest {
        /// Since when.
        from: UnixTime,
        /// For how long (`Retry-After`).
        wait: Duration,
    },
    /// A renewal failed.
    Count {
        /// The session with its failures.
        session: Box<Session>,
        /// What time it is.
        at: UnixTime,
    },
    /// After a renewal: these are the new tokens.
    Settle {
        /// The renewed session.
        session: Box<Session>,
        /// Whether all tabs share it.
        shared: bool,
        /// The refresh token that brought them, if one did.
        sent: Option<RefreshToken>,
    },
    /// The iframe is ruled out, and the refresh token was sent before: may it be presented again?
    LastResort {
        /// The session as it was claimed.
        session: Box<Session>,
    },
    /// A sign-in completed.
    SignIn {
        /// The new session.
        session: Box<Session>,
        /// Whether all tabs share it.
        shared: bool,
        /// The sign-in that was ended before it, where the ledger may not know so yet: hearing of it later must not end this one.
        after: Option<u64>,
        /// What time it is.
        at: UnixTime,
    },
    /// The person signed out, whatever the tabs live by.
    SignOut {
        /// The sign-in that this tab lived by: a ledger that was lost begins again after it.
        generation: u64,
        /// What time it is.
        at: UnixTime,
    },
    /// That sign-in is over, unless another one has come after it.
    EndSignIn {
        /// Which one.
        generation: u64,
        /// Whether that is because nobody was active.
        idle: bool,
        /// What time it is.
        at: UnixTime,
    },
    /// The person is active.
    Active {
        /// Since when, by the wall clock. The latest word counts, also when that clock was set back.
        at: UnixTime,
        /// What this corrects, because the clock was set: another word stays.
        instead_of: Option<UnixTime>,
    },
    /// The person was not active in this tab for too long: the session is over, unless they were in another tab.
    EndIdle {
        /// The session as this tab knows it.
        session: Box<Session>,
        /// When the person was last active, as far as this tab knows.
        active_at: UnixTime,
        /// What time it is: what the ledger has of the future a wrong clock wrote.
        now: UnixTime,
    },
    /// The issuer wants to see the person: this session is over in every tab, unless the tabs live by a newer one.
    EndGeneration {
        /// The session that could not be renewed.
        session: Box<Session>,
    },
    /// Is this session still the one to live by? Nothing changes, unless all tabs share one and this is newer, or the first.
    Consult {
        /// The session as this tab knows it; `None` when it knows none.
        session: Option<Box<Session>>,
        /// Whether all tabs share it.
        shared: bool,
    },
    /// The answer to a renewal was dropped, but the refresh token in it replaces the one that was sent.
    Rotated {
        /// The session as it was claimed, with the new refresh token.
        session: Box<Session>,
        /// The one that was sent.
        sent: Option<RefreshToken>,
    },
    /// A claim came to nothing before its refresh token can have been used. Not for a last resort: what became of the token when
    /// it was sent first stays open.
    Unsend {
        /// The session as it was claimed.
        session: Box<Session>,
    },
}

impl Change {
    /// To be called at the moment when it is applied, with the time by then: it may have waited through a sleep, or for whoever
    /// held the ledger.
    pub const fn came_to_its_turn(&mut self, by_now: UnixTime) {
        if let Self::Claim { at: time, .. } | Self::EndIdle { now: time, .. } = self {
            *time = by_now;
        }
    }

    /// What to go by when whoever keeps the ledger gave no answer in time: nothing is written, but nobody waits for ever. A
    /// sign-in goes on, in a generation that the ledger will agree with, unless the clock was set back since a sign-out.
    pub fn unanswered(&self) -> Verdict {
        match self {
            Self::SignIn { at, .. } => Verdict::Begun { generation: super::generation_by_time(*at), replaced: None },
            _ => Verdict::Unanswered,
        }
    }
}

/// What the ledger answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on, by this method. A refresh token is marked as sent already.
    Renew(Method),
    /// The issuer asked to be left alone for so long still.
    Wait(Duration),
    /// Another tab was faster, or has failed as well: live by this session.
    Adopt(Box<Session>),
    /// The session ended in another tab.
    Ended {
        /// Whether that was because nobody was active (R11).
        idle: bool,
    },
    /// The ledger did not know this session, which was signed in or renewed while it gave no answer, or before it was lost. Now
    /// it does, and the other tabs are to be told.
    TakenUp,
    /// The person was active elsewhere.
    Active {
        /// When, by the wall clock.
        at: UnixTime,
    },
    /// The sign-in is written.
    Begun {
        /// The generation it has become.
        generation: u64,
        /// The session that all tabs lived by until now.
        replaced: Option<Box<Session>>,
    },
    /// Nothing was read, and nothing is written: whoever keeps the ledger gave no answer in time.
    Unanswered,
    /// Written, or still good; the session belongs to this generation.
    Good {
        /// The generation.
        generation: u64,
    },
}

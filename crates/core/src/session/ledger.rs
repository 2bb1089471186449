//! What tabs must agree on: which sign-in they live by, its newest tokens, and which refresh tokens were sent.
//!
//! The ledger is read, changed and written as one step, in a store where two tabs see the same thing. A renewal claims
//! its right before anything is sent and settles afterwards, both under the lock; a sign-out needs no lock: it moves the
//! generation on, and whatever was claimed before it is worthless.

mod change;
mod refresh_tokens;
mod renewal;

use std::time::Duration;

use serde::Serialize;

pub use self::change::{Change, Verdict};
use super::record::Session;
use crate::protocol::json;
use crate::time::UnixTime;

/// Two pages may read one clock at such a distance.
const CLOCKS_APART: Duration = Duration::from_secs(1);

/// The ledger of one client. `Debug` hides the tokens in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Moved on by every sign-out, and by every sign-in to a shared session: to the time of it, so that a ledger that was
    /// lost goes on above all that tabs may still live by.
    generation: u64,
    /// What is below this is over.
    over: u64,
    /// The session that all tabs share; absent when each tab keeps its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Box<Session>>,
    /// Hashes of refresh tokens that were sent, oldest first.
    sent: Vec<String>,
    /// Hashes of those that were answered, so that they are not even a last resort.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spent: Vec<String>,
    /// When a renewal of the shared session failed last (R10).
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<UnixTime>,
    /// How long the issuer asked to be left alone (R8).
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
    /// When the person was last active in any tab, where that matters (R11).
    #[serde(skip_serializing_if = "Option::is_none")]
    active_at: Option<UnixTime>,
    /// The generation that ended because nobody was active: a tab that slept through that is told so.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_end: Option<u64>,
}

json::members!(Ledger {
    generation: required,
    over: or_default,
    session: optional,
    sent: or_default,
    spent: or_default,
    failed_at: optional,
    rest: optional,
    active_at: optional,
    idle_end: optional,
});

/// A time in which nothing is asked, unless the person wants it; all by the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Rest {
    from: UnixTime,
    until: UnixTime,
}

json::members!(Rest { from: required, until: required });

impl Ledger {
    /// Applies a change.
    pub fn apply(&mut self, change: &Change) -> Verdict {
        match change {
            Change::Claim { session, at, asked } => self.claim(session, *at, *asked),
            Change::Rest { from, wait } => {
                self.rest = Some(Rest { from: *from, until: *from + *wait });
                Verdict::Good { generation: self.generation }
            }
            Change::Count { session, at } => self.count(session, *at),
            Change::Settle { session, shared, sent } => self.settle(session, *shared, sent.as_ref()),
            Change::LastResort { session } => self.last_resort(session),
            Change::SignIn { session, shared, after, at } => self.sign_in(session, *shared, *after, *at),
            Change::SignOut { generation, at } => {
                self.generation = self.generation.max(*generation);
                self.end(*at)
            }
            Change::EndSignIn { generation, idle, at } if *generation >= self.generation => {
                self.generation = *generation;
                if *idle { self.end_idle(*at) } else { self.end(*at) }
            }
            Change::EndSignIn { generation, .. } => self.ended(*generation),
            Change::Active { at, instead_of } => {
                if instead_of.is_none() || self.active_at == *instead_of {
                    self.active_at = Some(*at);
                }
                Verdict::Good { generation: self.generation }
            }
            Change::EndIdle { session, active_at, now } => match self.active_at {
                // A tab that knows of the future asked before its clock was set back.
                Some(at) if (at > *active_at || active_at > now) && at <= *now + CLOCKS_APART => Verdict::Active { at },
                _ => self.end_if_good(session, |ledger| ledger.end_idle(*now)),
            },
            Change::EndGeneration { session } => {
                self.end_if_good(session, |ledger| ledger.end_generation(session.generation))
            }
            Change::Consult { session: Some(session), shared } => self.take_up(session, *shared),
            Change::Consult { session: None, .. } => match &self.session {
                Some(shared) => Verdict::Adopt(shared.clone()),
                None => Verdict::Good { generation: self.generation },
            },
            Change::Rotated { session, sent } => {
                self.answered(sent.as_ref(), session);
                self.rotated(session)
            }
            Change::Unsend { session } => {
                self.unsend(session.refresh_token.as_ref());
                Verdict::Good { generation: self.generation }
            }
        }
    }

    fn sign_in(&mut self, session: &Session, shared: bool, after: Option<u64>, at: UnixTime) -> Verdict {
        let mut replaced = None;
        if let Some(ended) = after.filter(|ended| *ended >= self.generation) {
            self.generation = ended;
            self.end(at);
        }
        if shared {
            self.move_on(at);
            replaced = self.session.replace(Box::new(Session { generation: self.generation, ..session.clone() }));
        } else {
            // Left from when the app was configured to share one.
            self.session = None;
        }
        Verdict::Begun { generation: self.generation, replaced }
    }

    fn end_if_good(&mut self, session: &Session, end: impl FnOnce(&mut Self) -> Verdict) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => end(self),
            other => other,
        }
    }

    fn end_idle(&mut self, at: UnixTime) -> Verdict {
        self.idle_end = Some(self.generation);
        self.end(at)
    }

    /// Later sign-ins go on: there may be some that a ledger which was lost does not know.
    fn end_generation(&mut self, generation: u64) -> Verdict {
        self.over = generation.saturating_add(1);
        self.generation = self.generation.max(self.over);
        self.session = None;
        Verdict::Good { generation: self.generation }
    }

    fn end(&mut self, at: UnixTime) -> Verdict {
        self.move_on(at);
        self.over = self.generation;
        self.session = None;
        Verdict::Good { generation: self.generation }
    }

    fn move_on(&mut self, at: UnixTime) {
        self.generation = self.generation.saturating_add(1).max(generation_by_time(at));
    }

    fn ended(&self, generation: u64) -> Verdict {
        Verdict::Ended { idle: self.idle_end == Some(generation) }
    }

    fn consult(&mut self, session: &Session) -> Verdict {
        self.take_up(session, false)
    }

    /// Whether this session is good, or another one is to be lived by. One that no ledger knew is for all tabs, where they share
    /// one.
    fn take_up(&mut self, session: &Session, shared: bool) -> Verdict {
        // A session ahead of the ledger means that the browser has lost the ledger: it begins again from the session.
        self.generation = self.generation.max(session.generation);
        match &self.session {
            Some(known) if is_newer(known, session) => return Verdict::Adopt(known.clone()),
            _ if session.generation < self.over => return self.ended(session.generation),
            // What was signed in or renewed while the ledger gave no answer.
            Some(known) if is_newer(session, known) => {}
            None if shared => {}
            _ => return Verdict::Good { generation: self.generation },
        }
        self.session = Some(Box::new(session.clone()));
        if shared { Verdict::TakenUp } else { Verdict::Good { generation: self.generation } }
    }
}

/// Generations are times, so that they grow even where the ledger was lost.
fn generation_by_time(at: UnixTime) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or_default()
}

fn is_newer(shared: &Session, mine: &Session) -> bool {
    (shared.generation, shared.renewals) > (mine.generation, mine.renewals)
}

#[cfg(test)]
mod tests;

//! What is true of the sign-ins of a world, whatever its tabs believe.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::id_token::IdTokenClaims;
use evergrant_core::session::{Change, MOST_FAILURES, Session, Verdict};

use super::invariants::Invariant;
use super::tab::{access_token, lineage, refresh_token};
use super::world::World;

/// The sign-ins that live, and what became of their tokens.
#[derive(Debug, Default)]
pub struct Oracle {
    /// Sign-ins that nobody has ended.
    living: BTreeSet<u64>,
    /// Sign-ins to the shared session that another one came after: nobody signed out of them.
    superseded: BTreeSet<u64>,
    /// Sign-ins that were over when the ledger was lost: a tab that had not heard of it cannot learn it any more.
    forgotten: BTreeSet<u64>,
    /// The shared session is in no ledger, until a tab writes it there again.
    pub is_lost: bool,
    /// The sign-in that was no ledger's when it began: the page that lives by it writes it down as soon as it can.
    pub unwritten: Option<u64>,
    /// The person has signed out, and not in again.
    pub signed_out: bool,
    /// When the ledger was lost last, or gave no answer to what was renewed.
    pub lost_at: Option<u64>,
    /// Those that somebody is signing out of at this moment.
    dying: BTreeSet<u64>,
    /// Sign-ins of earlier generations are over for the ledger.
    pub over: u64,
    /// How the ledger took down each of them.
    begun: BTreeMap<u64, Begun>,
    /// The session that all tabs share.
    pub newest: Option<Box<Session>>,
    /// Refresh tokens that brought tokens to a tab.
    answered: BTreeSet<u64>,
    /// Until when the issuer asked one of the tabs to be left alone by all.
    pub left_alone_until: u64,
    /// When the person was last active in any tab, in true milliseconds: as far as the ledger can know, and really.
    pub active_at: u64,
    pub really_active_at: u64,
    /// Whether that can be told: the clock was not set since.
    pub knows_activity: bool,
    lineages: u64,
    /// A page died, or got no answer, after it told the others of a sign-out and before it was written: some heard, and some
    /// did not.
    pub sign_out_stopped_halfway: bool,
}

/// A sign-in as the ledger has it.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// In true milliseconds.
    at: u64,
    generation: u64,
}

impl Oracle {
    pub fn lives(&self, lineage: u64) -> bool {
        self.living.contains(&lineage) || self.forgotten.contains(&lineage)
    }

    /// Whether somebody, or the issuer, ended it.
    pub fn was_ended(&self, lineage: u64) -> bool {
        !self.lives(lineage) && !self.superseded.contains(&lineage)
    }

    pub fn may_have_ended(&self, lineage: u64) -> bool {
        !self.living.contains(&lineage) || self.dying.contains(&lineage)
    }

    /// A refresh token brought tokens. Where it is not rotated, it will again.
    fn answered(&mut self, sent: Option<&RefreshToken>, session: &Session) {
        let Some(number) = sent.and_then(|sent| sent.secret().parse().ok()) else { return };
        if sent != session.refresh_token.as_ref() {
            self.answered.insert(number);
        }
    }

    /// Those that the ledger takes for later than this: it was lost, and the clock set back.
    fn ahead_of(&self, generation: u64, lineages: &BTreeSet<u64>) -> BTreeSet<u64> {
        let is_ahead = |lineage: &&u64| self.begun.get(lineage).is_some_and(|begun| begun.generation >= generation);
        lineages.iter().filter(is_ahead).copied().collect()
    }

    /// The ledger is lost.
    pub fn forget(&mut self, truth: u64) {
        self.lost_at = Some(truth);
        self.forgotten = (0..=self.lineages).filter(|lineage| !self.living.contains(lineage)).collect();
        self.newest = None;
        self.is_lost = true;
        self.unwritten = None;
        self.over = 0;
        self.answered.clear();
        self.left_alone_until = 0;
        self.knows_activity = false;
    }

    /// Somebody has signed in. Where the ledger gave no answer, it may take that for earlier than the latest sign-out.
    pub fn begins(&mut self, claims: &IdTokenClaims, at: u64, generation: u64) {
        self.living.insert(lineage(claims));
        if generation < self.over {
            self.dying.insert(lineage(claims));
        }
        self.begun.insert(lineage(claims), Begun { at, generation });
    }

    /// A page that lives by this sign-in is told of a sign-out. When it is the older of the two, it ends the sign-in all the
    /// same: nobody can tell.
    pub fn hears_of_an_end(&mut self, lineage: u64, told_at: u64) {
        if self.begun.get(&lineage).is_some_and(|begun| begun.at >= told_at) {
            self.dying.insert(lineage);
        }
    }

    /// A page tells the ledger of what was signed in or renewed while that gave no answer, or before it was lost.
    fn catches_up(&mut self, session: &Session, is_taken_up: bool) -> bool {
        let is_ahead = match &self.newest {
            Some(newest) => (session.generation, session.renewals) > (newest.generation, newest.renewals),
            None => is_taken_up,
        };
        if is_ahead {
            let now = lineage(&session.claims);
            if let Some(before) = self.newest.as_ref().map(|newest| lineage(&newest.claims)).filter(|it| *it != now)
                && self.living.remove(&before)
            {
                self.superseded.insert(before);
            }
            self.newest = Some(Box::new(session.clone()));
            self.is_lost = false;
        }
        is_ahead
    }

    /// The person presses the button.
    pub fn sign_out_begins(&mut self) {
        self.signed_out = true;
        self.dying.extend(&self.living);
    }
}

impl World {
    pub fn next_lineage(&mut self) -> u64 {
        self.oracle.lineages += 1;
        self.oracle.lineages
    }

    /// The ledger was changed, as a page has asked for at that time.
    pub fn witness(&mut self, change: &Change, asked_at: u64, verdict: &Verdict) {
        let idle_for = Duration::from_millis(self.clock.truth - self.oracle.active_at);
        let oracle = &mut self.oracle;
        let is_taken_up = *verdict == Verdict::TakenUp;
        let stands = is_taken_up || matches!(verdict, Verdict::Good { .. } | Verdict::Renew(_) | Verdict::Wait(_));
        if let Some(session) = known(change).filter(|_| stands)
            && oracle.catches_up(session, is_taken_up)
            && !is_taken_up
        {
            // Whoever looks at the ledger next learns of it; nobody else is told.
            self.tabs.iter_mut().for_each(|tab| tab.missed_something = true);
        }
        match (change, verdict) {
            (Change::SignIn { session, shared, .. }, Verdict::Begun { generation, .. }) => {
                oracle.signed_out = false;
                if *shared {
                    let ahead = oracle.ahead_of(*generation, &oracle.living);
                    oracle.forgotten.extend(ahead);
                    oracle.superseded.append(&mut oracle.living);
                    let mut newest = session.clone();
                    newest.generation = *generation;
                    oracle.newest = Some(newest);
                    oracle.is_lost = false;
                }
                oracle.begins(&session.claims, self.clock.truth, *generation);
            }
            (Change::Claim { session, .. }, Verdict::Renew(_)) if !oracle.lives(lineage(&session.claims)) => {
                self.broken = Some((Invariant::NothingSentAfterSignOut, "a renewal was let begin"));
            }
            (Change::LastResort { session }, Verdict::Renew(_))
                if refresh_token(session).is_some_and(|number| oracle.answered.contains(&number)) =>
            {
                self.broken = Some((Invariant::LastResortOfUnknownFate, "there was no hope in it"));
            }
            (Change::Settle { session, shared, sent }, Verdict::Good { .. }) => {
                oracle.answered(sent.as_ref(), session);
                if !oracle.lives(lineage(&session.claims)) {
                    self.broken = Some((Invariant::NothingStoredAfterSignOut, "the ledger took its tokens"));
                }
                if *shared {
                    oracle.newest = Some(session.clone());
                    oracle.is_lost = false;
                }
            }
            (Change::Rotated { session, sent }, Verdict::Good { .. }) => {
                oracle.answered(sent.as_ref(), session);
                let same = |newest: &Session| lineage(&newest.claims) == lineage(&session.claims);
                if let Some(newest) = oracle.newest.as_mut().filter(|newest| same(newest)) {
                    newest.refresh_token.clone_from(&session.refresh_token);
                }
            }
            (Change::Rest { wait, .. }, _) if !self.clock.was_set_since(asked_at) => {
                oracle.left_alone_until = asked_at + wait.as_millis() as u64;
            }
            (Change::Active { instead_of: None, .. }, _) if !self.clock.was_set_since(asked_at) => {
                oracle.active_at = asked_at;
                oracle.knows_activity = true;
            }
            (Change::EndIdle { now, .. }, Verdict::Good { .. })
                if oracle.knows_activity
                    && *now <= self.clock.wall()
                    && self.config.idle.is_none_or(|idle| idle_for < idle.timeout) =>
            {
                self.broken = Some((Invariant::IdleEndsAll, "the person was active"));
            }
            (
                Change::EndIdle { .. } | Change::EndSignIn { .. } | Change::SignOut { .. },
                Verdict::Good { generation },
            ) => {
                oracle.over = *generation;
                oracle.living = oracle.ahead_of(*generation, &oracle.living);
                oracle.superseded.clear();
                oracle.forgotten = oracle.ahead_of(*generation, &oracle.forgotten);
                oracle.newest = None;
                oracle.is_lost = false;
            }
            (Change::EndGeneration { session }, Verdict::Good { .. }) => {
                // What no ledger knew, and was begun before, is over as well.
                oracle.living = oracle.ahead_of(session.generation + 1, &oracle.living);
                oracle.over = oracle.over.max(session.generation + 1);
                let ended = lineage(&session.claims);
                oracle.living.remove(&ended);
                oracle.superseded.remove(&ended);
                oracle.newest.take_if(|newest| lineage(&newest.claims) == ended);
            }
            _ => {}
        }
    }

    /// Whether a refresh token is at hand that the issuer would take.
    pub fn could_refresh(&self, session: &Session) -> bool {
        let newest = self.oracle.newest.as_deref().unwrap_or(session);
        let known = if lineage(&newest.claims) == lineage(&session.claims) { newest } else { session };
        refresh_token(known).is_some_and(|number| self.issuer.is_good(number))
    }

    /// Whether the issuer would renew this session for whoever holds it.
    pub fn could_renew(&self, session: &Session) -> bool {
        self.issuer.knows(super::tab::person(&session.claims)) || self.could_refresh(session)
    }

    /// Whether a renewal may be sent: somebody asked for it, or the newest tokens are about to expire.
    pub fn is_due(&self, tab: usize, session: &Session) -> bool {
        let Some(newest) = &self.oracle.newest else { return true };
        // By a clock that was set since, every tab judges differently; what is got next is told by the new time.
        if self.got_before(access_token(newest), self.clock.set_at) {
            return true;
        }
        // Two tabs may have renewed as often each, while no ledger knew which of them was ahead.
        if self.got_before(access_token(session), self.oracle.lost_at) {
            return true;
        }
        // Renewing has stopped, and somebody comes back to the page: it is tried once more, whoever asked for it.
        let has_stopped = session.failures >= MOST_FAILURES;
        if has_stopped || self.tabs[tab].asked || lineage(&newest.claims) != lineage(&session.claims) {
            return true;
        }
        newest.expires_at.since(self.clock.wall()) <= self.longest_lead + Duration::from_millis(10)
    }
}

/// The session that a page goes by as it asks for this.
fn known(change: &Change) -> Option<&Session> {
    match change {
        Change::Claim { session, .. } | Change::LastResort { session } | Change::Count { session, .. } => Some(session),
        Change::Rotated { session, .. } | Change::Consult { session: Some(session), .. } => Some(session),
        _ => None,
    }
}

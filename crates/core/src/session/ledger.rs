//! What tabs must agree on: which sign-in they live by, its newest tokens, and which refresh tokens were sent.
//!
//! The ledger is read, changed and written as one step, in a store where two tabs see the same thing. A renewal claims
//! its right before anything is sent and settles afterwards, both under the lock; a sign-out needs no lock: it moves the
//! generation on, and whatever was claimed before it is worthless.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::record::{Method, Session};
use crate::protocol::RefreshToken;
use crate::protocol::json;
use crate::time::UnixTime;

/// How many refresh tokens are remembered as sent, and as spent: those that tabs still hold are asked for, the others can go.
const MOST_REMEMBERED: usize = 64;

/// The ledger of one client. `Debug` hides the tokens in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Moved on by every sign-out, and by every sign-in to a shared session.
    generation: u64,
    /// The session that all tabs share; absent when each tab keeps its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Box<Session>>,
    /// Hashes of refresh tokens that were sent, oldest first.
    sent: Vec<String>,
    /// Hashes of those that are not even a last resort: they were answered, or were a last resort once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spent: Vec<String>,
    /// How long the issuer asked to be left alone (R8).
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
    /// When the person was last active in any tab, where that matters (R11).
    #[serde(skip_serializing_if = "Option::is_none")]
    active_at: Option<UnixTime>,
}

json::members!(Ledger {
    generation: required,
    session: optional,
    sent: or_default,
    spent: or_default,
    rest: optional,
    active_at: optional,
});

/// A time in which nothing is asked, unless the person wants it; all by the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Rest {
    from: UnixTime,
    until: UnixTime,
}

json::members!(Rest { from: required, until: required });

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
    /// The iframe is ruled out, and the refresh token was sent before: may it be presented once more?
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
    },
    /// The person signed out, whatever the tabs live by.
    SignOut {
        /// The sign-in that this tab lived by: a ledger that was lost begins again after it.
        generation: u64,
    },
    /// That sign-in is over, unless another one has come after it.
    EndSignIn {
        /// Which one.
        generation: u64,
    },
    /// The person is active.
    Active {
        /// Since when, by the wall clock. The latest word counts, also when that clock was set back.
        at: UnixTime,
    },
    /// The person was not active in this tab for too long: the session is over, unless they were in another tab.
    EndIdle {
        /// The session as this tab knows it.
        session: Box<Session>,
        /// When the person was last active, as far as this tab knows.
        active_at: UnixTime,
        /// What time it is: what the ledger has of the future, a wrong clock wrote.
        now: UnixTime,
    },
    /// The issuer wants to see the person: this session is over in every tab, unless the tabs live by a newer one.
    EndGeneration {
        /// The session that could not be renewed.
        session: Box<Session>,
    },
    /// Nothing changes: is this session still the one to live by?
    Consult {
        /// The session as this tab knows it; `None` when it knows none.
        session: Option<Box<Session>>,
    },
    /// The answer to a renewal was dropped, but the refresh token in it replaces the one that was sent.
    Rotated {
        /// The session as it was claimed, with the new refresh token.
        session: Box<Session>,
        /// The one that was sent.
        sent: Option<RefreshToken>,
    },
    /// A claim came to nothing before its refresh token can have been used.
    Unsend {
        /// The session as it was claimed.
        session: Box<Session>,
    },
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
    Ended,
    /// The person was active elsewhere.
    Active {
        /// When, by the wall clock.
        at: UnixTime,
    },
    /// Written, or still good; the session belongs to this generation.
    Good {
        /// The generation.
        generation: u64,
    },
}

impl Ledger {
    /// Applies a change.
    pub fn apply(&mut self, change: &Change) -> Verdict {
        match change {
            Change::Claim { session, at, asked } => self.claim(session, *at, *asked),
            Change::Rest { from, wait } => {
                self.rest = Some(Rest { from: *from, until: *from + *wait });
                Verdict::Good { generation: self.generation }
            }
            Change::Count { session } => self.count(session),
            Change::Settle { session, shared, sent } => self.settle(session, *shared, sent.as_ref()),
            Change::LastResort { session } => self.last_resort(session),
            Change::SignIn { session, shared } => self.sign_in(session, *shared),
            Change::SignOut { generation } => {
                self.generation = self.generation.max(*generation);
                self.end()
            }
            Change::EndSignIn { generation } if *generation >= self.generation => {
                self.generation = *generation;
                self.end()
            }
            Change::EndSignIn { .. } => Verdict::Ended,
            Change::Active { at } => {
                self.active_at = Some(*at);
                Verdict::Good { generation: self.generation }
            }
            Change::EndIdle { session, active_at, now } => match self.active_at {
                Some(at) if at > *active_at && at <= *now => Verdict::Active { at },
                _ => self.end_generation(session),
            },
            Change::EndGeneration { session } => self.end_generation(session),
            Change::Consult { session: Some(session) } => self.consult(session),
            Change::Consult { session: None } => match &self.session {
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

    fn claim(&mut self, session: &Session, at: UnixTime, asked: bool) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => {}
            other => return other,
        }
        if !asked {
            if let Some(shared) = self.session.as_ref().filter(|shared| shared.failures > session.failures) {
                // R10: what failed in another tab just now is not tried again here at once.
                return Verdict::Adopt(shared.clone());
            }
            // A clock that was set back says nothing about how long the issuer has been left alone.
            if let Some(rest) = self.rest.filter(|rest| rest.from <= at && at < rest.until) {
                return Verdict::Wait(rest.until.since(at));
            }
        }
        // A refresh token in a cookie is no page's to count: the server that keeps it takes care.
        let Some(refresh_token) = &session.refresh_token else { return Verdict::Renew(session.method()) };
        if !remember(&mut self.sent, fingerprint(refresh_token)) {
            // R7: it was sent, by a tab that died or lost the answer. Sent again it could pass for stolen.
            return self.replacement(session).map_or(Verdict::Renew(Method::Iframe), Verdict::Adopt);
        }
        Verdict::Renew(Method::RefreshToken)
    }

    /// R7: a refresh token of which nobody knows what became is presented once more when the session would be lost without
    /// it. At worst the issuer takes it for stolen and ends the family, which nobody could go on with.
    fn last_resort(&mut self, session: &Session) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => {}
            other => return other,
        }
        if let Some(shared) = self.replacement(session) {
            return Verdict::Adopt(shared);
        }
        match &session.refresh_token {
            Some(refresh_token) if remember(&mut self.spent, fingerprint(refresh_token)) => {
                Verdict::Renew(Method::RefreshToken)
            }
            _ => Verdict::Good { generation: self.generation },
        }
    }

    fn settle(&mut self, session: &Session, shared: bool, sent: Option<&RefreshToken>) -> Verdict {
        self.answered(sent, session);
        if session.generation != self.generation {
            return Verdict::Ended;
        }
        self.session = shared.then(|| Box::new(session.clone()));
        Verdict::Good { generation: self.generation }
    }

    /// A refresh token that was sent brought tokens. A server that does not rotate expects the same one again.
    fn answered(&mut self, sent: Option<&RefreshToken>, session: &Session) {
        let Some(sent) = sent else { return };
        let hash = fingerprint(sent);
        if session.refresh_token.as_ref() == Some(sent) {
            for hashes in [&mut self.sent, &mut self.spent] {
                hashes.retain(|known| *known != hash);
            }
        } else {
            remember(&mut self.spent, hash);
        }
    }

    fn sign_in(&mut self, session: &Session, shared: bool) -> Verdict {
        if shared {
            self.generation = self.generation.saturating_add(1);
            self.session = Some(Box::new(Session { generation: self.generation, ..session.clone() }));
        }
        Verdict::Good { generation: self.generation }
    }

    fn count(&mut self, session: &Session) -> Verdict {
        let verdict = self.consult(session);
        if let (Verdict::Good { .. }, Some(shared)) = (&verdict, &mut self.session) {
            shared.failures = shared.failures.max(session.failures);
            shared.problem.clone_from(&session.problem);
        }
        verdict
    }

    fn rotated(&mut self, session: &Session) -> Verdict {
        let verdict = self.consult(session);
        if let (Verdict::Good { .. }, Some(shared)) = (&verdict, &mut self.session) {
            shared.refresh_token.clone_from(&session.refresh_token);
        }
        verdict
    }

    /// The shared session, when a refresh token has come for it that was never sent.
    fn replacement(&self, session: &Session) -> Option<Box<Session>> {
        let shared = self.session.as_ref().filter(|shared| shared.generation == session.generation)?;
        let hash = fingerprint(shared.refresh_token.as_ref()?);
        (!self.sent.contains(&hash)).then(|| shared.clone())
    }

    fn end_generation(&mut self, session: &Session) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => self.end(),
            other => other,
        }
    }

    fn end(&mut self) -> Verdict {
        self.generation = self.generation.saturating_add(1);
        self.session = None;
        Verdict::Good { generation: self.generation }
    }

    /// A last resort that came to nothing leaves open what became of the token when it was sent first.
    fn unsend(&mut self, refresh_token: Option<&RefreshToken>) {
        let Some(hash) = refresh_token.map(fingerprint) else { return };
        let was_last_resort = self.spent.contains(&hash);
        let hashes = if was_last_resort { &mut self.spent } else { &mut self.sent };
        hashes.retain(|known| *known != hash);
    }

    fn consult(&mut self, session: &Session) -> Verdict {
        // A session ahead of the ledger means that the browser has lost the ledger: it begins again from the session.
        self.generation = self.generation.max(session.generation);
        match &self.session {
            Some(shared) if shared.generation == self.generation && is_newer(shared, session) => {
                Verdict::Adopt(shared.clone())
            }
            _ if session.generation != self.generation => Verdict::Ended,
            _ => Verdict::Good { generation: self.generation },
        }
    }
}

fn is_newer(shared: &Session, mine: &Session) -> bool {
    (shared.generation, shared.renewals) > (mine.generation, mine.renewals)
}

/// `false` when it is among them already. One that is asked for moves to the end: whoever holds that token still does.
fn remember(hashes: &mut Vec<String>, hash: String) -> bool {
    let known = hashes.len();
    hashes.retain(|other| *other != hash);
    let is_new = hashes.len() == known;
    if hashes.len() == MOST_REMEMBERED {
        hashes.remove(0);
    }
    hashes.push(hash);
    is_new
}

fn fingerprint(refresh_token: &RefreshToken) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(refresh_token.secret().as_bytes()))
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::session::record::tests::{WALL, session, tokens};
    use crate::time::Now;

    fn with_refresh_token(text: &str) -> Session {
        Session { refresh_token: Some(RefreshToken::new(text)), ..session(60) }
    }

    fn claim(ledger: &mut Ledger, session: &Session) -> Verdict {
        ledger.apply(&Change::Claim { session: Box::new(session.clone()), at: WALL, asked: false })
    }

    fn settle(ledger: &mut Ledger, session: &Session, shared: bool) -> Verdict {
        let sent = (session.last_method == Some(Method::RefreshToken)).then(|| RefreshToken::new("r0"));
        ledger.apply(&Change::Settle { session: Box::new(session.clone()), shared, sent })
    }

    /// A shared session, signed in and known to the ledger.
    fn signed_in(ledger: &mut Ledger, mut session: Session) -> Session {
        let Verdict::Good { generation } =
            ledger.apply(&Change::SignIn { session: Box::new(session.clone()), shared: true })
        else {
            panic!("a sign-in is always good")
        };
        session.generation = generation;
        session
    }

    fn renewed(session: &Session, refresh_token: &str) -> Session {
        let mut newer = session.clone();
        let now = Now { wall: WALL, monotonic: std::time::Duration::ZERO, entropy: 0 };
        newer.renew(tokens(1, 60, now), Method::RefreshToken);
        newer.refresh_token = Some(RefreshToken::new(refresh_token));
        newer
    }

    #[test]
    fn the_second_tab_adopts_what_the_first_renewed() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        let newer = renewed(&session, "r1");
        assert_eq!(settle(&mut ledger, &newer, true), Verdict::Good { generation: 1 });
        assert_eq!(claim(&mut ledger, &session), Verdict::Adopt(Box::new(newer)));
    }

    #[test]
    fn a_refresh_token_in_a_cookie_is_used_however_often() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, Session { refresh_cookie: true, ..session(60) });
        for _ in 0..2 {
            assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        }
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Good { generation: 1 });
    }

    #[test]
    fn a_refresh_token_that_was_sent_is_not_sent_again() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        // The tab dies here: nothing is settled.
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    }

    fn last_resort(ledger: &mut Ledger, session: &Session) -> Verdict {
        ledger.apply(&Change::LastResort { session: Box::new(session.clone()) })
    }

    #[test]
    fn a_refresh_token_of_unknown_fate_is_a_last_resort_once() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        // The answer is lost, and the iframe is ruled out.
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        // That answer is lost as well.
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Good { generation: 1 });
    }

    #[test]
    fn a_last_resort_that_was_turned_away_unread_is_none_yet() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        claim(&mut ledger, &session);
        last_resort(&mut ledger, &session);
        ledger.apply(&Change::Unsend { session: Box::new(session.clone()) });
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe), "its first sending is in doubt still");
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    }

    #[test]
    fn a_refresh_token_that_was_answered_is_no_last_resort_of_a_duplicated_tab() {
        // The other tab goes on with the successor: presenting the old one would end the family under it.
        let mut ledger = Ledger::default();
        let session = with_refresh_token("r0");
        claim(&mut ledger, &session);
        let sent = session.refresh_token.clone();
        ledger.apply(&Change::Settle { session: Box::new(renewed(&session, "r1")), shared: false, sent });
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Good { generation: 0 });
    }

    #[test]
    fn after_a_sign_out_there_is_no_last_resort() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        claim(&mut ledger, &session);
        ledger.apply(&Change::SignOut { generation: 0 });
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Ended);
    }

    #[test]
    fn a_duplicated_tab_does_not_send_the_others_refresh_token() {
        // "Duplicate tab" copies sessionStorage: two tabs, one refresh token, nothing shared but the ledger.
        let mut ledger = Ledger::default();
        let session = with_refresh_token("r0");
        ledger.apply(&Change::SignIn { session: Box::new(session.clone()), shared: false });
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        settle(&mut ledger, &renewed(&session, "r1"), false);
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    }

    #[test]
    fn a_server_that_does_not_rotate_gets_the_same_refresh_token_again() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        let newer = renewed(&session, "r0");
        settle(&mut ledger, &newer, true);
        assert_eq!(claim(&mut ledger, &newer), Verdict::Renew(Method::RefreshToken));
    }

    #[test]
    fn a_late_answer_cannot_bring_back_what_was_signed_out() {
        for shared in [true, false] {
            let mut ledger = Ledger::default();
            let session = session(60);
            assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
            ledger.apply(&Change::SignOut { generation: 0 });
            assert_eq!(settle(&mut ledger, &renewed(&session, "r"), shared), Verdict::Ended);
            assert_eq!(ledger.session, None);
            assert_eq!(claim(&mut ledger, &session), Verdict::Ended);
        }
    }

    #[test]
    fn somebody_elses_sign_in_is_adopted() {
        let mut ledger = Ledger::default();
        let first = signed_in(&mut ledger, session(60));
        ledger.apply(&Change::SignOut { generation: 0 });
        let second = signed_in(&mut ledger, session(90));
        assert_eq!(claim(&mut ledger, &first), Verdict::Adopt(Box::new(second)));
    }

    #[test]
    fn a_tab_of_its_own_signing_in_leaves_the_others_alone() {
        let mut ledger = Ledger::default();
        let mine = session(60);
        ledger.apply(&Change::SignIn { session: Box::new(session(90)), shared: false });
        assert_eq!(ledger.apply(&Change::Consult { session: Some(Box::new(mine)) }), Verdict::Good { generation: 0 });
    }

    #[test]
    fn a_sleeping_tab_stayed_signed_in_when_the_ledger_was_lost_before_a_sign_out_elsewhere() {
        let mut sleeping = session(60);
        sleeping.generation = 7;
        let mut ledger = Ledger::default();
        ledger.apply(&Change::SignOut { generation: 7 });
        assert_eq!(ledger.apply(&Change::Consult { session: Some(Box::new(sleeping.clone())) }), Verdict::Ended);
        assert_eq!(claim(&mut ledger, &sleeping), Verdict::Ended);
    }

    #[test]
    fn a_lost_ledger_ends_no_session() {
        let mut session = session(60);
        session.generation = 7;
        let mut ledger = Ledger::default();
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        assert_eq!(settle(&mut ledger, &session, true), Verdict::Good { generation: 7 });
    }

    #[test]
    fn a_claim_that_came_to_nothing_leaves_the_refresh_token_unsent() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        claim(&mut ledger, &session);
        ledger.apply(&Change::Unsend { session: Box::new(session.clone()) });
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    }

    #[test]
    fn a_renewal_by_iframe_made_a_refresh_token_that_was_sent_pass_for_unsent() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        // The answer is lost. The iframe brings tokens, but no refresh token.
        let mut newer = renewed(&session, "r0");
        newer.last_method = Some(Method::Iframe);
        settle(&mut ledger, &newer, true);
        assert_eq!(claim(&mut ledger, &newer), Verdict::Renew(Method::Iframe));
    }

    #[test]
    fn a_refusal_of_what_was_signed_in_before_ended_a_new_sign_in() {
        let mut ledger = Ledger::default();
        let first = signed_in(&mut ledger, session(60));
        let second = signed_in(&mut ledger, session(90));
        let refused = Change::EndGeneration { session: Box::new(first) };
        assert_eq!(ledger.apply(&refused), Verdict::Adopt(Box::new(second.clone())));
        assert_eq!(claim(&mut ledger, &second), Verdict::Renew(Method::Iframe));
    }

    #[test]
    fn the_refresh_token_of_a_dropped_answer_was_known_to_one_tab_only() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, with_refresh_token("r0"));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        let rotated = Session { refresh_token: Some(RefreshToken::new("r1")), ..session.clone() };
        ledger.apply(&Change::Rotated { session: Box::new(rotated.clone()), sent: session.refresh_token.clone() });
        assert_eq!(claim(&mut ledger, &session), Verdict::Adopt(Box::new(rotated.clone())));
        assert_eq!(claim(&mut ledger, &rotated), Verdict::Renew(Method::RefreshToken));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    }

    #[test]
    fn a_refusal_ends_the_session_in_every_tab() {
        let mut ledger = Ledger::default();
        let session = signed_in(&mut ledger, session(60));
        let refused = Change::EndGeneration { session: Box::new(session.clone()) };
        assert_eq!(ledger.apply(&refused), Verdict::Good { generation: 2 });
        assert_eq!(claim(&mut ledger, &session), Verdict::Ended);
        assert_eq!(ledger.apply(&Change::Consult { session: None }), Verdict::Good { generation: 2 });
    }

    #[test]
    fn what_the_issuer_asked_of_one_tab_holds_for_all_unless_the_person_wants_it() {
        for shared in [true, false] {
            let mut ledger = Ledger::default();
            let session = Box::new(session(60));
            ledger.apply(&Change::SignIn { session: session.clone(), shared });
            let session = Box::new(Session { generation: u64::from(shared), ..*session });
            ledger.apply(&Change::Rest { from: WALL, wait: Duration::from_secs(120) });
            let after = |seconds| WALL + Duration::from_secs(seconds);
            let mut claim = |at, asked| ledger.apply(&Change::Claim { session: session.clone(), at, asked });
            assert_eq!(claim(after(20), false), Verdict::Wait(Duration::from_secs(100)));
            assert_eq!(claim(after(20), true), Verdict::Renew(Method::Iframe));
            assert_eq!(claim(after(120), false), Verdict::Renew(Method::Iframe));
            assert_eq!(claim(WALL - Duration::from_secs(1), false), Verdict::Renew(Method::Iframe), "set back");
        }
    }

    #[test]
    fn failures_are_counted_for_all_tabs_together() {
        let mut ledger = Ledger::default();
        let mine = signed_in(&mut ledger, session(60));
        let failed = Session { failures: 3, ..mine.clone() };
        ledger.apply(&Change::Count { session: Box::new(failed.clone()) });
        assert_eq!(claim(&mut ledger, &mine), Verdict::Adopt(Box::new(failed.clone())));
        assert_eq!(claim(&mut ledger, &failed), Verdict::Renew(Method::Iframe), "whoever knows goes on");
        let asked = Change::Claim { session: Box::new(mine), at: WALL, asked: true };
        assert_eq!(ledger.apply(&asked), Verdict::Renew(Method::Iframe));
    }

    #[test]
    fn who_is_active_in_another_tab_is_not_idle() {
        let mut ledger = Ledger::default();
        let session = Box::new(signed_in(&mut ledger, session(60)));
        let at = UnixTime::from_seconds;
        ledger.apply(&Change::Active { at: at(100) });
        let idle_since = |active_at| Change::EndIdle { session: session.clone(), active_at, now: at(200) };
        assert_eq!(ledger.apply(&idle_since(at(90))), Verdict::Active { at: at(100) });
        assert_eq!(ledger.apply(&idle_since(at(100))), Verdict::Good { generation: 2 });
        assert_eq!(ledger.apply(&idle_since(at(100))), Verdict::Ended, "one tab ends it");
        assert_eq!(claim(&mut ledger, &session), Verdict::Ended);
    }

    #[test]
    fn activity_in_the_future_keeps_nobody_signed_in() {
        let mut ledger = Ledger::default();
        let session = Box::new(signed_in(&mut ledger, session(60)));
        let at = UnixTime::from_seconds;
        ledger.apply(&Change::Active { at: at(86_400) });
        let verdict = ledger.apply(&Change::EndIdle { session, active_at: at(100), now: at(200) });
        assert_eq!(verdict, Verdict::Good { generation: 2 });
    }

    #[test]
    fn the_end_of_a_sign_in_leaves_the_next_one_alone() {
        let mut ledger = Ledger::default();
        let first = signed_in(&mut ledger, session(60));
        let second = signed_in(&mut ledger, session(90));
        assert_eq!(ledger.apply(&Change::EndSignIn { generation: first.generation }), Verdict::Ended);
        assert_eq!(claim(&mut ledger, &second), Verdict::Renew(Method::Iframe));
        ledger.apply(&Change::EndSignIn { generation: second.generation });
        assert_eq!(claim(&mut ledger, &second), Verdict::Ended);
    }

    #[test]
    fn many_renewals_of_other_tabs_made_a_refresh_token_that_was_sent_pass_for_unsent() {
        let mut ledger = Ledger::default();
        let session = with_refresh_token("r0");
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
        for number in 0..10 * MOST_REMEMBERED {
            claim(&mut ledger, &with_refresh_token(&format!("another-{number}")));
            assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        }
    }

    #[test]
    fn the_list_of_sent_tokens_is_bounded_and_holds_no_token() {
        let mut ledger = Ledger::default();
        for number in 0..200 {
            claim(&mut ledger, &with_refresh_token(&format!("secret-{number}")));
        }
        assert_eq!(ledger.sent.len(), MOST_REMEMBERED);
        assert!(ledger.sent.iter().all(|hash| !hash.contains("secret")));
    }
}

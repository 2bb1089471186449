//! Renewals: whether a session may be renewed, and how; what came of it (R6, R7, R8, R10).

use super::refresh_tokens::{fingerprint, remember};
use super::{Ledger, Verdict};
use crate::protocol::RefreshToken;
use crate::session::machine::MOST_FAILURES;
use crate::session::record::{Method, Session};
use crate::session::schedule::LONGEST_RETRY;
use crate::time::UnixTime;

impl Ledger {
    pub(super) fn claim(&mut self, session: &Session, at: UnixTime, asked: bool) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => {}
            other => return other,
        }
        if !asked {
            let just_now = self.failed_at.is_some_and(|failed_at| failed_at <= at && at < failed_at + LONGEST_RETRY);
            if let Some(shared) = self.session.as_ref().filter(|shared| shared.failures > session.failures)
                && (just_now || shared.failures >= MOST_FAILURES)
            {
                // R10: what failed in another tab just now, or too often, is not tried again here at once.
                return Verdict::Adopt(shared.clone());
            }
            // A clock that was set back says nothing about how long the issuer has been left alone, nor will it later.
            self.rest = self.rest.filter(|rest| rest.from <= at && at < rest.until);
            if let Some(rest) = self.rest {
                return Verdict::Wait(rest.until.since(at));
            }
        }
        // A refresh token in a cookie is no page's to count: the server that keeps it takes care.
        let Some(refresh_token) = &session.refresh_token else { return Verdict::Renew(session.method()) };
        if !remember(&mut self.sent, fingerprint(refresh_token)) {
            // R7: it was sent, by a tab that died or lost the answer. Sent again it could pass for stolen.
            return self.replacement(session, &self.sent).map_or(Verdict::Renew(Method::Iframe), Verdict::Adopt);
        }
        Verdict::Renew(Method::RefreshToken)
    }

    /// R7: a refresh token of which nobody knows what became is presented again when the session would be lost without it, as
    /// often as no answer comes. At worst the issuer takes it for stolen and ends the family, which nobody could go on with.
    pub(super) fn last_resort(&mut self, session: &Session) -> Verdict {
        match self.consult(session) {
            Verdict::Good { .. } => {}
            other => return other,
        }
        if let Some(shared) = self.replacement(session, &self.spent) {
            return Verdict::Adopt(shared);
        }
        match session.refresh_token.as_ref().map(fingerprint) {
            Some(hash) if !self.spent.contains(&hash) => Verdict::Renew(Method::RefreshToken),
            hash => {
                // Whoever asks still holds it.
                hash.map(|hash| remember(&mut self.spent, hash));
                Verdict::Good { generation: self.generation }
            }
        }
    }

    pub(super) fn settle(&mut self, session: &Session, shared: bool, sent: Option<&RefreshToken>) -> Verdict {
        self.answered(sent, session);
        let is_superseded = self.session.as_ref().is_some_and(|shared| shared.generation > session.generation);
        if is_superseded || session.generation < self.over {
            return self.ended(session.generation);
        }
        self.session = shared.then(|| Box::new(session.clone()));
        Verdict::Good { generation: self.generation }
    }

    pub(super) fn count(&mut self, session: &Session, at: UnixTime) -> Verdict {
        let verdict = self.consult(session);
        if let (Verdict::Good { .. }, Some(shared)) = (&verdict, &mut self.session) {
            self.failed_at = Some(at);
            shared.failures = shared.failures.max(session.failures);
            shared.problem.clone_from(&session.problem);
        }
        verdict
    }

    pub(super) fn rotated(&mut self, session: &Session) -> Verdict {
        let verdict = self.consult(session);
        if let (Verdict::Good { .. }, Some(shared)) = (&verdict, &mut self.session) {
            shared.refresh_token.clone_from(&session.refresh_token);
        }
        verdict
    }

    /// The shared session, when another refresh token has come for it that is not among the `used`.
    fn replacement(&self, session: &Session, used: &[String]) -> Option<Box<Session>> {
        let shared = self.session.as_ref().filter(|shared| shared.generation == session.generation)?;
        let other = shared.refresh_token.as_ref().filter(|_| shared.refresh_token != session.refresh_token)?;
        (!used.contains(&fingerprint(other))).then(|| shared.clone())
    }
}

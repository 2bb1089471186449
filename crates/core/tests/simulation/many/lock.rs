//! The lock of one client: whoever renews, or asks who is signed in, waits for it.

use evergrant_core::session::Change;

use super::invariants::Invariant;
use super::mischief::Mischief;
use super::requests::Purpose;
use super::tab::{Question, Tab};
use super::transactions::Then;
use super::world::World;

impl World {
    /// Nobody is signed in here, but somebody was: the issuer is asked who it is.
    pub fn ask_silently(&mut self, tab: usize, attempt: u64) {
        if self.oracle.signed_out && !self.noted_unheard {
            self.broken = Some((Invariant::NothingSentAfterSignOut, "the issuer is asked who is signed in"));
        }
        self.tabs[tab].question = Some(Question { attempt, granted_at: None });
        self.tabs[tab].silent_attempt = Some(attempt);
        self.wait_for_the_lock(tab);
    }

    pub fn wait_for_the_lock(&mut self, tab: usize) {
        self.lock.push_back(tab);
        if self.lock.len() == 1 || self.mischief == Some(Mischief::IgnoresLock) {
            self.grant(tab);
        }
    }

    /// The lock is this tab's: it asks, or it claims.
    pub fn granted(&mut self, tab: usize) {
        if let Some(question) = &mut self.tabs[tab].question {
            question.granted_at = None;
            let attempt = question.attempt;
            return self.request(tab, Purpose::Question { attempt }, None);
        }
        let Some(renewal) = &mut self.tabs[tab].renewal else { return };
        renewal.granted_at = None;
        let (session, asked) = (renewal.session.clone(), renewal.asked);
        self.transact(tab, Change::Claim { session, at: self.clock.wall(), asked }, Then::Claimed);
        self.ambush(tab);
    }

    pub fn end_question(&mut self, tab: usize) {
        if self.tabs[tab].question.take().is_some() {
            self.leave_the_lock(tab);
        }
    }

    pub fn leave_the_lock(&mut self, tab: usize) {
        let held = self.lock.front() == Some(&tab);
        self.lock.retain(|waiting| *waiting != tab);
        if held && let Some(next) = self.lock.front() {
            self.grant(*next);
        }
    }

    fn grant(&mut self, tab: usize) {
        let granted_at = self.clock.truth + self.dice.between(0, 5);
        let Tab { renewal, question, .. } = &mut self.tabs[tab];
        if let Some(renewal) = renewal {
            renewal.granted_at = Some(granted_at);
        }
        if let Some(question) = question {
            question.granted_at = Some(granted_at);
        }
    }
}

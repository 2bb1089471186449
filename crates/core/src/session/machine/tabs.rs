//! What the other tabs did: this one lives by the session that the ledger has.

use super::renewal::record;
use super::signed_in::Phase;
use super::{CALM, Machine, State};
use crate::session::command::Command;
use crate::session::history::Occurred;
use crate::session::log::Outcome;
use crate::session::record::Session;
use crate::session::schedule::{self, Lease};
use crate::time::Now;

impl Machine {
    /// A tab that slept, or was kept in the back/forward cache, may have missed what the others said.
    pub(super) fn consult(&self, commands: &mut Vec<Command>) {
        match &self.state {
            State::SignedIn(signed_in) | State::SigningIn { kept: Some(signed_in), .. } => {
                commands.push(Command::Consult { session: Some(Box::new(signed_in.session.clone())) });
            }
            State::SignedOut(_) if self.shared => commands.push(Command::Consult { session: None }),
            _ => {}
        }
    }

    /// Another tab was faster, or somebody signed in there.
    pub(super) fn adopt(&mut self, session: Session, now: &Now, commands: &mut Vec<Command>) {
        if !self.is_ours(&session) {
            // R9: a ledger that was lost has learned it anew from a tab that slept through the sign-out.
            if let Some(generation) = self.over.filter(|_| session.belongs_to(&self.issuer, &self.client_id)) {
                commands.push(Command::FinishSignOut { generation, idle: false });
            } else {
                // The other tabs live by another issuer's, and nobody comes back to this one.
                self.signed_out_elsewhere(now, commands);
            }
            return;
        }
        if let State::SignedIn(signed_in) = &self.state {
            if let Phase::Renewing { method, cause, started } = signed_in.phase {
                self.log.push(record(method, cause, &started, Outcome::Adopted, now));
                commands.push(Command::AbortRenewal);
            } else if !signed_in.has_the_tokens_of(&session) {
                self.history.add(now.wall, Occurred::RenewedElsewhere);
            }
        }
        let lease = match &self.state {
            // The tokens that this tab has already: their end, by both clocks, is known better here.
            State::SignedIn(mine) if mine.has_the_tokens_of(&session) => mine.lease,
            State::SignedIn(_) | State::SignedOut(_) => Lease::stored(session.expires_at, session.lifetime, now),
            _ => return,
        };
        self.attempt += 1;
        let was_signed_out = matches!(self.state, State::SignedOut(_));
        let session = Session { expires_at: lease.expires_at(), ..session };
        if self.shared {
            // A tab that slept may have written what it had over this.
            commands.push(Command::Save(Box::new(session.clone())));
        }
        self.enter(session, lease, None, now, commands);
        self.back_off(now, commands);
        if was_signed_out {
            // Whoever signed out since the ledger answered has told this tab while it had nothing to sign out of.
            self.consult(commands);
        }
    }

    /// R10: what is due, and has failed in another tab just now, is not tried here at once.
    fn back_off(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else { return };
        let failures = signed_in.session.failures;
        if failures > 0 && signed_in.is_due(now) {
            let wait = schedule::backoff(failures - 1, None, now);
            let due = now.monotonic.saturating_add(wait);
            signed_in.phase = Phase::Retrying { due, failed: *now, rest: CALM };
            self.set_timer(Some(wait), now, commands);
        }
    }
}

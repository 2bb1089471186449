//! What the other tabs did: this one lives by the session that the ledger has.

use super::*;

impl Machine {
    /// A tab that slept, or was kept in the back/forward cache, may have missed what the others said.
    pub(super) fn consult(&self, commands: &mut Vec<Command>) {
        match &self.state {
            State::SignedIn(signed_in) => {
                commands.push(Command::Consult { session: Some(Box::new(signed_in.session.clone())) });
            }
            State::SignedOut(_) if self.shared => commands.push(Command::Consult { session: None }),
            _ => {}
        }
    }

    /// Another tab was faster, or somebody signed in there.
    pub(super) fn adopt(&mut self, session: Session, now: &Now, commands: &mut Vec<Command>) {
        let is_over = self.over.is_some_and(|over| session.generation <= over);
        if is_over || !session.belongs_to(&self.issuer, &self.client_id) {
            return;
        }
        if let State::SignedIn(signed_in) = &self.state
            && let Phase::Renewing { method, cause, started } = signed_in.phase
        {
            self.log.push(record(method, cause, &started, Outcome::Adopted, now));
            commands.push(Command::AbortRenewal);
        }
        if matches!(self.state, State::SignedIn(_) | State::SignedOut(_)) {
            self.attempt += 1;
            let was_signed_out = matches!(self.state, State::SignedOut(_));
            let lease = Lease::stored(session.expires_at, session.lifetime, now);
            self.enter(session, lease, None, now, commands);
            if was_signed_out {
                // Whoever signed out since the ledger answered has told this tab while it had nothing to sign out of.
                self.consult(commands);
            }
        }
    }
}

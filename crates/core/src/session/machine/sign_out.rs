//! The end of a session: R9, sign-out wins.

use super::renewal::record;
use super::signed_in::Phase;
use super::{Machine, State};
use crate::session::command::{Command, TabMessage};
use crate::session::failure::Failure;
use crate::session::log::Outcome;
use crate::session::record::Session;
use crate::session::view::EndReason;
use crate::time::Now;

impl Machine {
    /// The person signs out, or is signed out for being `idle`.
    pub(super) fn sign_out(&mut self, idle: bool, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        let id_token = Some(signed_in.session.id_token.clone());
        let refresh_token = signed_in.session.refresh_token.clone();
        let generation = signed_in.session.generation;
        commands.push(Command::MarkSignOut { generation, idle });
        self.cancel(now, commands);
        self.state = State::SigningOut { idle };
        commands.extend([
            Command::Forget,
            Command::TellTabs(if idle { TabMessage::IdleEnded } else { TabMessage::SignedOut }),
            Command::TellApp,
            Command::EndIssuerSession { id_token, refresh_token, generation, idle },
        ]);
    }

    pub(super) fn sign_out_stayed(&mut self, failure: Option<Failure>, commands: &mut Vec<Command>) {
        if let State::SigningOut { idle } = self.state {
            let ended = match (idle, failure) {
                (true, failure) => EndReason::Idle(failure),
                (false, Some(failure)) => EndReason::IssuerNotTold(failure),
                (false, None) => EndReason::SignedOut,
            };
            self.state = State::SignedOut(Some(ended));
            commands.push(Command::TellApp);
            self.consult(commands);
        }
    }

    /// The page in which the person signed out is gone, and what it had to tell the other tabs with it.
    pub(super) fn sign_out_unfinished(&mut self, generation: u64, idle: bool, now: &Now, commands: &mut Vec<Command>) {
        self.over = Some(generation);
        commands.push(Command::FinishSignOut { generation, idle });
        if idle {
            self.idle_ended_elsewhere(now, commands);
        }
    }

    pub(super) fn signed_out_elsewhere(&mut self, now: &Now, commands: &mut Vec<Command>) {
        self.forget_what_was_kept(commands);
        if matches!(self.state, State::SignedIn(_) | State::SigningIn { silently: true, .. }) {
            self.end_elsewhere(EndReason::SignedOutElsewhere, now, commands);
        }
    }

    /// The session that a sign-in under way would have gone back to.
    pub(super) fn forget_what_was_kept(&mut self, commands: &mut Vec<Command>) {
        if let State::SigningIn { kept, .. } = &mut self.state
            && let Some(kept) = kept.take()
        {
            self.over = Some(kept.session.generation);
            self.revoke_own(&kept.session, commands);
            commands.push(Command::Forget);
        }
    }

    /// Another tab has ended this session, and tells the issuer. What was asked silently may still find that session there.
    pub(super) fn end_elsewhere(&mut self, reason: EndReason, now: &Now, commands: &mut Vec<Command>) {
        if matches!(self.state, State::SigningIn { .. }) {
            commands.push(Command::AbortRenewal);
        }
        self.cancel(now, commands);
        if let State::SignedIn(signed_in) = &self.state {
            self.revoke_own(&signed_in.session, commands);
        }
        self.end(reason, commands);
    }

    /// The tab in which the person signed out revokes the refresh token that it knows. With a session of its own, only this
    /// tab knows the other.
    pub(super) fn revoke_own(&self, session: &Session, commands: &mut Vec<Command>) {
        if let Some(refresh_token) = session.refresh_token.clone().filter(|_| !self.shared) {
            commands.push(Command::Revoke { refresh_token, alone: false });
        }
    }

    /// A sign-in has taken the place of this session: nobody goes on with its refresh token.
    pub(super) fn revoke_replaced(&self, replaced: &Session, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else { return };
        let session = &signed_in.session;
        // An issuer may give the same one again; and the tabs may have lived by another one's.
        if let Some(refresh_token) = replaced.refresh_token.clone().filter(|_| {
            replaced.refresh_token != session.refresh_token && replaced.belongs_to(&self.issuer, &self.client_id)
        }) {
            let alone = replaced.claims.sub == session.claims.sub;
            commands.push(Command::Revoke { refresh_token, alone });
        }
    }

    pub(super) fn end(&mut self, reason: EndReason, commands: &mut Vec<Command>) {
        self.attempt += 1;
        self.state = State::SignedOut(Some(reason));
        commands.extend([Command::CancelTimer, Command::Forget, Command::TellApp]);
    }

    /// R9: cancels timer, iframe and request, and makes whatever still arrives worthless.
    pub(super) fn cancel(&mut self, now: &Now, commands: &mut Vec<Command>) {
        self.attempt += 1;
        commands.push(Command::CancelTimer);
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        self.over = Some(signed_in.session.generation);
        if let Phase::Renewing { method, cause, started } = signed_in.phase {
            commands.push(Command::AbortRenewal);
            self.log.push(record(method, cause, &started, Outcome::Cancelled, now));
        }
    }
}

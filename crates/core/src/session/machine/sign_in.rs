//! The beginning of a session: taken up from the store, or signed in.

use std::time::Duration;

use super::renewal::record;
use super::signed_in::{Phase, SignedIn};
use super::{Machine, State};
use crate::protocol::authorize::Flow;
use crate::session::command::Command;
use crate::session::event::{Cause, SignIn};
use crate::session::failure::{Failure, FailureClass};
use crate::session::log::Outcome;
use crate::session::record::{Session, Tokens};
use crate::session::schedule::{self, Lease};
use crate::session::view::EndReason;
use crate::time::Now;

impl Machine {
    pub(super) fn opened(&mut self, stored: Option<Box<Session>>, now: &Now, commands: &mut Vec<Command>) {
        let Some(session) = stored else {
            if self.shared {
                self.consult(commands);
            }
            return;
        };
        let Some(mut session) = self.unless_over(session, commands) else { return };
        let lease = Lease::stored(session.expires_at, session.lifetime, now);
        if lease.expires_at() < session.expires_at {
            // The wall clock was set back. Left alone, every reload would grant the whole lifetime once more.
            session.expires_at = lease.expires_at();
            commands.push(Command::Save(session.clone()));
        }
        self.enter(*session, lease, None, now, commands);
        if self.is_idle(now) {
            return self.sign_out(true, now, commands);
        }
        self.consult(commands);
        self.look_at_the_clock(Cause::Opened, now, commands);
    }

    pub(super) fn opened_blank(&mut self, flow: Flow, now: &Now, commands: &mut Vec<Command>) {
        if !matches!(self.state, State::SignedOut(_)) {
            return;
        }
        if self.is_idle(now) {
            // No page knows the tokens any more, but there may be a cookie to revoke.
            self.state = State::SigningOut { idle: true };
            let end = Command::EndIssuerSession { id_token: None, refresh_token: None, generation: 0, idle: true };
            commands.extend([Command::Forget, Command::TellApp, end]);
            return;
        }
        self.attempt += 1;
        self.state = State::SigningIn { silently: true, kept: None };
        commands.push(Command::AskSilently { attempt: self.attempt, flow });
        commands.push(Command::TellApp);
    }

    /// A session found in the store; one that is over, or somebody else's, is forgotten there.
    fn unless_over(&self, session: Box<Session>, commands: &mut Vec<Command>) -> Option<Box<Session>> {
        if self.is_ours(&session) {
            return Some(session);
        }
        if session.belongs_to(&self.issuer, &self.client_id) {
            self.revoke_own(&session, commands);
        }
        commands.push(Command::Forget);
        None
    }

    /// Whether it belongs to this client, and to a sign-in that nobody has ended.
    pub(super) fn is_ours(&self, session: &Session) -> bool {
        let is_over = self.over.is_some_and(|over| session.generation <= over);
        !is_over && session.belongs_to(&self.issuer, &self.client_id)
    }

    pub(super) fn callback_arrived(&mut self, stored: Option<Box<Session>>, now: &Now, commands: &mut Vec<Command>) {
        let kept = stored.and_then(|session| self.unless_over(session, commands)).map(|session| {
            let lease = Lease::stored(session.expires_at, session.lifetime, now);
            let lead = schedule::lead(session.lifetime, self.lead, now);
            self.begin_idle(&session, now);
            Box::new(SignedIn::new(*session, lease, lead, None, now))
        });
        self.attempt += 1;
        self.state = State::SigningIn { silently: false, kept };
        commands.extend([Command::CancelTimer, Command::CompleteSignIn { attempt: self.attempt }, Command::TellApp]);
    }

    /// Signs in who is signed out, and who was told to sign in again because something went wrong.
    pub(super) fn sign_in(&mut self, sign_in: SignIn, now: &Now, commands: &mut Vec<Command>) {
        let kept = match std::mem::replace(&mut self.state, State::SignedOut(None)) {
            State::SignedOut(_) => None,
            State::SignedIn(mut kept) if kept.problem.is_some() => {
                self.set_aside(&mut kept, now, commands);
                Some(kept)
            }
            other => {
                self.state = other;
                return;
            }
        };
        self.attempt += 1;
        self.state = State::SigningIn { silently: false, kept };
        commands.extend([Command::BeginSignIn { attempt: self.attempt, sign_in }, Command::TellApp]);
    }

    /// Who is signed in shows themselves once more beside their session: what comes of it takes that one's place at once. Whoever has
    /// signed out meanwhile stays so.
    pub(super) fn signed_in_anew(&mut self, tokens: Box<Tokens>, now: &Now, commands: &mut Vec<Command>) {
        match std::mem::replace(&mut self.state, State::SignedOut(None)) {
            State::SignedIn(mut kept) => {
                self.set_aside(&mut kept, now, commands);
                self.attempt += 1;
                self.state = State::SigningIn { silently: false, kept: Some(kept) };
                self.sign_in_ended(Ok(tokens), now, commands);
            }
            other => {
                self.state = other;
                let refresh_token = tokens.refresh_token;
                commands.extend(refresh_token.map(|refresh_token| Command::Revoke { refresh_token, alone: false }));
            }
        }
    }

    /// Nothing is done about a session while another may take its place.
    fn set_aside(&mut self, kept: &mut SignedIn, now: &Now, commands: &mut Vec<Command>) {
        if let Phase::Renewing { method, cause, started } = kept.phase {
            commands.push(Command::AbortRenewal);
            self.log.push(record(method, cause, &started, Outcome::Cancelled, now));
            kept.phase = Phase::Retrying { due: now.monotonic, failed: *now, rest: Duration::ZERO };
        }
        commands.push(Command::CancelTimer);
    }

    /// The sign-in came to nothing: a session that was there before goes on, with `failure` as what went wrong last.
    pub(super) fn go_back_to(
        &mut self,
        kept: Option<Box<SignedIn>>,
        failure: Option<Failure>,
        commands: &mut Vec<Command>,
    ) {
        self.state = match kept {
            Some(mut kept) => {
                if failure.is_some() {
                    kept.problem = failure;
                    kept.sign_in_failed = true;
                }
                State::SignedIn(kept)
            }
            None => State::SignedOut(failure.map(EndReason::SignInFailed)),
        };
        commands.push(Command::TellApp);
    }

    pub(super) fn sign_in_ended(
        &mut self,
        outcome: Result<Box<Tokens>, Failure>,
        now: &Now,
        commands: &mut Vec<Command>,
    ) {
        let begun = outcome.and_then(|tokens| {
            let requested_at = tokens.requested_at;
            Session::begin(self.issuer.clone(), self.client_id.clone(), *tokens)
                .map(|session| (session, requested_at))
                .ok_or(Failure::NoIdToken)
        });
        let State::SigningIn { silently, kept } = &mut self.state else { return };
        let (silently, kept) = (*silently, kept.take());
        match begun {
            Ok((session, requested_at)) => {
                self.over = None;
                if let Some(idle) = self.idle.as_mut().filter(|_| !silently) {
                    idle.active(now);
                    commands.push(Command::ShareActivity { at: now.wall, instead_of: None });
                }
                self.receive(session, &requested_at, now, commands);
                // The newest session of all tabs is one that the ledger knows.
                if let Some(kept) = kept.filter(|_| !self.shared) {
                    self.revoke_replaced(&kept.session, commands);
                }
            }
            Err(failure) => {
                let answered = failure.class() == FailureClass::AskThePerson;
                // Nobody asked, and the issuer answered that nobody is signed in: that is no failure, and nothing to ask again.
                let quietly = silently && answered;
                if quietly {
                    commands.push(Command::Forget);
                }
                self.go_back_to(kept, (!quietly).then_some(failure), commands);
                self.look_at_the_clock(Cause::Retry, now, commands);
            }
        }
        // While it was signing in, this page heeded nobody.
        self.consult(commands);
    }
}

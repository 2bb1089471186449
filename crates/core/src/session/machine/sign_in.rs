//! The beginning of a session: taken up from the store, or signed in.

use super::*;

impl Machine {
    pub(super) fn opened(&mut self, stored: Option<Box<Session>>, now: &Now, commands: &mut Vec<Command>) {
        let Some(session) = stored else {
            if self.shared {
                self.consult(commands);
            }
            return;
        };
        if !session.belongs_to(&self.issuer, &self.client_id) {
            commands.push(Command::Forget);
            return;
        }
        let mut session = session;
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
        self.state = State::SigningIn { silently: true };
        commands.extend([Command::AskSilently { attempt: self.attempt, flow }, Command::TellApp]);
    }

    pub(super) fn callback_arrived(&mut self, commands: &mut Vec<Command>) {
        self.attempt += 1;
        self.state = State::SigningIn { silently: false };
        commands.extend([Command::CancelTimer, Command::CompleteSignIn { attempt: self.attempt }, Command::TellApp]);
    }

    pub(super) fn sign_in(&mut self, sign_in: SignIn, commands: &mut Vec<Command>) {
        if !matches!(self.state, State::SignedOut(_)) {
            return;
        }
        self.attempt += 1;
        self.state = State::SigningIn { silently: false };
        commands.extend([Command::BeginSignIn { attempt: self.attempt, sign_in }, Command::TellApp]);
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
        let silently = matches!(self.state, State::SigningIn { silently: true });
        match begun {
            Ok((session, requested_at)) => {
                self.over = None;
                if let Some(idle) = self.idle.as_mut().filter(|_| !silently) {
                    idle.active(now);
                    commands.push(Command::ShareActivity { at: now.wall });
                }
                self.receive(session, &requested_at, now, commands);
            }
            Err(failure) => {
                let answered = failure.class() == FailureClass::AskThePerson;
                // Nobody asked, and the issuer answered that nobody is signed in: that is no failure, and nothing to ask again.
                let ended = (!(silently && answered)).then_some(EndReason::SignInFailed(failure));
                self.state = State::SignedOut(ended);
                if silently && answered {
                    commands.push(Command::Forget);
                }
                commands.push(Command::TellApp);
            }
        }
        // While it was signing in, this page heeded nobody.
        self.consult(commands);
    }
}

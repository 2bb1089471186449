//! When a renewal begins, and what follows from how it ends (R4 to R8, R10).

use std::time::Duration;

use super::signed_in::{Phase, wait};
use super::{CALM, MOST_FAILURES, Machine, OFFLINE_WAIT, STOPPED_REST, State};
use crate::protocol::RefreshToken;
use crate::protocol::id_token::IdTokenError;
use crate::session::command::Command;
use crate::session::event::Cause;
use crate::session::failure::{Earlier, Failure, FailureClass};
use crate::session::log::{Outcome, RenewalRecord};
use crate::session::record::{Method, Session, Tokens};
use crate::session::schedule::{self, Lease};
use crate::session::view::EndReason;
use crate::time::Now;

impl Machine {
    /// Renews what is due; otherwise sets the timer for what is left, since timers are cut, late, or asleep.
    pub(super) fn look_at_the_clock(&mut self, cause: Cause, now: &Now, commands: &mut Vec<Command>) {
        let is_idle = self.is_idle(now);
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        let remaining = signed_in.lease.remaining(now);
        let wait = match signed_in.phase {
            _ if is_idle => None,
            Phase::Waiting { lead, received } => {
                let wait = wait(remaining, lead, received.as_ref(), now);
                if wait.is_zero() {
                    return self.renew(cause, now, commands);
                }
                Some(wait)
            }
            Phase::Retrying { due, failed, rest } => {
                let passed = now.since(&failed);
                let brought_forward = now.monotonic.saturating_add(rest.saturating_sub(passed));
                let due = if cause == Cause::Woke { due.min(brought_forward) } else { due };
                if now.monotonic >= due {
                    return self.renew(Cause::Retry, now, commands);
                }
                signed_in.phase = Phase::Retrying { due, failed, rest };
                Some(due - now.monotonic)
            }
            // Whoever comes back to the page after a long trouble finds it tried once more.
            Phase::Stopped { failed: Some(failed) }
                if cause == Cause::Woke && now.since(&failed) >= STOPPED_REST.max(asked_for(&signed_in.problem)) =>
            {
                return self.renew(Cause::Retry, now, commands);
            }
            Phase::Stopped { .. } if remaining.is_zero() => {
                // The status turns to stale.
                commands.push(Command::TellApp);
                None
            }
            Phase::Stopped { .. } => Some(remaining),
            Phase::Renewing { .. } => None,
        };
        if wait.is_some() || self.idle.is_some() {
            self.set_timer(wait, now, commands);
        }
    }

    /// Begins a renewal, unless one is in flight, or the person has been idle for so long that nothing may be renewed.
    pub(super) fn renew(&mut self, cause: Cause, now: &Now, commands: &mut Vec<Command>) {
        let is_idle = self.is_idle(now);
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if is_idle || matches!(signed_in.phase, Phase::Renewing { .. }) {
            return;
        }
        self.attempt += 1;
        let method = signed_in.session.method();
        let session = Box::new(signed_in.session.clone());
        signed_in.phase = Phase::Renewing { method, cause, started: *now };
        self.set_timer(None, now, commands);
        let asked = cause == Cause::Asked;
        commands.push(Command::Renew { attempt: self.attempt, method, session, asked });
        commands.push(Command::TellApp);
    }

    pub(super) fn renewal_ended(
        &mut self,
        outcome: Result<Box<Tokens>, Failure>,
        now: &Now,
        commands: &mut Vec<Command>,
    ) {
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        let Phase::Renewing { method, cause, started } = signed_in.phase else {
            return;
        };
        let logged = match &outcome {
            Ok(_) => Outcome::Renewed,
            Err(failure) => Outcome::Failed(failure.clone()),
        };
        self.log.push(record(method, cause, &started, logged, now));
        match outcome {
            Ok(tokens) => self.renewed(*tokens, method, now, commands),
            Err(failure) => self.renewal_failed(failure, method, now, commands),
        }
    }

    pub(super) fn renewed(&mut self, tokens: Tokens, method: Method, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        let mut session = signed_in.session.clone();
        let requested_at = tokens.requested_at;
        session.renew(tokens, method);
        self.receive(session, &requested_at, now, commands);
    }

    pub(super) fn renewal_failed(&mut self, failure: Failure, method: Method, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if method == Method::RefreshToken && failure.refuses_the_grant() {
            // R5: the refresh token is spent, the issuer's session may live. One try by iframe.
            signed_in.session.refresh_token = None;
            signed_in.session.refresh_cookie = false;
            signed_in.phase = Phase::Retrying { due: now.monotonic, failed: *now, rest: Duration::ZERO };
            commands.push(Command::Save(Box::new(signed_in.session.clone())));
            self.renew(Cause::Retry, now, commands);
            return;
        }
        // Neither a hidden iframe nor a cookie is this tab's alone: what they bring for somebody else is no forgery.
        let is_shared = method == Method::Iframe || signed_in.session.refresh_cookie;
        let account_changed = is_shared && failure == Failure::IdToken(IdTokenError::OtherPerson);
        if account_changed || failure.class() == FailureClass::AskThePerson {
            let flow = signed_in.session.flow;
            if self.shared {
                commands.push(Command::EndGeneration { session: Box::new(signed_in.session.clone()) });
            }
            if account_changed {
                self.end(EndReason::AccountChanged, commands);
                commands.push(Command::NoteSomebody { flow });
            } else {
                self.end(EndReason::AskThePerson(failure), commands);
            }
            return;
        }
        // A network that is away says nothing about whether renewing works.
        // Nor does a request that was not sent.
        let was_sent = !matches!(failure, Failure::AskedToWait(_));
        if was_sent && (self.online || failure.class() != FailureClass::TryAgain) {
            signed_in.session.failures = signed_in.session.failures.saturating_add(1);
        }
        signed_in.session.problem = Some(Box::new(Earlier::of(&failure)));
        let failures = signed_in.session.failures;
        let session = Box::new(signed_in.session.clone());
        commands.push(Command::Save(session.clone()));
        if self.shared {
            commands.push(Command::Count { session });
        }
        let hopeless = failure.class() == FailureClass::Misconfigured || failures >= MOST_FAILURES;
        let asked_for = failure.retry_after().unwrap_or_default();
        let wait = if self.online {
            schedule::backoff(failures.saturating_sub(1), failure.retry_after(), now)
        } else {
            OFFLINE_WAIT.max(asked_for)
        };
        signed_in.phase = if hopeless {
            Phase::Stopped { failed: (failure.class() != FailureClass::Misconfigured).then_some(*now) }
        } else {
            Phase::Retrying { due: now.monotonic.saturating_add(wait), failed: *now, rest: CALM.max(asked_for) }
        };
        signed_in.problem = Some(failure);
        signed_in.sign_in_failed = false;
        commands.push(Command::TellApp);
        self.look_at_the_clock(Cause::Retry, now, commands);
    }

    /// The access token ends here and now, in the store as well, and what follows is what always follows.
    pub(super) fn expire(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else { return };
        signed_in.lease = Lease::fresh(Duration::ZERO, now);
        signed_in.session.expires_at = now.wall;
        commands.extend([Command::Save(Box::new(signed_in.session.clone())), Command::TellApp]);
        self.history.correct_token(now.wall);
        self.look_at_the_clock(Cause::Schedule, now, commands);
    }

    /// The renewal that is this attempt, if it is still in flight.
    pub(super) fn renewing(&mut self, attempt: u64) -> Option<(&mut Method, &mut Session)> {
        match &mut self.state {
            State::SignedIn(signed_in) if attempt == self.attempt => match &mut signed_in.phase {
                Phase::Renewing { method, .. } => Some((method, &mut signed_in.session)),
                _ => None,
            },
            _ => None,
        }
    }

    /// R8: an answer may be dropped, but not the refresh token that was rotated with it: the old one is spent.
    pub(super) fn rotated(&mut self, attempt: u64, refresh_token: RefreshToken, commands: &mut Vec<Command>) {
        if let Some((_, session)) = self.renewing(attempt) {
            session.refresh_token = Some(refresh_token);
            commands.push(Command::Save(Box::new(session.clone())));
        }
    }

    /// A token that was just received and is refused will not be better for being new: the API wants another one.
    pub(super) fn token_refused(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else { return };
        if let Phase::Waiting { received, .. } = &signed_in.phase
            && received.is_none_or(|received| now.since(&received) >= CALM)
        {
            self.renew(Cause::Refused, now, commands);
        }
    }
}

/// How long the issuer wants to be left alone.
fn asked_for(problem: &Option<Failure>) -> Duration {
    problem.as_ref().and_then(Failure::retry_after).unwrap_or_default()
}

/// R16: what there is to say of a renewal that is over.
pub(super) fn record(method: Method, cause: Cause, started: &Now, outcome: Outcome, now: &Now) -> RenewalRecord {
    RenewalRecord {
        started_at: started.wall,
        duration: now.monotonic.saturating_sub(started.monotonic),
        cause,
        method,
        outcome,
    }
}

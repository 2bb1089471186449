//! The machine itself: one event in, commands out.

use std::time::Duration;

use super::command::{Command, TabMessage};
use super::event::{Cause, Event, SignIn, Wake};
use super::failure::{Failure, FailureClass};
use super::log::{Outcome, RenewalLog, RenewalRecord};
use super::record::{Method, Session, Tokens};
use super::schedule::{self, Lease};
use super::view::{EndReason, Status, View};
use crate::config::{Config, StorageKind};
use crate::protocol::authorize::Flow;
use crate::protocol::{AccessToken, ClientId, ErrorCode, Issuer, RefreshToken, Scope};
use crate::time::Now;

/// Failures in a row after which renewing stops until the person asks for it: no loop goes on for ever.
pub const MOST_FAILURES: u32 = 20;

/// A wake signal brings a waiting retry forward, but not more often than this.
const CALM: Duration = Duration::from_secs(5);

/// However short an access token lives, or however late it comes: so much lies between two renewals.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// After too many failures, a wake signal brings one more try, but not more often than this.
const STOPPED_REST: Duration = Duration::from_secs(60);

/// How long to wait while the browser says it is offline: the `online` event comes first, but browsers are not always
/// right about it.
const OFFLINE_WAIT: Duration = Duration::from_secs(60);

/// Decides what a session does. See [the table](super) of its states.
#[derive(Debug)]
pub struct Machine {
    issuer: Issuer,
    client_id: ClientId,
    lead: Option<Duration>,
    /// Whether all tabs share one session.
    shared: bool,
    state: State,
    /// The latest attempt to sign in or renew. Answers to earlier ones are worthless.
    attempt: u64,
    /// The generation of the session that the person signed out of: an answer on its way may still speak of it.
    over: Option<u64>,
    online: bool,
    log: RenewalLog,
}

#[derive(Debug)]
enum State {
    SignedOut(Option<EndReason>),
    /// On the way to the issuer or back; `silently` when nobody asked for it.
    SigningIn {
        silently: bool,
    },
    SignedIn(Box<SignedIn>),
    SigningOut,
}

#[derive(Debug)]
struct SignedIn {
    session: Session,
    lease: Lease,
    phase: Phase,
    problem: Option<Failure>,
}

#[derive(Debug)]
enum Phase {
    /// The next renewal begins when `lead` is left of the access token, but not right after it was `received` here.
    Waiting { lead: Duration, received: Option<Now> },
    /// A renewal is in flight.
    Renewing { method: Method, cause: Cause, started: Now },
    /// The next try begins at `due` on the monotonic clock; a wake signal brings it forward, but never into the `rest`.
    Retrying { due: Duration, failed: Now, rest: Duration },
    /// Nothing is tried until the person asks; or comes back to the page, when it only `failed` too often.
    Stopped { failed: Option<Now> },
}

impl Machine {
    /// A machine for the client that `config` describes, with nobody signed in.
    pub fn new(config: &Config) -> Self {
        Self {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            lead: config.lead,
            shared: config.storage == StorageKind::Local,
            state: State::SignedOut(None),
            attempt: 0,
            over: None,
            online: true,
            log: RenewalLog::default(),
        }
    }

    /// Takes in what happened, and says what to do, in that order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        self.correct_clock(&now, &mut commands);
        match event {
            Event::Opened { stored } => self.opened(stored, &now, &mut commands),
            Event::OpenedBlank { flow } => self.opened_blank(flow, &mut commands),
            Event::CallbackArrived => self.callback_arrived(&mut commands),
            Event::SignIn(sign_in) => self.sign_in(sign_in, &mut commands),
            Event::SignInEnded { attempt, outcome } => {
                if attempt == self.attempt && matches!(self.state, State::SigningIn { .. }) {
                    self.sign_in_ended(outcome, &now, &mut commands);
                }
            }
            Event::TimerFired => self.look_at_the_clock(Cause::Schedule, &now, &mut commands),
            Event::Woke(wake) => self.woke(wake, &now, &mut commands),
            Event::Network { online } => self.network(online, &now, &mut commands),
            Event::RenewNow => self.renew(Cause::Asked, &now, &mut commands),
            Event::RenewalEnded { attempt, outcome } => {
                if attempt == self.attempt {
                    self.renewal_ended(outcome, &now, &mut commands);
                }
            }
            Event::SignOut => self.sign_out(&now, &mut commands),
            Event::SignOutStayed { failure } => self.sign_out_stayed(failure, &mut commands),
            Event::RenewingBy { attempt, method: by } => {
                if let Some((method, ..)) = self.renewing(attempt) {
                    *method = by;
                }
            }
            Event::Rotated { attempt, refresh_token } => self.rotated(attempt, refresh_token, &mut commands),
            Event::TokenNeeded => self.look_at_the_clock(Cause::Asked, &now, &mut commands),
            Event::TokenRefused => self.token_refused(&now, &mut commands),
            Event::ChangedElsewhere => self.consult(&mut commands),
            Event::Adopted { session } => self.adopt(*session, &now, &mut commands),
            Event::SignedOutElsewhere => self.signed_out_elsewhere(&now, &mut commands),
        }
        commands
    }

    /// What to show.
    pub fn view(&self, now: &Now) -> View {
        let mut view = View {
            status: Status::SignedOut,
            claims: None,
            scope: Scope::default(),
            flow: None,
            expires_at: None,
            lifetime: None,
            renew_at: None,
            renewals: 0,
            last_method: None,
            problem: None,
            ended: None,
        };
        match &self.state {
            State::SignedOut(ended) => view.ended.clone_from(ended),
            State::SigningIn { .. } => view.status = Status::SigningIn,
            State::SigningOut => view.status = Status::SigningOut,
            State::SignedIn(signed_in) => signed_in.show(&mut view, now),
        }
        view
    }

    /// The access token, if it is good now: an expired one is never handed out.
    pub fn access_token(&self, now: &Now) -> Option<&AccessToken> {
        match &self.state {
            State::SignedIn(signed_in) if !signed_in.lease.remaining(now).is_zero() => {
                Some(&signed_in.session.access_token)
            }
            _ => None,
        }
    }

    /// What happened to the renewals of this page.
    pub fn log(&self) -> &RenewalLog {
        &self.log
    }

    fn opened(&mut self, stored: Option<Box<Session>>, now: &Now, commands: &mut Vec<Command>) {
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
        self.consult(commands);
        self.look_at_the_clock(Cause::Opened, now, commands);
    }

    /// A tab that slept, or was kept in the back/forward cache, may have missed what the others said.
    fn consult(&self, commands: &mut Vec<Command>) {
        match &self.state {
            State::SignedIn(signed_in) => {
                commands.push(Command::Consult { session: Some(Box::new(signed_in.session.clone())) });
            }
            State::SignedOut(_) if self.shared => commands.push(Command::Consult { session: None }),
            _ => {}
        }
    }

    fn opened_blank(&mut self, flow: Flow, commands: &mut Vec<Command>) {
        self.attempt += 1;
        self.state = State::SigningIn { silently: true };
        commands.extend([Command::AskSilently { attempt: self.attempt, flow }, Command::TellApp]);
    }

    fn callback_arrived(&mut self, commands: &mut Vec<Command>) {
        self.attempt += 1;
        self.state = State::SigningIn { silently: false };
        commands.extend([Command::CancelTimer, Command::CompleteSignIn { attempt: self.attempt }, Command::TellApp]);
    }

    fn sign_in(&mut self, sign_in: SignIn, commands: &mut Vec<Command>) {
        if !matches!(self.state, State::SignedOut(_)) {
            return;
        }
        self.attempt += 1;
        self.state = State::SigningIn { silently: false };
        commands.extend([Command::BeginSignIn { attempt: self.attempt, sign_in }, Command::TellApp]);
    }

    fn sign_in_ended(&mut self, outcome: Result<Box<Tokens>, Failure>, now: &Now, commands: &mut Vec<Command>) {
        let begun = outcome.and_then(|tokens| {
            let requested_at = tokens.requested_at;
            Session::begin(self.issuer.clone(), self.client_id.clone(), *tokens)
                .map(|session| (session, requested_at))
                .ok_or(Failure::NoIdToken)
        });
        match begun {
            Ok((session, requested_at)) => {
                self.over = None;
                self.receive(session, &requested_at, now, commands);
            }
            Err(failure) => {
                let silently = matches!(self.state, State::SigningIn { silently: true });
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

    /// The session has new tokens.
    fn receive(&mut self, mut session: Session, requested_at: &Now, now: &Now, commands: &mut Vec<Command>) {
        let lease = Lease::fresh(session.lifetime, requested_at);
        // The wall clock may have been set back while the request was under way.
        let lease = lease.corrected(now).unwrap_or(lease);
        session.expires_at = lease.expires_at();
        commands.push(Command::Save(Box::new(session.clone())));
        if self.shared {
            commands.push(Command::TellTabs(TabMessage::Changed));
        }
        self.enter(session, lease, Some(*now), now, commands);
    }

    /// Another tab was faster, or somebody signed in there.
    fn adopt(&mut self, session: Session, now: &Now, commands: &mut Vec<Command>) {
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

    /// The renewal that is this attempt, if it is still in flight.
    fn renewing(&mut self, attempt: u64) -> Option<(&mut Method, &mut Session)> {
        match &mut self.state {
            State::SignedIn(signed_in) if attempt == self.attempt => match &mut signed_in.phase {
                Phase::Renewing { method, .. } => Some((method, &mut signed_in.session)),
                _ => None,
            },
            _ => None,
        }
    }

    /// R8: an answer may be dropped, but not the refresh token that was rotated with it: the old one is spent.
    fn rotated(&mut self, attempt: u64, refresh_token: RefreshToken, commands: &mut Vec<Command>) {
        if let Some((_, session)) = self.renewing(attempt) {
            session.refresh_token = Some(refresh_token);
            commands.push(Command::Save(Box::new(session.clone())));
        }
    }

    /// A token that was just received and is refused will not be better for being new: the API wants another one.
    fn token_refused(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else { return };
        if let Phase::Waiting { received, .. } = &signed_in.phase
            && received.is_none_or(|received| now.since(&received) >= CALM)
        {
            self.renew(Cause::Refused, now, commands);
        }
    }

    /// Signed in with a lease: the next renewal is scheduled.
    fn enter(&mut self, session: Session, lease: Lease, received: Option<Now>, now: &Now, commands: &mut Vec<Command>) {
        let lead = schedule::lead(session.lifetime, self.lead, now);
        let wait = wait(lease.remaining(now), lead, received.as_ref(), now);
        commands.push(Command::SetTimer(schedule::cap(wait)));
        commands.push(Command::TellApp);
        let phase = Phase::Waiting { lead, received };
        self.state = State::SignedIn(Box::new(SignedIn { session, lease, phase, problem: None }));
    }

    fn woke(&mut self, wake: Wake, now: &Now, commands: &mut Vec<Command>) {
        // The person came back by the back button: the page they left lives on, and nobody will answer it.
        if wake == Wake::Restored && matches!(self.state, State::SigningIn { .. } | State::SigningOut) {
            self.attempt += 1;
            self.state = State::SignedOut(None);
            commands.push(Command::TellApp);
        }
        self.consult(commands);
        self.look_at_the_clock(Cause::Woke, now, commands);
    }

    fn network(&mut self, online: bool, now: &Now, commands: &mut Vec<Command>) {
        self.online = online;
        if online {
            self.look_at_the_clock(Cause::Woke, now, commands);
        }
    }

    /// Renews what is due; otherwise sets the timer for what is left, since timers are cut, late, or asleep.
    fn look_at_the_clock(&mut self, cause: Cause, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        let remaining = signed_in.lease.remaining(now);
        match signed_in.phase {
            Phase::Waiting { lead, received } => {
                let wait = wait(remaining, lead, received.as_ref(), now);
                if wait.is_zero() {
                    self.renew(cause, now, commands);
                } else {
                    commands.push(Command::SetTimer(schedule::cap(wait)));
                }
            }
            Phase::Retrying { due, failed, rest } => {
                let passed = now.since(&failed);
                let brought_forward = now.monotonic.saturating_add(rest.saturating_sub(passed));
                let due = if cause == Cause::Woke { due.min(brought_forward) } else { due };
                if now.monotonic >= due {
                    self.renew(Cause::Retry, now, commands);
                } else {
                    signed_in.phase = Phase::Retrying { due, failed, rest };
                    commands.push(Command::SetTimer(schedule::cap(due - now.monotonic)));
                }
            }
            // Whoever comes back to the page after a long trouble finds it tried once more.
            Phase::Stopped { failed: Some(failed) } if cause == Cause::Woke && now.since(&failed) >= STOPPED_REST => {
                self.renew(Cause::Retry, now, commands);
            }
            // The status turns to stale when the token expires.
            Phase::Stopped { .. } if remaining.is_zero() => commands.push(Command::TellApp),
            Phase::Stopped { .. } => commands.push(Command::SetTimer(schedule::cap(remaining))),
            Phase::Renewing { .. } => {}
        }
    }

    fn renew(&mut self, cause: Cause, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if matches!(signed_in.phase, Phase::Renewing { .. }) {
            return;
        }
        self.attempt += 1;
        let method = signed_in.session.method();
        signed_in.phase = Phase::Renewing { method, cause, started: *now };
        commands.extend([
            Command::CancelTimer,
            Command::Renew { attempt: self.attempt, method, session: Box::new(signed_in.session.clone()) },
            Command::TellApp,
        ]);
    }

    fn renewal_ended(&mut self, outcome: Result<Box<Tokens>, Failure>, now: &Now, commands: &mut Vec<Command>) {
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

    fn renewed(&mut self, tokens: Tokens, method: Method, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        let mut session = signed_in.session.clone();
        let requested_at = tokens.requested_at;
        session.renew(tokens, method);
        self.receive(session, &requested_at, now, commands);
    }

    fn renewal_failed(&mut self, failure: Failure, method: Method, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        let refused = matches!(&failure, Failure::Token(error) if error.is(&ErrorCode::InvalidGrant));
        if method == Method::RefreshToken && refused {
            // R5: the refresh token is spent, the issuer's session may live. One try by iframe.
            signed_in.session.refresh_token = None;
            signed_in.phase = Phase::Stopped { failed: None };
            commands.push(Command::Save(Box::new(signed_in.session.clone())));
            self.renew(Cause::Retry, now, commands);
            return;
        }
        if failure.class() == FailureClass::AskThePerson {
            if self.shared {
                commands.push(Command::EndGeneration { session: Box::new(signed_in.session.clone()) });
            }
            self.end(EndReason::AskThePerson(failure), commands);
            return;
        }
        // A network that is away says nothing about whether renewing works.
        if self.online || failure.class() != FailureClass::TryAgain {
            signed_in.session.failures = signed_in.session.failures.saturating_add(1);
        }
        let failures = signed_in.session.failures;
        commands.push(Command::Save(Box::new(signed_in.session.clone())));
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
        commands.push(Command::TellApp);
        self.look_at_the_clock(Cause::Retry, now, commands);
    }

    fn sign_out(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &self.state else {
            return;
        };
        let id_token = signed_in.session.id_token.clone();
        let refresh_token = signed_in.session.refresh_token.clone();
        self.cancel(now, commands);
        self.state = State::SigningOut;
        commands.extend([
            Command::Forget,
            Command::TellTabs(TabMessage::SignedOut),
            Command::TellApp,
            Command::EndIssuerSession { id_token, refresh_token },
        ]);
    }

    fn sign_out_stayed(&mut self, failure: Option<Failure>, commands: &mut Vec<Command>) {
        if matches!(self.state, State::SigningOut) {
            let ended = failure.map_or(EndReason::SignedOut, EndReason::IssuerNotTold);
            self.state = State::SignedOut(Some(ended));
            commands.push(Command::TellApp);
            self.consult(commands);
        }
    }

    fn signed_out_elsewhere(&mut self, now: &Now, commands: &mut Vec<Command>) {
        if matches!(self.state, State::SignedIn(_)) {
            self.cancel(now, commands);
            self.end(EndReason::SignedOutElsewhere, commands);
        }
    }

    fn end(&mut self, reason: EndReason, commands: &mut Vec<Command>) {
        self.attempt += 1;
        self.state = State::SignedOut(Some(reason));
        commands.extend([Command::CancelTimer, Command::Forget, Command::TellApp]);
    }

    /// R9: cancels timer, iframe and request, and makes whatever still arrives worthless.
    fn cancel(&mut self, now: &Now, commands: &mut Vec<Command>) {
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

    /// R2: what one clock knows of a sleep, or of the other clock being set, is kept, in the store as well.
    fn correct_clock(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else { return };
        let Some(lease) = signed_in.lease.corrected(now) else { return };
        signed_in.lease = lease;
        if signed_in.session.expires_at != lease.expires_at() {
            signed_in.session.expires_at = lease.expires_at();
            commands.extend([Command::Save(Box::new(signed_in.session.clone())), Command::TellApp]);
        }
    }
}

impl SignedIn {
    fn show(&self, view: &mut View, now: &Now) {
        let remaining = self.lease.remaining(now);
        view.status = match self.phase {
            Phase::Renewing { .. } => Status::Renewing,
            Phase::Retrying { .. } => Status::Retrying,
            Phase::Stopped { .. } if remaining.is_zero() => Status::Stale,
            Phase::Waiting { .. } | Phase::Stopped { .. } => Status::SignedIn,
        };
        view.renew_at = match self.phase {
            Phase::Waiting { lead, .. } => Some(now.wall + remaining.saturating_sub(lead)),
            Phase::Retrying { due, .. } => Some(now.wall + due.saturating_sub(now.monotonic)),
            Phase::Renewing { .. } | Phase::Stopped { .. } => None,
        };
        view.claims = Some(self.session.claims.clone());
        view.scope = self.session.scope.clone();
        view.flow = Some(self.session.flow);
        view.expires_at = Some(self.lease.expires_at());
        view.lifetime = Some(self.session.lifetime);
        view.renewals = self.session.renewals;
        view.last_method = self.session.last_method;
        view.problem.clone_from(&self.problem);
    }
}

/// How long until the next renewal begins.
fn wait(remaining: Duration, lead: Duration, received: Option<&Now>, now: &Now) -> Duration {
    let pause = received.map_or(Duration::ZERO, |received| SHORTEST_PAUSE.saturating_sub(now.since(received)));
    remaining.saturating_sub(lead).max(pause)
}

fn record(method: Method, cause: Cause, started: &Now, outcome: Outcome, now: &Now) -> RenewalRecord {
    RenewalRecord {
        started_at: started.wall,
        duration: now.monotonic.saturating_sub(started.monotonic),
        cause,
        method,
        outcome,
    }
}

#[cfg(test)]
mod tests;

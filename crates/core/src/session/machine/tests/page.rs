//! A page with virtual clocks: it carries out what the machine commands, and remembers it.

use std::time::Duration;

use crate::config::Config;
use crate::protocol::callback::CallbackError;
use crate::protocol::token::TokenError;
use crate::protocol::{ErrorCode, OAuthError, RefreshToken};
use crate::session::record::tests::{WALL, tokens};
use crate::session::{
    Command, EndReason, Event, Failure, Machine, Method, Session, SignIn, Status, Tokens, View, schedule,
};
use crate::time::{Now, UnixTime};

/// One page of the app, with its clocks, its timer and its store.
pub(super) struct Page {
    pub(super) machine: Machine,
    pub(super) now: Now,
    /// What the store holds.
    pub(super) store: Option<Session>,
    /// When the timer fires, on the monotonic clock.
    timer: Option<Duration>,
    /// The attempt that was begun last, to sign in or to renew.
    pub(super) attempt: u64,
    issued: u32,
    config: Config,
}

pub(super) fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}

pub(super) fn days(value: u64) -> Duration {
    seconds(value * 24 * 60 * 60)
}

pub(super) fn sign_in_wanted() -> Event {
    Event::SignIn(SignIn { return_to: "/".into(), ..SignIn::default() })
}

pub(super) fn refused(code: ErrorCode) -> Failure {
    CallbackError::Refused(OAuthError::new(code, "")).into()
}

pub(super) fn invalid_grant() -> Failure {
    TokenError::Refused(OAuthError::new(ErrorCode::InvalidGrant, "")).into()
}

pub(super) fn unreachable() -> Failure {
    Failure::Unreachable { endpoint: "the issuer" }
}

pub(super) fn busy(retry_after: u64) -> Failure {
    Failure::Busy { endpoint: "the issuer", status: 429, retry_after: Some(seconds(retry_after)) }
}

pub(super) fn misconfigured() -> Failure {
    refused(ErrorCode::UnauthorizedClient)
}

impl Page {
    /// A page that was just opened, with nothing in its store.
    pub(super) fn new() -> Self {
        Self::configured("")
    }

    /// The same, with more keys in its configuration.
    pub(super) fn configured(keys: &str) -> Self {
        let json = format!(r#"{{"issuer":"https://issuer.example/","client_id":"app"{keys}}}"#);
        Self::with(Config::parse(&json, "http://localhost:8080").unwrap())
    }

    fn with(config: Config) -> Self {
        Self {
            machine: Machine::new(&config),
            now: Now { wall: WALL, monotonic: Duration::ZERO, entropy: 0 },
            store: None,
            timer: None,
            attempt: 0,
            issued: 0,
            config,
        }
    }

    /// Somebody is signed in, with an access token that lives this long.
    pub(super) fn signed_in(lifetime: u64) -> Self {
        let mut page = Self::new();
        page.sign_in(lifetime);
        page
    }

    /// The same, with a refresh token.
    pub(super) fn signed_in_with_refresh_token(lifetime: u64) -> Self {
        let mut page = Self::new();
        page.sign_in_with_refresh_token(lifetime);
        page
    }

    /// The same, with a renewal in flight.
    pub(super) fn renewing(lifetime: u64) -> Self {
        let mut page = Self::signed_in(lifetime);
        page.fire();
        page.expect(Status::Renewing);
        page
    }

    /// Gives the machine an event, and carries out what it says.
    pub(super) fn send(&mut self, event: Event) -> Vec<Command> {
        let commands = self.machine.handle(event, self.now);
        for command in &commands {
            match command {
                Command::Save(session) => self.store = Some((**session).clone()),
                Command::Forget => self.store = None,
                Command::SetTimer(wait) => {
                    assert!(*wait <= schedule::LONGEST_TIMER, "{wait:?} is more than a timer holds");
                    self.timer = Some(self.now.monotonic + *wait);
                }
                Command::CancelTimer => self.timer = None,
                Command::BeginSignIn { attempt, .. }
                | Command::AskSilently { attempt, .. }
                | Command::CompleteSignIn { attempt }
                | Command::Renew { attempt, .. } => self.attempt = *attempt,
                Command::Consult { .. }
                | Command::EndGeneration { .. }
                | Command::Count { .. }
                | Command::MarkSignOut { .. }
                | Command::FinishSignOut { .. }
                | Command::EndIdle { .. }
                | Command::ShareActivity { .. }
                | Command::Revoke { .. }
                | Command::NoteSomebody { .. }
                | Command::AbortRenewal
                | Command::TellTabs(_)
                | Command::EndIssuerSession { .. }
                | Command::TellApp => {}
            }
        }
        commands
    }

    pub(super) fn sign_in(&mut self, lifetime: u64) {
        self.send(Event::CallbackArrived { stored: None });
        let tokens = self.tokens(lifetime);
        self.sign_in_ended(Ok(Box::new(tokens)));
        self.expect(Status::SignedIn);
    }

    pub(super) fn sign_in_with_refresh_token(&mut self, lifetime: u64) {
        self.send(Event::CallbackArrived { stored: None });
        let mut tokens = self.tokens(lifetime);
        tokens.refresh_token = Some(RefreshToken::new("refresh-1"));
        self.sign_in_ended(Ok(Box::new(tokens)));
        self.expect(Status::SignedIn);
    }

    pub(super) fn sign_in_ended(&mut self, outcome: Result<Box<Tokens>, Failure>) -> Vec<Command> {
        self.send(Event::SignInEnded { attempt: self.attempt, outcome })
    }

    pub(super) fn renewal_ended(&mut self, outcome: Result<Box<Tokens>, Failure>) -> Vec<Command> {
        self.send(Event::RenewalEnded { attempt: self.attempt, outcome })
    }

    /// The renewal in flight brings tokens at once.
    pub(super) fn renewed(&mut self, lifetime: u64) -> Vec<Command> {
        let tokens = self.tokens(lifetime);
        self.renewal_ended(Ok(Box::new(tokens)))
    }

    /// The renewal in flight fails.
    pub(super) fn failed(&mut self, failure: Failure) -> Vec<Command> {
        self.renewal_ended(Err(failure))
    }

    /// New tokens, asked for now.
    pub(super) fn tokens(&mut self, lifetime: u64) -> Tokens {
        self.issued += 1;
        tokens(self.issued, lifetime, self.now)
    }

    /// Time passes, and nothing happens.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now.wall = self.now.wall + time;
        self.now.monotonic += time;
    }

    /// The laptop sleeps: only the wall clock goes on.
    pub(super) fn sleep(&mut self, time: Duration) {
        self.now.wall = self.now.wall + time;
    }

    /// Somebody sets the wall clock.
    pub(super) fn move_clock(&mut self, by_seconds: i64) {
        self.now.wall = UnixTime::from_millis(self.now.wall.as_millis() + by_seconds * 1000);
    }

    /// How long until the timer fires.
    pub(super) fn timer(&self) -> Option<Duration> {
        self.timer.map(|due| due.saturating_sub(self.now.monotonic))
    }

    /// Waits for the timer, and lets it fire.
    pub(super) fn fire(&mut self) -> Vec<Command> {
        self.pass(self.timer().expect("a timer is set"));
        self.timer = None;
        self.send(Event::TimerFired)
    }

    /// The person loads the page again.
    pub(super) fn reload(&mut self) -> Vec<Command> {
        let mut next = Self::with(self.config.clone());
        next.now.wall = self.now.wall;
        next.store = self.store.take();
        next.issued = self.issued;
        *self = next;
        let stored = self.store.clone().map(Box::new);
        self.send(Event::Opened { stored })
    }

    pub(super) fn view(&self) -> View {
        self.machine.view(&self.now)
    }

    pub(super) fn has_access_token(&self) -> bool {
        self.machine.access_token(&self.now).is_some()
    }

    #[track_caller]
    pub(super) fn expect(&self, status: Status) {
        assert_eq!(self.view().status, status);
    }

    #[track_caller]
    pub(super) fn expect_ended(&self, reason: EndReason) {
        self.expect(Status::SignedOut);
        assert_eq!(self.view().ended, Some(reason));
        assert_eq!(self.store, None, "nothing is stored");
        assert_eq!(self.timer(), None, "no timer is set");
    }
}

/// The methods of the renewals that these commands begin.
pub(super) fn begun(commands: &[Command]) -> Vec<Method> {
    commands
        .iter()
        .filter_map(|command| match command {
            Command::Renew { method, .. } => Some(*method),
            _ => None,
        })
        .collect()
}

//! A tab among others: the machine of its page, and what that page has under way.

use std::collections::VecDeque;
use std::time::Duration;

use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::id_token::IdTokenClaims;
use evergrant_core::session::{Machine, Session, Status, View};
use evergrant_core::time::{Now, UnixTime};

use super::super::clock::Clock;
use super::super::tab::Doubt;
use super::renewal::Renewal;
use super::transactions::Transaction;

/// One tab with one page in it.
#[derive(Debug)]
pub struct Tab {
    pub machine: Machine,
    /// Counts the pages this tab has shown.
    pub page: u64,
    /// When this page was opened, on the device's monotonic clock.
    pub opened_at: Duration,
    pub place: Place,
    /// Since when it is there, without a break.
    pub here_since: Duration,
    /// Which store it reads and writes.
    pub store: usize,
    /// The sign-in that this page lived by before what happened last.
    pub lineage: Option<u64>,
    /// What the session is where it is kept in memory, or the store is full; then nothing is read from the store.
    pub memory: Option<Option<Box<Session>>>,
    /// When the timer fires, on the device's monotonic clock.
    pub timer: Option<Duration>,
    pub renewal: Option<Renewal>,
    /// What is being read from and written into the ledger, in order.
    pub transactions: VecDeque<Transaction>,
    /// The silent question under way: who is signed in at the issuer?
    pub question: Option<Question>,
    /// The latest of them, until somebody signs out in another tab: then no session may come of it.
    pub silent_attempt: Option<u64>,
    pub overtaken: Option<u64>,
    /// The sign-in that goes on in a popup.
    pub popup: Option<u64>,
    /// Until when its timers fire once a minute.
    pub throttled_until: u64,
    /// The access token that this page was given last.
    pub token: Option<u64>,
    /// What this page cannot know of that token's time.
    pub doubt: Doubt,
    /// What the clocks did since the request left that is under way.
    pub in_flight: Doubt,
    /// Until when the issuer asked this page to be left alone.
    pub left_alone_until: u64,
    /// The renewal under way, or its retries, were asked for.
    pub asked: bool,
    /// When the person asks once more, in a page that learned only after the first time that trying has ended.
    pub asks_again_at: Option<u64>,
    /// Somebody had news for it, and died before telling.
    pub missed_something: bool,
}

/// A silent question: it waits for the lock as a renewal does.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub attempt: u64,
    /// When the lock is given to it; none while another holds it, or once it has it.
    pub granted_at: Option<u64>,
}

/// Where the person has this tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The app's page is loaded.
    Here,
    /// The page is kept in the back/forward cache: it neither hears nor does anything.
    Frozen,
    /// The tab shows a page of the issuer.
    Away,
    /// The tab is no more.
    Closed,
}

impl Tab {
    pub fn new(config: &Config, clock: &Clock, store: usize) -> Self {
        Self {
            machine: Machine::new(config),
            page: 0,
            opened_at: clock.monotonic(),
            place: Place::Here,
            here_since: clock.monotonic(),
            store,
            lineage: None,
            memory: (config.storage == StorageKind::Memory).then_some(None),
            timer: None,
            renewal: None,
            transactions: VecDeque::new(),
            question: None,
            silent_attempt: None,
            overtaken: None,
            popup: None,
            throttled_until: 0,
            token: None,
            doubt: Doubt::default(),
            in_flight: Doubt::default(),
            left_alone_until: 0,
            asked: false,
            asks_again_at: None,
            missed_something: false,
        }
    }

    pub fn now(&self, clock: &Clock, entropy: u64) -> Now {
        Now { wall: clock.wall(), monotonic: clock.monotonic() - self.opened_at, entropy }
    }

    pub fn view(&self, clock: &Clock) -> View {
        self.machine.view(&self.now(clock, 0))
    }

    pub fn is_signed_in(&self, clock: &Clock) -> bool {
        self.view(clock).status.is_signed_in()
    }

    /// Whether renewing has stopped until the person asks.
    pub fn has_stopped(&self, clock: &Clock) -> bool {
        let view = self.view(clock);
        view.status.is_signed_in() && view.status != Status::Renewing && view.renew_at.is_none()
    }

    /// The number of the access token that the app is given now.
    pub fn access_token(&self, clock: &Clock) -> Option<u64> {
        let token = self.machine.access_token(&self.now(clock, 0))?;
        token.secret().parse().ok()
    }
}

/// The sign-in that a session came from. It is written into the claims, and every renewal keeps it.
pub fn lineage(claims: &IdTokenClaims) -> u64 {
    claims.name.as_deref().and_then(|name| name.parse().ok()).expect("the claims name their sign-in")
}

/// The person a session is for.
pub fn person(claims: &IdTokenClaims) -> u64 {
    claims.preferred_username.as_deref().and_then(|name| name.parse().ok()).expect("the claims name their person")
}

/// The number of the refresh token that a session holds.
pub fn refresh_token(session: &Session) -> Option<u64> {
    session.refresh_token.as_ref()?.secret().parse().ok()
}

pub fn access_token(session: &Session) -> u64 {
    let token = session.access_token.as_ref().expect("every session has one here");
    token.secret().parse().expect("an access token is a number")
}

pub fn claims(lineage: u64, person: u64, now: UnixTime) -> IdTokenClaims {
    let claims = serde_json::json!({
        "iss": "https://issuer.example/", "sub": format!("person-{person}"), "aud": "app", "iat": now.as_seconds(),
        "exp": now.as_seconds() + 600, "name": lineage.to_string(), "preferred_username": person.to_string(),
    });
    serde_json::from_value(claims).expect("these are claims")
}

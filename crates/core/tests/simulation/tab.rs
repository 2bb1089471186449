//! A tab: the machine, its page's timer, and what the simulation expects of it.

use std::time::Duration;

use evergrant_core::config::Config;
use evergrant_core::session::{Machine, View};
use evergrant_core::time::{Now, UnixTime};

use super::clock::Clock;

/// One tab with one page in it.
#[derive(Debug)]
pub struct Tab {
    pub machine: Machine,
    /// Counts the pages this tab has shown.
    pub page: u64,
    /// When this page was opened, on the device's monotonic clock.
    opened_at: Duration,
    /// When the timer fires, on the device's monotonic clock.
    pub timer: Option<Duration>,
    pub expected: Expected,
    pub doubt: Doubt,
    pub pace: Pace,
}

/// Whether somebody should be signed in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nobody: nothing may be stored or sent, and no timer set.
    SignedOut,
    /// A sign-in is on its way.
    SigningIn,
    /// Somebody: the session may not be lost.
    SignedIn,
}

/// What a page cannot know of time. Set back and stood still, unseen between the same two events, clocks deceive anyone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doubt {
    set_back: bool,
    stood_still: bool,
    /// The wall clock was set back at some time in the life of the access token. Two seconds of that are tolerated.
    pub was_set_back: bool,
    /// The access token in use may be older than any clock here can tell.
    pub deceived: bool,
}

/// When a renewal may begin by itself, in true milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    pub not_before: u64,
    /// Until when the server asked to be left alone.
    pub left_alone_until: u64,
    /// Failures in a row while the network was there.
    pub failures: u32,
}

impl Tab {
    pub fn new(config: &Config, clock: &Clock) -> Self {
        Self {
            machine: Machine::new(config),
            page: 0,
            opened_at: clock.monotonic(),
            timer: None,
            expected: Expected::SignedOut,
            doubt: Doubt::default(),
            pace: Pace::default(),
        }
    }

    /// The page goes, and another comes.
    pub fn open_page(&mut self, config: &Config, clock: &Clock) {
        self.machine = Machine::new(config);
        self.page += 1;
        self.opened_at = clock.monotonic();
        self.timer = None;
        self.pace.not_before = 0;
        self.pace.left_alone_until = 0;
        // What the last page did not see, the store does not know.
        self.doubt.deceived |= self.doubt.set_back;
        self.doubt.set_back = false;
        self.doubt.stood_still = false;
    }

    /// What this page's clocks show.
    pub fn now(&self, clock: &Clock, entropy: u64) -> Now {
        Now { wall: clock.wall(), monotonic: clock.monotonic() - self.opened_at, entropy }
    }

    pub fn view(&self, clock: &Clock) -> View {
        self.machine.view(&self.now(clock, 0))
    }

    /// The number of the access token that the app is given now.
    pub fn access_token(&self, clock: &Clock) -> Option<u64> {
        let token = self.machine.access_token(&self.now(clock, 0))?;
        token.secret().parse().ok()
    }
}

impl Doubt {
    /// Of a token that was found in a store, perhaps written there before the wall clock was set back.
    pub fn of_stored(deceived: bool) -> Self {
        Self { deceived, ..Self::default() }
    }

    pub fn set_back(&mut self) {
        self.was_set_back = true;
        self.set_back = true;
        self.deceived |= self.stood_still;
    }

    pub fn stood_still(&mut self) {
        self.stood_still = true;
        self.deceived |= self.set_back;
    }

    /// The machine looked at both clocks.
    pub fn seen(&mut self) {
        self.set_back = false;
        self.stood_still = false;
    }
}

/// The claims of the one person there is.
pub fn claims(now: UnixTime) -> evergrant_core::protocol::id_token::IdTokenClaims {
    let claims = serde_json::json!({
        "iss": "https://issuer.example/", "sub": "tess", "aud": "app", "iat": now.as_seconds(), "exp": now.as_seconds() + 600,
    });
    serde_json::from_value(claims).expect("these are claims")
}

//! What must hold after every step of every world.

use evergrant_core::session::Status;

use super::network::Purpose;
use super::tab::{Expected, Tab};
use super::world::World;

/// Once faults stop, a session is fresh within this: the longest `Retry-After`, the longest wait, and time to ask.
pub const CALM_BOUND: u64 = 240_000;

/// Clocks that differ by so little are left alone.
pub const CLOCK_TOLERANCE: u64 = 2_000;

/// The rules, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// At most one renewal is in flight.
    OneRenewalAtATime,
    /// No request carries an expired access token.
    NoExpiredToken,
    /// After sign-out nothing is stored.
    NothingStoredAfterSignOut,
    /// After sign-out nothing is sent, and nothing is in flight.
    NothingSentAfterSignOut,
    /// After sign-out no timer is set.
    NoTimerAfterSignOut,
    /// A session that the issuer would still renew is never lost.
    SessionKept,
    /// Once faults stop, the session is fresh within [`CALM_BOUND`].
    FreshOnceCalm,
    /// No renewal begins by itself sooner than the rules allow.
    RequestsSpaced,
    /// No renewal begins by itself before the server's `Retry-After`.
    RetryAfterObeyed,
    /// A session that waits has a timer, and one that is being renewed has a request.
    NeverStuck,
    /// A browser's timer holds no more than 2^31-1 ms.
    TimersHold,
}

/// An invariant that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: Invariant,
    pub at: u64,
    pub detail: String,
}

pub fn check(world: &World) -> Result<(), Broken> {
    if let Some((invariant, detail)) = world.broken {
        return Err(broken(world, invariant, detail));
    }
    let renewals = world.live_requests().filter(|request| matches!(request.purpose, Purpose::Renewal(_))).count();
    if renewals > 1 {
        return Err(broken(world, Invariant::OneRenewalAtATime, "two are in flight"));
    }
    for (index, tab) in world.tabs.iter().enumerate() {
        check_tab(world, index, tab).map_err(|(invariant, detail)| broken(world, invariant, detail))?;
    }
    Ok(())
}

fn check_tab(world: &World, index: usize, tab: &Tab) -> Result<(), (Invariant, &'static str)> {
    let require = |holds, invariant, detail| if holds { Ok(()) } else { Err((invariant, detail)) };
    let status = tab.view(&world.clock).status;
    let asks = world.live_requests().any(|request| request.tab == index);
    let token = tab.access_token(&world.clock);
    let tolerance = if tab.doubt.was_set_back { CLOCK_TOLERANCE } else { 0 };
    let accepted = token.is_none_or(|number| world.issuer.accepts(number, world.clock.truth.saturating_sub(tolerance)));
    require(accepted || tab.doubt.deceived, Invariant::NoExpiredToken, "the app was given an expired one")?;
    match tab.expected {
        Expected::SignedOut => {
            require(world.store.is_empty(), Invariant::NothingStoredAfterSignOut, "something is")?;
            require(!asks, Invariant::NothingSentAfterSignOut, "a request is in flight")?;
            require(tab.timer.is_none(), Invariant::NoTimerAfterSignOut, "one is")?;
            require(token.is_none(), Invariant::NothingSentAfterSignOut, "the app has a token")?;
        }
        Expected::SignedIn => {
            require(status.is_signed_in(), Invariant::SessionKept, "the person finds themselves signed out")?;
            require(!world.store.is_empty(), Invariant::SessionKept, "it is not stored")?;
            let could_be = world.issuer.would_renew(world.store.refresh_token()) && world.issuer.rules.lifetime >= 10;
            let about_to_renew = tab.timer.is_some_and(|timer| timer <= world.clock.monotonic());
            let is = token.is_some() || (world.renews_at_expiry && (about_to_renew || status == Status::Renewing));
            let calm = world.calm_since.is_some_and(|since| world.clock.truth > since + CALM_BOUND);
            require(is || !calm || !could_be, Invariant::FreshOnceCalm, "it is not")?;
        }
        Expected::SigningIn => {}
    }
    match status {
        Status::SignedIn | Status::Retrying => {
            require(tab.timer.is_some(), Invariant::NeverStuck, "it waits without a timer")
        }
        Status::Renewing | Status::SigningIn => require(asks, Invariant::NeverStuck, "it waits for no answer"),
        Status::SignedOut | Status::SigningOut | Status::Stale => Ok(()),
    }
}

fn broken(world: &World, invariant: Invariant, detail: &'static str) -> Broken {
    Broken { invariant, at: world.clock.truth, detail: detail.to_owned() }
}

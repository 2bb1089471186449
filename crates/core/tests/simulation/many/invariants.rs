//! What must hold between tabs, after every step of every world.

use std::time::Duration;

use evergrant_core::session::Status;

use super::super::invariants::CLOCK_TOLERANCE;
use super::super::network::TIMEOUT;
use super::requests::Purpose;
use super::tab::{self, Place, Tab};
use super::transactions::{Then, Transaction};
use super::world::World;

/// Once faults stop, every session is fresh within this: the longest `Retry-After`, the longest wait, and time to ask.
pub const CALM_BOUND: u64 = 240_000;

/// The rules, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// At most one renewal is in flight in all tabs.
    OneRenewalAtATime,
    /// A refresh token is never presented again, outside the issuer's reuse interval; but for the last resort, and for what
    /// was known of it to a ledger that the browser lost.
    RefreshTokenSentOnce,
    /// The last resort, when the iframe is ruled out: a refresh token of unknown fate is presented again, and never one that was
    /// answered.
    LastResortOfUnknownFate,
    /// No request carries an expired access token. Who reads from a store, after the wall clock was set back, when a token
    /// expires, cannot know; nor who slept with a clock that stood still when the other was set back unseen.
    NoExpiredToken,
    /// After sign-out nothing is stored, once the tabs have heard of it. Who slept through it, and through the loss of the
    /// ledger in which it was written, cannot hear of it.
    NothingStoredAfterSignOut,
    /// After sign-out nothing is sent, once the tabs have heard of it; with the same exception. Whoever reads that somebody is
    /// signed in, noted by a tab that had not heard of it, asks the issuer.
    NothingSentAfterSignOut,
    /// After sign-out no refresh token of a tab that has heard of it is good, if the issuer could be reached.
    RevokedAfterSignOut,
    /// A session that the issuer would still renew is never lost, but to a sign-out that other tabs were hearing of when it
    /// began; or, where the ledger gave no answer to the sign-in, to a clock set back after an earlier sign-out.
    SessionKept,
    /// No renewal begins by itself in any tab before the `Retry-After` that one of them was given. The others are told by the
    /// wall clock: once that is set back they cannot know, while whoever was told by the issuer still does, until newer tokens
    /// have come. A clock that is set forward passes for a sleep.
    RetryAfterObeyed,
    /// Somebody who is active in any tab is not signed out for being idle; for somebody who is not, nothing is renewed. When
    /// the clock is set, how long ago that was is not known to all until they are active again; nor to a page that opens after
    /// a sign-out.
    IdleEndsAll,
    /// With many tabs as with one, tokens are renewed when they are about to expire, or when somebody asks. Tokens from
    /// before the clock was set, or before the ledger was lost or gave no answer to a renewal, are replaced beside the newest,
    /// once.
    OneRenewalPerExpiry,
    /// Once faults stop, every session is fresh within [`CALM_BOUND`]. Where trying has ended the person asks, when the tab
    /// says so.
    FreshOnceCalm,
    /// Once faults stop, all tabs of one store show the same session; where the ledger was lost, once a tab has written it
    /// there again. Tokens from before that are replaced when they expire.
    TabsAgreeOnceCalm,
    /// A session that waits has a timer, and one that is being renewed has a renewal under way.
    NeverStuck,
}

/// An invariant that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: Invariant,
    pub at: u64,
    pub detail: String,
}

type Verdict = Result<(), (Invariant, &'static str)>;

fn require(holds: bool, invariant: Invariant, detail: &'static str) -> Verdict {
    if holds { Ok(()) } else { Err((invariant, detail)) }
}

/// Looks at what concerns all tabs, and at these tabs closely.
pub fn check(world: &World, tabs: &[usize]) -> Result<(), Broken> {
    let verdict = world.broken.map_or(Ok(()), Err).and_then(|()| check_world(world)).and_then(|()| {
        tabs.iter()
            .filter(|index| world.tabs[**index].place == Place::Here)
            .try_for_each(|index| check_tab(world, *index, &world.tabs[*index]))
    });
    verdict.map_err(|(invariant, detail)| Broken { invariant, at: world.clock.truth, detail: detail.to_owned() })
}

fn check_world(world: &World) -> Verdict {
    let is_alone = |purpose| matches!(purpose, Purpose::Renewal(_) | Purpose::Question { .. });
    let in_flight = world.requests.iter().filter(|it| !it.over && is_alone(it.purpose)).count();
    require(in_flight <= 1, Invariant::OneRenewalAtATime, "two are in flight")?;
    require(!world.issuer.has_seen_reuse, Invariant::RefreshTokenSentOnce, "one came again")
}

fn check_tab(world: &World, index: usize, tab: &Tab) -> Verdict {
    let view = tab.view(&world.clock);
    let tolerance = if tab.doubt.was_set_back { CLOCK_TOLERANCE } else { 0 };
    let seen = world.clock.truth.saturating_sub(tolerance);
    let accepted = tab.access_token(&world.clock).is_none_or(|it| seen < world.issuer.expires_at(it));
    require(accepted || tab.doubt.deceived, Invariant::NoExpiredToken, "the app was given an expired one")?;
    let asks = world.requests.iter().any(|request| !request.over && request.tab == index);
    let waits = asks || tab.popup.is_some() || tab.question.is_some();
    let writes = tab.transactions.iter().any(|it| matches!(it.then, Then::SignIn { .. }));
    match view.status {
        Status::SignedIn | Status::Retrying => {
            require(tab.timer.is_some(), Invariant::NeverStuck, "it waits without a timer")?;
        }
        Status::Renewing => require(tab.renewal.is_some(), Invariant::NeverStuck, "no renewal is under way")?,
        Status::SigningIn => require(waits || writes, Invariant::NeverStuck, "it waits for no answer")?,
        Status::SignedOut | Status::SigningOut | Status::Stale => {}
    }
    if has_heard_all(world, index, tab) {
        let showing = view.claims.as_ref().is_none_or(|claims| world.oracle.lives(tab::lineage(claims)));
        require(showing, Invariant::NothingSentAfterSignOut, "a tab lives on by it")?;
        let asking = view.status.is_signed_in() || view.status == Status::SigningIn || !asks;
        require(asking, Invariant::NothingSentAfterSignOut, "a request is in flight")?;
        let store = &world.stores[tab.store];
        let mine = store.saved_by == Some((index, tab.page));
        let ended = store.load().is_some_and(|session| world.oracle.was_ended(tab::lineage(&session.claims)));
        require(!(mine && ended), Invariant::NothingStoredAfterSignOut, "something is")?;
    }
    let calm = world.calm_since.is_some_and(|since| world.clock.truth > since + CALM_BOUND);
    let been_here = world.clock.monotonic() - tab.here_since > Duration::from_millis(CALM_BOUND);
    if calm && been_here && tab.transactions.is_empty() {
        check_calm(world, tab)?;
    }
    Ok(())
}

/// Whether no news is on its way to this tab.
fn has_heard_all(world: &World, index: usize, tab: &Tab) -> bool {
    let is_news = |it: &Transaction| it.is_to_be_told() && !matches!(it.then, Then::Claimed);
    tab.transactions.is_empty()
        && !tab.missed_something
        && world.messages.iter().all(|message| message.to != index)
        && !world.tabs.iter().any(|other| other.transactions.iter().any(is_news))
}

fn check_calm(world: &World, tab: &Tab) -> Verdict {
    let view = tab.view(&world.clock);
    if matches!(view.status, Status::SigningIn | Status::SigningOut) {
        return Ok(());
    }
    let seen = world.clock.truth;
    let shown = view.claims.as_ref().map(tab::lineage);
    let is_untold = world.oracle.is_lost && shown.is_some() && shown == world.oracle.unwritten;
    require(!is_untold, Invariant::TabsAgreeOnceCalm, "a sign-in was never told to the others")?;
    let is_known = !world.oracle.sign_out_stopped_halfway && !world.oracle.is_lost;
    if world.shared && is_known && !tab.missed_something && has_heard_all_everywhere(world) {
        let shared = world.oracle.newest.as_ref().map(|session| tab::lineage(&session.claims));
        require(shown == shared, Invariant::TabsAgreeOnceCalm, "they show different sessions")?;
        let token = tab.access_token(&world.clock);
        let newest = world.oracle.newest.as_ref().map(|session| tab::access_token(session));
        let expired = newest.is_none_or(|number| seen >= world.issuer.expires_at(number));
        // While no ledger knew which of them was ahead, two tabs may have renewed as often each.
        let is_from_before = token.is_some_and(|number| world.got_before(number, world.oracle.lost_at));
        require(
            expired || token.is_none() || token == newest || is_from_before,
            Invariant::TabsAgreeOnceCalm,
            "they hold different tokens",
        )?;
    }
    let Some(session) = world.session_of(tab) else { return Ok(()) };
    let due = tab.timer.is_some_and(|timer| timer <= world.clock.monotonic()) || view.status == Status::Renewing;
    // The person asks, and then it takes as long as a request may.
    let asks = tab.asks_again_at.is_some_and(|at| seen <= at + TIMEOUT);
    let fresh = tab.access_token(&world.clock).is_some() || (world.renews_at_expiry && due) || asks;
    require(fresh || !world.could_renew(&session), Invariant::FreshOnceCalm, "it is not")
}

fn has_heard_all_everywhere(world: &World) -> bool {
    world.messages.is_empty() && world.tabs.iter().all(|tab| tab.transactions.is_empty())
}

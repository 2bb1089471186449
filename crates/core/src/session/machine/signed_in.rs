//! What is kept of somebody who is signed in: the session, how long it is good, and the phase its renewal is in.

use std::time::Duration;

use super::{MOST_FAILURES, SHORTEST_PAUSE};
use crate::session::event::Cause;
use crate::session::failure::Failure;
use crate::session::record::{Method, Session};
use crate::session::schedule::Lease;
use crate::session::view::{Status, View};
use crate::time::Now;

/// Somebody's session, and what is being done about it.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub(super) session: Session,
    pub(super) lease: Lease,
    pub(super) phase: Phase,
    pub(super) problem: Option<Failure>,
    /// Whether the problem is a sign-in that came to nothing, and not a renewal.
    pub(super) sign_in_failed: bool,
}

/// How the session stands with its next renewal.
#[derive(Debug)]
pub(super) enum Phase {
    /// The next renewal begins when `lead` is left of the access token, but not right after it was `received` here.
    Waiting { lead: Duration, received: Option<Now> },
    /// A renewal is in flight.
    Renewing { method: Method, cause: Cause, started: Now },
    /// The next try begins at `due` on the monotonic clock; a wake signal brings it forward, but never into the `rest`.
    Retrying { due: Duration, failed: Now, rest: Duration },
    /// Nothing is tried until the person asks; or comes back to the page, when it only `failed` too often.
    Stopped { failed: Option<Now> },
}

impl SignedIn {
    /// A session whose next renewal waits for its time, or for the person.
    pub(super) fn new(session: Session, lease: Lease, lead: Duration, received: Option<Now>, now: &Now) -> Self {
        let phase = match session.failures {
            // R10: a reload is no reason to begin anew, and the person still reads why it has stopped.
            MOST_FAILURES.. => Phase::Stopped { failed: Some(*now) },
            _ => Phase::Waiting { lead, received },
        };
        let problem = session.problem.clone().map(Failure::Earlier);
        Self { session, lease, phase, problem, sign_in_failed: false }
    }

    /// Whether `other` is the same session, renewed as often and with the same tokens: while the ledger was lost, two tabs
    /// may have renewed it.
    pub(super) fn has_the_tokens_of(&self, other: &Session) -> bool {
        let mine = &self.session;
        (mine.generation, mine.renewals, &mine.access_token) == (other.generation, other.renewals, &other.access_token)
    }

    /// Whether its renewal waits for nothing any more.
    pub(super) fn is_due(&self, now: &Now) -> bool {
        match &self.phase {
            Phase::Waiting { lead, received } => {
                wait(self.lease.remaining(now), *lead, received.as_ref(), now).is_zero()
            }
            _ => false,
        }
    }

    /// Puts what there is to show into the view.
    pub(super) fn show(&self, view: &mut View, now: &Now) {
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
        view.renewing_since = match self.phase {
            Phase::Renewing { started, .. } => Some(started.wall),
            _ => None,
        };
        view.claims = Some(self.session.claims.clone());
        view.scope = self.session.scope.clone();
        view.flow = Some(self.session.flow);
        view.expires_at = Some(self.lease.expires_at());
        view.lifetime = Some(self.session.lifetime);
        view.renewals = self.session.renewals;
        view.last_method = self.session.last_method;
        view.problem.clone_from(&self.problem);
        view.sign_in_failed = self.sign_in_failed;
    }
}

/// How long until the next renewal begins.
pub(super) fn wait(remaining: Duration, lead: Duration, received: Option<&Now>, now: &Now) -> Duration {
    let pause = received.map_or(Duration::ZERO, |received| SHORTEST_PAUSE.saturating_sub(now.since(received)));
    remaining.saturating_sub(lead).max(pause)
}

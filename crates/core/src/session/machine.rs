//! The machine itself: one event in, commands out. Each part of a session's life has a file in this folder.

mod activity;
mod history;
mod renewal;
mod sign_in;
mod sign_out;
mod signed_in;
mod tabs;

use std::time::Duration;

use self::signed_in::{SignedIn, wait};
use super::command::{Command, TabMessage};
use super::event::{Cause, Event, Wake};
use super::failure::Failure;
use super::history::{History, Occurred};
use super::idle::Idle;
use super::log::RenewalLog;
use super::record::Session;
use super::schedule::{self, Lease};
use super::view::{EndReason, Status, View};
use crate::config::{Config, StorageKind};
use crate::protocol::authorize::Flow;
use crate::protocol::{AccessToken, ClientId, IdToken, Issuer};
use crate::time::{Now, UnixTime};

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
    /// Whether refresh tokens are kept in a cookie, out of this page's sight.
    refresh_cookie: bool,
    state: State,
    /// The latest attempt to sign in or renew. Answers to earlier ones are worthless.
    attempt: u64,
    /// The generation of the session that the person signed out of: an answer on its way may still speak of it.
    over: Option<u64>,
    online: bool,
    /// R11, where it is configured.
    idle: Option<Idle>,
    log: RenewalLog,
    history: History,
    /// When this page was last told anything.
    heard: Option<Now>,
    /// When the timer fires, by the wall clock.
    timer_due: Option<UnixTime>,
}

#[derive(Debug)]
enum State {
    SignedOut(Option<EndReason>),
    /// On the way to the issuer or back; `silently` when nobody asked for it. A session in trouble is `kept`, and gone back
    /// to should the sign-in fail.
    SigningIn {
        silently: bool,
        kept: Option<Box<SignedIn>>,
    },
    SignedIn(Box<SignedIn>),
    /// On the way out; `idle` when the person did not ask for it.
    SigningOut {
        idle: bool,
    },
}

impl Machine {
    /// A machine for the client that `config` describes, with nobody signed in.
    pub fn new(config: &Config) -> Self {
        Self {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            lead: config.lead,
            shared: config.storage == StorageKind::Local,
            refresh_cookie: config.storage == StorageKind::Cookie,
            state: State::SignedOut(None),
            attempt: 0,
            over: None,
            online: true,
            idle: config.idle.map(Idle::new),
            log: RenewalLog::default(),
            history: History::default(),
            heard: None,
            timer_due: None,
        }
    }

    /// Takes in what happened, and says what to do, in that order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        self.correct_clock(&now, &mut commands);
        self.correct_activity(&now, &mut commands);
        self.note_standstill(&now, &mut commands);
        let was_signed_in = matches!(self.state, State::SignedIn(_));
        match event {
            Event::Opened { stored } => self.opened(stored, &now, &mut commands),
            Event::OpenedBlank { flow } => self.opened_blank(flow, &now, &mut commands),
            Event::TimerFired => self.look_at_the_clock(Cause::Schedule, &now, &mut commands),
            later => self.happened(later, &now, &mut commands),
        }
        self.heed_the_idle_limit(&now, &mut commands);
        self.note_what_followed(was_signed_in, &now, &commands);
        commands
    }

    /// What happens to a session once it is there. A function of its own in the code as well: an app begins without it.
    #[inline(never)]
    fn happened(&mut self, event: Event, now: &Now, commands: &mut Vec<Command>) {
        match event {
            Event::SignOutUnfinished { generation, idle } => {
                self.sign_out_unfinished(generation, idle, now, commands);
            }
            Event::CallbackArrived { stored } => self.callback_arrived(stored, now, commands),
            Event::SignIn(sign_in) => self.sign_in(sign_in, now, commands),
            Event::SignInEnded { attempt, outcome } => {
                if attempt == self.attempt && matches!(self.state, State::SigningIn { .. }) {
                    self.sign_in_ended(outcome, now, commands);
                }
            }
            Event::SignedInAnew { tokens } => self.signed_in_anew(tokens, now, commands),
            Event::Replaced { session } => self.revoke_replaced(&session, commands),
            Event::Opened { .. } | Event::OpenedBlank { .. } | Event::TimerFired => {}
            Event::Woke(wake) => self.woke(wake, now, commands),
            Event::Network { online } => self.network(online, now, commands),
            Event::RenewNow => self.renew(Cause::Asked, now, commands),
            Event::RenewalEnded { attempt, outcome } => {
                if attempt == self.attempt {
                    self.renewal_ended(outcome, now, commands);
                }
            }
            Event::SignOut => self.sign_out(false, now, commands),
            Event::SignOutStayed { failure } => self.sign_out_stayed(failure, commands),
            Event::RenewingBy { attempt, method: by } => {
                if let Some((method, ..)) = self.renewing(attempt) {
                    *method = by;
                }
            }
            Event::Rotated { attempt, refresh_token } => self.rotated(attempt, refresh_token, commands),
            Event::TokenNeeded => self.look_at_the_clock(Cause::Needed, now, commands),
            Event::TokenRefused => self.token_refused(now, commands),
            Event::Expire => self.expire(now, commands),
            Event::ChangedElsewhere => self.consult(commands),
            Event::Adopted { session } => self.adopt(*session, now, commands),
            Event::SignedOutElsewhere => self.signed_out_elsewhere(now, commands),
            Event::Active => self.active(now, commands),
            Event::ActiveElsewhere { at } => self.active_elsewhere(at, now, commands),
            Event::IdleEnded => self.sign_out(true, now, commands),
            Event::IdleEndedElsewhere => self.idle_ended_elsewhere(now, commands),
        }
    }

    /// What to show.
    pub fn view(&self, now: &Now) -> View {
        let mut view = View::default();
        match &self.state {
            State::SignedOut(ended) => view.ended.clone_from(ended),
            State::SigningIn { .. } => view.status = Status::SigningIn,
            State::SigningOut { .. } => view.status = Status::SigningOut,
            State::SignedIn(signed_in) => {
                signed_in.show(&mut view, now);
                if let Some(idle) = &self.idle {
                    view.idle_ends_at = idle.ends_at();
                    view.idle_warning = idle.warns(now);
                }
            }
        }
        view
    }

    /// The access token, if it is good now: an expired one is never handed out, nor one of somebody who is idle too long.
    pub fn access_token(&self, now: &Now) -> Option<&AccessToken> {
        match &self.state {
            State::SignedIn(signed_in) if !signed_in.lease.remaining(now).is_zero() && !self.is_idle(now) => {
                signed_in.session.access_token.as_ref()
            }
            _ => None,
        }
    }

    /// The latest ID token, while somebody is signed in.
    #[inline]
    pub fn id_token(&self) -> Option<&IdToken> {
        match &self.state {
            State::SignedIn(signed_in) => Some(&signed_in.session.id_token),
            _ => None,
        }
    }

    /// Whether somebody is signed in at an issuer that gives no access tokens, so that there is none to wait for.
    pub fn has_identity_alone(&self) -> bool {
        matches!(&self.state, State::SignedIn(signed_in) if signed_in.session.access_token.is_none())
    }

    /// Whether what the ledger answers about `session` still concerns this page, which may have signed in anew meanwhile.
    pub fn still_goes_by(&self, session: &Session) -> bool {
        match &self.state {
            State::SignedIn(current) | State::SigningIn { kept: Some(current), .. } => {
                current.session.generation == session.generation
            }
            State::SigningIn { silently, .. } => !silently,
            _ => true,
        }
    }

    /// Whether this page has the tokens of `session`.
    pub fn lives_by(&self, session: &Session) -> bool {
        matches!(&self.state, State::SignedIn(mine) if mine.has_the_tokens_of(session))
    }

    /// Whether nobody is signed in because nobody could be reached who would know.
    pub fn nobody_was_reached(&self) -> bool {
        matches!(self.state, State::SignedOut(Some(EndReason::SignInFailed(Failure::Unreachable { .. }))))
    }

    /// What happened to the renewals of this page.
    pub fn log(&self) -> &RenewalLog {
        &self.log
    }

    /// What else happened in this page.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The session has new tokens.
    fn receive(&mut self, mut session: Session, requested_at: &Now, now: &Now, commands: &mut Vec<Command>) {
        let lease = Lease::fresh(session.lifetime, requested_at);
        // The wall clock may have been set back while the request was under way.
        let lease = lease.corrected(now).unwrap_or(lease);
        session.expires_at = lease.expires_at();
        // Whatever redeemed a code has filled the cookie anew.
        session.refresh_cookie = self.refresh_cookie && session.flow == Flow::Code;
        commands.push(Command::Save(Box::new(session.clone())));
        if self.shared {
            commands.push(Command::TellTabs(TabMessage::Changed));
        }
        self.enter(session, lease, Some(*now), now, commands);
    }

    /// Signed in with a lease: the next renewal is scheduled.
    fn enter(&mut self, session: Session, lease: Lease, received: Option<Now>, now: &Now, commands: &mut Vec<Command>) {
        self.begin_idle(&session, now);
        self.note_token(&session, now);
        let lead = schedule::lead(session.lifetime, self.lead, now);
        self.set_timer(Some(wait(lease.remaining(now), lead, received.as_ref(), now)), now, commands);
        commands.push(Command::TellApp);
        self.state = State::SignedIn(Box::new(SignedIn::new(session, lease, lead, received, now)));
    }

    /// The one timer is set for what comes first: `wait`, the idle warning or the idle limit.
    fn set_timer(&self, wait: Option<Duration>, now: &Now, commands: &mut Vec<Command>) {
        let idle = self.idle.as_ref().and_then(|idle| idle.next(now));
        commands.push(match wait.into_iter().chain(idle).min() {
            Some(wait) => Command::SetTimer(schedule::cap(wait)),
            None => Command::CancelTimer,
        });
    }

    fn woke(&mut self, wake: Wake, now: &Now, commands: &mut Vec<Command>) {
        // The person came back by the back button: the page they left lives on, and nobody will answer it.
        if wake == Wake::Restored {
            match &mut self.state {
                State::SigningIn { kept, .. } => {
                    let kept = kept.take();
                    self.attempt += 1;
                    self.go_back_to(kept, None, commands);
                }
                State::SigningOut { .. } => {
                    self.attempt += 1;
                    self.go_back_to(None, None, commands);
                }
                State::SignedIn(_) | State::SignedOut(_) => {}
            }
        }
        self.active(now, commands);
        self.consult(commands);
        self.look_at_the_clock(Cause::Woke, now, commands);
    }

    fn network(&mut self, online: bool, now: &Now, commands: &mut Vec<Command>) {
        if self.online != online {
            self.online = online;
            self.history.add(now.wall, if online { Occurred::Online } else { Occurred::Offline });
            commands.push(Command::TellApp);
        }
        if online {
            self.look_at_the_clock(Cause::Woke, now, commands);
        }
    }

    /// R2: what one clock knows of a sleep, or of the other clock being set, is kept, in the store as well.
    fn correct_clock(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let State::SignedIn(signed_in) = &mut self.state else { return };
        let Some(lease) = signed_in.lease.corrected(now) else { return };
        signed_in.lease = lease;
        if signed_in.session.expires_at != lease.expires_at() {
            signed_in.session.expires_at = lease.expires_at();
            self.history.correct_token(lease.expires_at());
            commands.extend([Command::Save(Box::new(signed_in.session.clone())), Command::TellApp]);
        }
    }
}

#[cfg(test)]
mod tests;

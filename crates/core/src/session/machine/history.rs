//! What goes into the [history](super::super::history), so that the other files need not think of it.

use std::time::Duration;

use super::{Machine, State};
use crate::session::command::Command;
use crate::session::history::Occurred;
use crate::session::record::Session;
use crate::session::view::EndReason;
use crate::time::Now;

/// A page that was held back for less is not worth telling: timers come a little late all the time.
const STANDSTILL: Duration = Duration::from_secs(10);

impl Machine {
    /// A page that stood still hears of it by its clocks: the wall clock went further than the monotonic one, or the timer is
    /// late.
    pub(super) fn note_standstill(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let before = self.heard.replace(*now);
        let Some(before) = before.filter(|_| matches!(self.state, State::SignedIn(_))) else { return };
        let passed = now.monotonic.saturating_sub(before.monotonic);
        let outrun = now.wall.since(before.wall).saturating_sub(passed);
        let late = self.timer_due.map_or(Duration::ZERO, |due| now.wall.since(due));
        let still = outrun.max(late);
        if still >= STANDSTILL {
            // Two clocks do not agree on milliseconds.
            let still = Duration::from_secs((still + Duration::from_millis(500)).as_secs());
            self.timer_due = None;
            self.history.add(now.wall, Occurred::StoodStill { since: now.wall - still });
            commands.push(Command::TellApp);
        }
    }

    /// A token is in use from now on; the one that was in use already is no news.
    pub(super) fn note_token(&mut self, session: &Session, now: &Now) {
        if self.history.token_expires_at() != Some(session.expires_at) {
            let since = session.expires_at - session.lifetime;
            self.history.add(now.wall, Occurred::Token { since, expires_at: session.expires_at });
        }
    }

    /// What can be told by comparing before and after: that the session is over, and when the timer is due.
    pub(super) fn note_what_followed(&mut self, was_signed_in: bool, now: &Now, commands: &[Command]) {
        for command in commands {
            match command {
                Command::SetTimer(wait) => self.timer_due = Some(now.wall + *wait),
                Command::CancelTimer => self.timer_due = None,
                _ => {}
            }
        }
        let reason = match &self.state {
            State::SignedOut(Some(reason)) => reason.clone(),
            State::SigningOut { idle: true } => EndReason::Idle(None),
            State::SigningOut { idle: false } => EndReason::SignedOut,
            _ => return,
        };
        if was_signed_in {
            self.history.add(now.wall, Occurred::Ended(reason));
        }
    }
}

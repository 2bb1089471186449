//! R11: the person's activity, in this tab and in others, and what happens when there is none.

use super::{Machine, State};
use crate::session::command::Command;
use crate::session::event::Cause;
use crate::session::record::Session;
use crate::session::view::EndReason;
use crate::time::{Now, UnixTime};

impl Machine {
    /// Whether the person has done nothing for so long that nothing may be renewed or handed out.
    pub(super) fn is_idle(&self, now: &Now) -> bool {
        self.idle.as_ref().is_some_and(|idle| idle.is_over(now))
    }

    /// A session is taken up: the person is known to have been active when its tokens were got, if nothing else is known.
    pub(super) fn begin_idle(&mut self, session: &Session, now: &Now) {
        if let Some(idle) = &mut self.idle {
            idle.begin(session.expires_at - session.lifetime, now);
        }
    }

    /// What comes too late is no activity: whoever comes back to a session that is over has to sign in.
    pub(super) fn active(&mut self, now: &Now, commands: &mut Vec<Command>) {
        if let (Some(idle), State::SignedIn(_)) = (&mut self.idle, &self.state)
            && !idle.is_over(now)
        {
            idle.active(now);
            commands.extend([Command::ShareActivity { at: now.wall, instead_of: None }, Command::TellApp]);
        }
    }

    pub(super) fn active_elsewhere(&mut self, at: UnixTime, now: &Now, commands: &mut Vec<Command>) {
        let Some(idle) = &mut self.idle else { return };
        let was_over = idle.is_over(now);
        idle.active_at(at, now);
        if matches!(self.state, State::SignedIn(_)) {
            commands.push(Command::TellApp);
            if was_over {
                self.look_at_the_clock(Cause::Woke, now, commands);
            }
        }
    }

    /// A clock that was set back must not prolong anything, here or in the ledger.
    pub(super) fn correct_activity(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let Some(idle) = &mut self.idle else { return };
        let before = idle.last_active();
        idle.correct(now);
        if idle.last_active() != before && matches!(self.state, State::SignedIn(_)) {
            commands.push(Command::ShareActivity { at: idle.last_active(), instead_of: Some(before) });
        }
    }

    /// Warns when it is time, and at the limit asks the ledger: this tab may have slept while the person was active in
    /// another.
    pub(super) fn heed_the_idle_limit(&mut self, now: &Now, commands: &mut Vec<Command>) {
        let (Some(idle), State::SignedIn(signed_in)) = (&mut self.idle, &self.state) else { return };
        if idle.has_news(now) {
            commands.push(Command::TellApp);
        }
        if idle.is_over(now) {
            let session = Box::new(signed_in.session.clone());
            commands.push(Command::EndIdle { session, active_at: idle.last_active(), now: now.wall });
        }
    }

    pub(super) fn idle_ended_elsewhere(&mut self, now: &Now, commands: &mut Vec<Command>) {
        self.forget_what_was_kept(commands);
        match self.state {
            State::SignedIn(_) | State::SigningIn { silently: true, .. } => {
                self.end_elsewhere(EndReason::Idle(None), now, commands);
            }
            // This page is back from the issuer, where it had to go for it.
            State::SignedOut(None) => {
                self.state = State::SignedOut(Some(EndReason::Idle(None)));
                commands.push(Command::TellApp);
            }
            _ => {}
        }
    }
}

//! What a browser's hands do in the world: carry out commands, send requests, open pages.

use evergrant_core::protocol::ErrorCode;
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::session::schedule::LONGEST_TIMER;
use evergrant_core::session::{Command, Event, Method, Session, SignIn, Status, Wake};
use evergrant_core::time::Now;

use super::invariants::Invariant;
use super::mischief::Mischief;
use super::network::{self, Purpose, Request, Stage, TIMEOUT, Weather};
use super::tab::{Doubt, Expected};
use super::world::World;

impl World {
    /// Gives a tab's machine an event, and carries out what it commands.
    pub fn send(&mut self, tab: usize, event: Event) {
        let now = self.tabs[tab].now(&self.clock, self.dice.roll());
        let asked = is_asked(&event) && self.mischief != Some(Mischief::Impatient);
        let free = asked || is_refused_refresh(&event);
        self.note(|_| format!("tab {tab}: {}", describe(&event)));
        let commands = self.tabs[tab].machine.handle(event, now);
        self.tabs[tab].doubt.seen();
        for command in commands {
            self.note(|_| format!("        {}", shorten(&command)));
            self.carry_out(tab, command, &now, free);
        }
    }

    fn carry_out(&mut self, tab: usize, command: Command, now: &Now, free: bool) {
        match command {
            Command::Save(session) => self.store.save(session),
            Command::Forget if self.mischief == Some(Mischief::IgnoresForget) => {}
            Command::Forget => self.store.forget(),
            Command::SetTimer(_) if self.mischief == Some(Mischief::LosesTimers) => {}
            Command::SetTimer(wait) => {
                if wait > LONGEST_TIMER {
                    self.broken = Some((Invariant::TimersHold, "it is set for longer"));
                }
                self.tabs[tab].timer = Some(self.clock.monotonic() + wait);
            }
            Command::CancelTimer if self.mischief == Some(Mischief::IgnoresCancelTimer) => {}
            Command::CancelTimer => self.tabs[tab].timer = None,
            Command::BeginSignIn { .. } => self.come_back_signed_in(tab),
            Command::AskSilently { .. } => unreachable!("no world keeps its session in memory alone"),
            Command::CompleteSignIn { attempt } => self.request(tab, attempt, Purpose::SignIn, None, now),
            Command::Renew { attempt, method, session, .. } => self.renew(tab, attempt, method, &session, now, free),
            Command::AbortRenewal if self.mischief == Some(Mischief::IgnoresAbort) => {}
            Command::AbortRenewal => self.abandon_requests(tab),
            Command::TellTabs(_) => {
                for other in (0..self.tabs.len()).filter(|other| *other != tab) {
                    self.tabs[other].expected = Expected::SignedOut;
                    self.send(other, Event::SignedOutElsewhere);
                }
            }
            Command::EndIssuerSession { .. } => self.end_issuer_session(tab),
            // One tab has nobody to agree with.
            Command::MarkSignOut { .. }
            | Command::FinishSignOut { .. }
            | Command::Count { .. }
            | Command::Consult { .. }
            | Command::EndGeneration { .. }
            | Command::ShareActivity { .. }
            | Command::Revoke { .. }
            | Command::NoteSomebody { .. }
            | Command::TellApp => {}
            Command::EndIdle { .. } => self.send(tab, Event::IdleEnded),
        }
    }

    fn renew(&mut self, tab: usize, attempt: u64, method: Method, session: &Session, now: &Now, free: bool) {
        let truth = self.clock.truth;
        let pace = self.tabs[tab].pace;
        if self.tabs[tab].expected == Expected::SignedOut {
            self.broken = Some((Invariant::NothingSentAfterSignOut, "a renewal began"));
        }
        if free {
            // Whoever asks takes it upon themselves.
            self.tabs[tab].pace.left_alone_until = 0;
        }
        if !free && truth < pace.not_before {
            self.broken = Some((Invariant::RequestsSpaced, "a renewal began by itself too soon"));
        }
        if !free && truth < pace.left_alone_until {
            self.broken = Some((Invariant::RetryAfterObeyed, "a renewal began before it was over"));
        }
        let refresh_token = match method {
            Method::RefreshToken => session.refresh_token.as_ref().and_then(|token| token.secret().parse().ok()),
            Method::Iframe => None,
        };
        self.request(tab, attempt, Purpose::Renewal(method), refresh_token, now);
        if self.mischief == Some(Mischief::RenewsTwice) {
            self.request(tab, attempt, Purpose::Renewal(method), refresh_token, now);
        }
    }

    fn request(&mut self, tab: usize, attempt: u64, purpose: Purpose, refresh_token: Option<u64>, now: &Now) {
        let truth = self.clock.truth;
        let stage = if std::mem::take(&mut self.forged) {
            Stage::Returning { arrives_at: truth + 20, outcome: Err(CallbackError::State.into()) }
        } else {
            network::dispatch(self.weather, truth, &mut self.dice)
        };
        self.requests.push(Request {
            tab,
            page: self.tabs[tab].page,
            attempt,
            purpose,
            refresh_token,
            requested_at: *now,
            stage,
            times_out_at: truth + TIMEOUT,
            over: false,
            doubt: Doubt::default(),
        });
    }

    /// The person types a password at the issuer, and a new page opens at the redirect URI.
    fn come_back_signed_in(&mut self, tab: usize) {
        self.issuer.session = true;
        self.open_page(tab);
        self.send(tab, Event::CallbackArrived { stored: None });
    }

    fn end_issuer_session(&mut self, tab: usize) {
        let heard = self.weather == Weather::Fair;
        if heard {
            self.issuer.sign_out();
        }
        if heard && self.dice.percent(50) {
            self.open_page(tab);
            self.send(tab, Event::Opened { stored: None });
        } else {
            let failure = (!heard).then(network::unreachable);
            self.send(tab, Event::SignOutStayed { failure });
        }
    }

    /// The person wants to sign in.
    pub fn sign_in(&mut self, tab: usize) {
        self.tabs[tab].expected = Expected::SigningIn;
        let sign_in = SignIn { return_to: "/".to_owned(), ..SignIn::default() };
        self.send(tab, Event::SignIn(sign_in));
    }

    pub fn reload(&mut self, tab: usize) {
        self.tally.reloads += 1;
        if self.tabs[tab].expected == Expected::SigningIn {
            self.tabs[tab].expected = Expected::SignedOut;
        }
        self.open_page(tab);
        if self.told_offline {
            self.send(tab, Event::Network { online: false });
        }
        let stored = self.store.load();
        self.send(tab, Event::Opened { stored });
    }

    /// A page opens at the redirect URI, with a response that answers nothing this browser asked. It is judged only where
    /// there is no session to disturb.
    pub fn follow_forged_link(&mut self, tab: usize) {
        if !self.store.is_empty() {
            return self.reload(tab);
        }
        self.open_page(tab);
        self.tabs[tab].expected = Expected::SigningIn;
        self.forged = true;
        self.send(tab, Event::CallbackArrived { stored: None });
    }

    /// The person left, and came back by the back button.
    pub fn restore(&mut self, tab: usize) {
        if self.tabs[tab].view(&self.clock).status == Status::SigningIn {
            self.abandon_requests(tab);
        }
        if self.tabs[tab].expected == Expected::SigningIn {
            self.tabs[tab].expected = Expected::SignedOut;
        }
        self.send(tab, Event::Woke(Wake::Restored));
    }

    fn open_page(&mut self, tab: usize) {
        self.tabs[tab].open_page(&self.config, &self.clock);
    }

    fn abandon_requests(&mut self, tab: usize) {
        for request in self.requests.iter_mut().filter(|request| request.tab == tab) {
            request.over = true;
        }
        self.drop_lost_requests();
    }
}

fn is_asked(event: &Event) -> bool {
    matches!(event, Event::RenewNow | Event::Opened { .. })
}

fn is_refused_refresh(event: &Event) -> bool {
    matches!(event, Event::RenewalEnded { outcome: Err(failure), .. } if failure.code() == Some(&ErrorCode::InvalidGrant))
}

fn describe(event: &Event) -> String {
    match event {
        Event::Opened { stored } => format!("Opened, stored: {}", stored.is_some()),
        Event::SignInEnded { attempt, outcome: Ok(_) } => format!("SignInEnded {attempt}: signed in"),
        Event::RenewalEnded { attempt, outcome: Ok(_) } => format!("RenewalEnded {attempt}: renewed"),
        event => format!("{event:?}"),
    }
}

fn shorten(command: &Command) -> String {
    match command {
        Command::Save(session) => format!("Save, failures: {}", session.failures),
        Command::Renew { attempt, method, .. } => format!("Renew {attempt} by {}", method.as_str()),
        Command::EndIssuerSession { .. } => "EndIssuerSession".to_owned(),
        command => format!("{command:?}"),
    }
}

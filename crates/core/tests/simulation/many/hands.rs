//! What a browser's hands do for many tabs: carry out commands, pass on messages.

use evergrant_core::config::StorageKind;
use evergrant_core::session::{Change, Command, EndReason, Event, Place as Window, Session, TabMessage};

use super::super::network::Weather;
use super::invariants::Invariant;
use super::mischief::Mischief;
use super::requests::Purpose;
use super::tab::{self, Place, Tab};
use super::transactions::Then;
use super::world::World;

/// Something that one tab tells another, on its way.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub from: usize,
    pub to: usize,
    pub message: TabMessage,
    pub sent_at: u64,
    pub due: u64,
}

impl World {
    /// Gives a tab's machine an event, and carries out what it commands.
    pub fn send(&mut self, tab: usize, event: Event) {
        let now = self.tabs[tab].now(&self.clock, self.dice.roll());
        self.note(|_| format!("tab {tab}: {}", describe(&event)));
        let asks = matches!(event, Event::RenewNow | Event::TokenRefused);
        let is_over = match &event {
            Event::RenewalEnded { outcome, .. } => outcome.is_ok(),
            Event::Adopted { .. } => true,
            _ => false,
        };
        let takes_up = matches!(event, Event::Adopted { .. } | Event::Opened { .. });
        self.tally.adoptions += u64::from(matches!(event, Event::Adopted { .. }));
        let before = self.tabs[tab].view(&self.clock);
        let own_session = self.session_of(&self.tabs[tab]).filter(|_| !self.shared);
        let own_refresh_token = own_session.and_then(|session| tab::refresh_token(&session));
        self.takes_token(tab, &event);
        let commands = self.tabs[tab].machine.handle(event, now);
        self.tabs[tab].doubt.seen();
        let begins = commands.iter().any(|command| matches!(command, Command::Renew { .. }));
        self.tabs[tab].asked = !is_over && (self.tabs[tab].asked || (asks && begins));
        let ended = self.tabs[tab].view(&self.clock).ended;
        self.tabs[tab].lineage = before.claims.as_ref().map(tab::lineage);
        if let Some(lineage) = self.tabs[tab].lineage {
            self.judge_end(lineage, ended.as_ref());
        }
        self.close_popup_without_session(tab);
        if !self.tabs[tab].view(&self.clock).status.is_signed_in() {
            // Should these tokens come again, then as new ones.
            self.tabs[tab].token = None;
        }
        if takes_up {
            self.learns_that_trying_ended(tab);
        }
        self.touched.push(tab);
        for command in commands {
            self.note(|_| format!("        {}", shorten(&command)));
            self.carry_out(tab, command);
        }
        if matches!(ended, Some(EndReason::SignedOutElsewhere | EndReason::Idle(_))) {
            self.judge_what_is_left(own_refresh_token);
        }
    }

    /// A tab was told that its session is over: what only this tab knew should be over as well.
    fn judge_what_is_left(&mut self, refresh_token: Option<u64>) {
        if let (Weather::Fair, Some(number)) = (self.weather, refresh_token) {
            self.tally.own_refresh_tokens += 1;
            if self.issuer.is_good(number) {
                self.broken = Some((Invariant::RevokedAfterSignOut, "one is good still"));
            }
        }
    }

    /// A tab has signed in: what it had before, or all tabs, should be over.
    pub fn judge_what_was_replaced(&mut self, tab: usize, replaced: Option<Box<Session>>) {
        let is_signed_in = self.tabs[tab].view(&self.clock).status.is_signed_in();
        let number = replaced.filter(|_| is_signed_in).and_then(|session| tab::refresh_token(&session));
        if let (Weather::Fair, Some(number)) = (self.weather, number) {
            self.tally.replaced_refresh_tokens += 1;
            if self.issuer.is_good(number) {
                self.broken = Some((Invariant::RevokedAfterSignOut, "what a sign-in has replaced is good still"));
            }
        }
    }

    /// A session just ended: somebody must have ended it.
    fn judge_end(&mut self, lineage: u64, ended: Option<&EndReason>) {
        match ended {
            Some(EndReason::SignedOutElsewhere) if !self.oracle.may_have_ended(lineage) => {
                self.broken = Some((Invariant::SessionKept, "nobody signed out elsewhere"));
            }
            Some(EndReason::Idle(_)) => self.tally.idle_ends += 1,
            Some(EndReason::AccountChanged) => self.tally.account_changes += 1,
            Some(EndReason::AskThePerson(_)) => self.tally.asked_the_person += 1,
            _ => {}
        }
    }

    fn carry_out(&mut self, tab: usize, command: Command) {
        match command {
            Command::Save(session) => self.save(tab, session),
            Command::Forget if self.mischief == Some(Mischief::IgnoresForget) => {}
            Command::Forget => self.forget(tab),
            Command::SetTimer(_) if self.mischief == Some(Mischief::LosesTimers) => {}
            Command::SetTimer(wait) => self.tabs[tab].timer = Some(self.clock.monotonic() + wait),
            Command::CancelTimer => self.tabs[tab].timer = None,
            Command::BeginSignIn { attempt, sign_in } => match sign_in.place {
                Window::Page => self.begin_sign_in(tab, attempt),
                Window::Popup => self.open_popup(tab, attempt),
            },
            Command::AskSilently { attempt, .. } => self.ask_silently(tab, attempt),
            Command::CompleteSignIn { attempt } => self.request(tab, Purpose::SignIn { attempt }, None),
            Command::Renew { attempt, session, asked, .. } => self.begin_renewal(tab, attempt, session, asked),
            Command::Count { session } => {
                self.transact(tab, Change::Count { session, at: self.clock.wall() }, Then::Nothing);
            }
            Command::Consult { session } => {
                self.transact(tab, Change::Consult { session, shared: self.shared }, Then::Heed);
            }
            Command::EndGeneration { session } => {
                self.transact(tab, Change::EndGeneration { session }, Then::Tell);
            }
            Command::AbortRenewal if self.mischief == Some(Mischief::IgnoresAbort) => {}
            Command::AbortRenewal => self.abort_renewal(tab),
            Command::TellTabs(message) => self.tell(tab, message),
            Command::MarkSignOut { generation, idle } => self.sign_out_mark = Some((generation, idle)),
            Command::FinishSignOut { generation, idle } => {
                self.transact(tab, Change::EndSignIn { generation, idle, at: self.clock.wall() }, Then::Finish);
            }
            Command::EndIssuerSession { refresh_token, generation, idle, .. } => {
                self.active_at = None;
                let at = self.clock.wall();
                let over = match idle {
                    true => Change::EndSignIn { generation, idle, at },
                    false => Change::SignOut { generation, at },
                };
                self.transact(tab, over, Then::Leave { refresh_token });
                self.ambush(tab);
            }
            Command::ShareActivity { at, instead_of } => {
                if instead_of.is_none() || self.active_at == instead_of {
                    self.active_at = Some(at);
                }
                self.transact(tab, Change::Active { at, instead_of }, Then::Nothing);
                if instead_of.is_none() {
                    self.oracle.really_active_at = self.clock.truth;
                    if self.mischief != Some(Mischief::DeafToOthers) {
                        self.tell(tab, TabMessage::Active { at });
                    }
                }
            }
            Command::EndIdle { session, active_at, now } => {
                let active_at = if self.mischief == Some(Mischief::DeafToOthers) { now } else { active_at };
                self.transact(tab, Change::EndIdle { session, active_at, now }, Then::EndIdle);
            }
            Command::Revoke { .. } if self.mischief == Some(Mischief::RevokesNothing) => {}
            Command::Revoke { refresh_token, .. } => self.revoke(Some(&refresh_token)),
            Command::NoteSomebody { .. } => self.note_somebody(self.tabs[tab].lineage),
            Command::TellApp => {}
        }
    }

    fn note_somebody(&mut self, lineage: Option<u64>) {
        self.somebody = self.config.storage == StorageKind::Memory;
        self.noted_unheard = lineage.is_some_and(|lineage| self.oracle.may_have_ended(lineage));
    }

    fn save(&mut self, tab: usize, session: Box<Session>) {
        self.note_somebody(Some(tab::lineage(&session.claims)));
        let Tab { store, page, .. } = self.tabs[tab];
        if self.tabs[tab].memory.is_none() && !self.stores[store].save(&session, (tab, page)) {
            self.tally.lost_saves += 1;
            self.stores[store].forget();
            self.tabs[tab].memory = Some(None);
        }
        if let Some(memory) = &mut self.tabs[tab].memory {
            *memory = Some(session);
        }
    }

    fn forget(&mut self, tab: usize) {
        self.somebody = false;
        let store = self.tabs[tab].store;
        self.stores[store].forget();
        if let Some(memory) = &mut self.tabs[tab].memory {
            *memory = None;
        }
    }

    /// Messages of one tab arrive in the order in which they were sent. A page that is not there hears nothing.
    pub fn tell(&mut self, from: usize, message: TabMessage) {
        if self.mischief == Some(Mischief::NeverTells) {
            return;
        }
        for to in (0..self.tabs.len()).filter(|to| *to != from) {
            if self.tabs[to].place == Place::Here {
                let earlier =
                    self.messages.iter().filter(|it| (it.from, it.to) == (from, to)).map(|it| it.due + 1).max();
                let due = (self.clock.truth + self.dice.between(0, 40)).max(earlier.unwrap_or_default());
                self.messages.push(Message { from, to, message, sent_at: self.clock.truth, due });
            }
        }
    }

    pub fn message_arrives(&mut self, index: usize) {
        let Message { to, message, sent_at, .. } = self.messages.remove(index);
        if matches!(message, TabMessage::SignedOut | TabMessage::IdleEnded) {
            if let Some(claims) = self.tabs[to].view(&self.clock).claims {
                self.oracle.hears_of_an_end(tab::lineage(&claims), sent_at);
            }
            self.tabs[to].overtaken = self.tabs[to].silent_attempt.take();
        }
        self.send(
            to,
            match message {
                TabMessage::SignedOut => Event::SignedOutElsewhere,
                TabMessage::Changed => Event::ChangedElsewhere,
                TabMessage::Active { at } => Event::ActiveElsewhere { at },
                TabMessage::IdleEnded => Event::IdleEndedElsewhere,
            },
        );
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Opened { stored } => format!("Opened, stored: {}", stored.is_some()),
        Event::SignInEnded { attempt, outcome: Ok(_) } => format!("SignInEnded {attempt}: signed in"),
        Event::SignedInAnew { .. } => "SignedInAnew".to_owned(),
        Event::RenewalEnded { attempt, outcome: Ok(_) } => format!("RenewalEnded {attempt}: renewed"),
        Event::Adopted { session } => format!("Adopted: generation {}, {}", session.generation, session.renewals),
        event => format!("{event:?}"),
    }
}

fn shorten(command: &Command) -> String {
    match command {
        Command::Save(session) => format!("Save, failures: {}", session.failures),
        Command::Renew { attempt, method, .. } => format!("Renew {attempt} by {}", method.as_str()),
        Command::EndIssuerSession { .. } => "EndIssuerSession".to_owned(),
        Command::Count { session } => format!("Count, failures: {}", session.failures),
        Command::EndGeneration { .. } => "EndGeneration".to_owned(),
        Command::Consult { .. } => "Consult".to_owned(),
        Command::EndIdle { active_at, .. } => format!("EndIdle, active at {active_at:?}"),
        command => format!("{command:?}"),
    }
}

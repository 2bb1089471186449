//! What a browser's hands do for many tabs: carry out commands, pass on messages, open and leave pages.

use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::session::{Change, Command, EndReason, Event, Session, SignIn, TabMessage};

use super::super::network::{self, Weather};
use super::invariants::Invariant;
use super::mischief::Mischief;
use super::requests::Purpose;
use super::tab::{self, Place, Tab};
use super::transactions::{Then, Transaction};
use super::world::{Happening, World};

/// Something that one tab tells another, on its way.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub from: usize,
    pub to: usize,
    pub message: TabMessage,
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
        self.tally.adoptions += u64::from(matches!(event, Event::Adopted { .. }));
        let before = self.tabs[tab].view(&self.clock);
        let commands = self.tabs[tab].machine.handle(event, now);
        let begins = commands.iter().any(|command| matches!(command, Command::Renew { .. }));
        self.tabs[tab].asked = !is_over && (self.tabs[tab].asked || (asks && begins));
        let ended = self.tabs[tab].view(&self.clock).ended;
        if let Some(claims) = before.claims {
            self.judge_end(tab::lineage(&claims), ended.as_ref());
        }
        self.touched.push(tab);
        for command in commands {
            self.note(|_| format!("        {}", shorten(&command)));
            self.carry_out(tab, command);
        }
    }

    /// A session just ended: somebody must have ended it.
    fn judge_end(&mut self, lineage: u64, ended: Option<&EndReason>) {
        match ended {
            Some(EndReason::SignedOutElsewhere) if !self.oracle.may_have_ended(lineage) => {
                self.broken = Some((Invariant::SessionKept, "nobody signed out elsewhere"));
            }
            Some(EndReason::Idle(_)) => self.tally.idle_ends += 1,
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
            Command::BeginSignIn { attempt, .. } => self.begin_sign_in(tab, attempt),
            Command::AskSilently { .. } => unreachable!("no world keeps its session in memory alone"),
            Command::CompleteSignIn { attempt } => self.request(tab, Purpose::SignIn { attempt }, None),
            Command::Renew { attempt, session, asked, .. } => self.begin_renewal(tab, attempt, session, asked),
            Command::Count { session } => self.transact(tab, Change::Count { session }, Then::Heed),
            Command::Consult { session } => self.transact(tab, Change::Consult { session }, Then::Heed),
            Command::EndGeneration { session } => self.transact(tab, Change::EndGeneration { session }, Then::Tell),
            Command::AbortRenewal if self.mischief == Some(Mischief::IgnoresAbort) => {}
            Command::AbortRenewal => self.abort_renewal(tab),
            Command::TellTabs(message) => self.tell(tab, message),
            Command::MarkSignOut { generation } => self.sign_out_mark = Some(generation),
            Command::FinishSignOut { generation } => {
                self.transact(tab, Change::EndSignIn { generation, idle: false }, Then::Finish);
            }
            Command::EndIssuerSession { refresh_token, generation, idle, .. } => {
                let over = if idle { Change::EndSignIn { generation, idle } } else { Change::SignOut { generation } };
                self.transact(tab, over, Then::Leave { refresh_token });
                self.ambush(tab);
            }
            Command::ShareActivity { at } => {
                self.active_at = Some(at);
                self.transact(tab, Change::Active { at }, Then::Heed);
                if self.mischief != Some(Mischief::DeafToOthers) {
                    self.tell(tab, TabMessage::Active { at });
                }
            }
            Command::EndIdle { session, active_at, now } => {
                let active_at = if self.mischief == Some(Mischief::DeafToOthers) { now } else { active_at };
                self.transact(tab, Change::EndIdle { session, active_at, now }, Then::EndIdle);
            }
            Command::Revoke { refresh_token } => self.revoke(Some(&refresh_token)),
            Command::NoteSomebody { .. } | Command::TellApp => {}
        }
    }

    fn save(&mut self, tab: usize, session: Box<Session>) {
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
                self.messages.push(Message { from, to, message, due });
            }
        }
    }

    pub fn message_arrives(&mut self, index: usize) {
        let Message { to, message, .. } = self.messages.remove(index);
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

    /// The person wants to sign in.
    pub fn sign_in(&mut self, tab: usize) {
        self.send(
            tab,
            Event::SignIn(SignIn { flow: Flow::Code, return_to: "/".to_owned(), place: Default::default() }),
        );
    }

    fn begin_sign_in(&mut self, tab: usize, attempt: u64) {
        if self.weather == Weather::Offline {
            return self.send(tab, Event::SignInEnded { attempt, outcome: Err(network::unreachable()) });
        }
        let person = self.dice.between(0, 1);
        self.leave_page(tab, Place::Away);
        let back_at = self.clock.truth + self.dice.between(1_000, 20_000);
        self.plan(back_at, Happening::ComesBack { tab, page: self.tabs[tab].page, person: Some(person) });
    }

    /// The ledger knows of the sign-out: the issuer hears of it as well, if it can.
    pub fn leave(&mut self, tab: usize, refresh_token: Option<&RefreshToken>) {
        if self.weather != Weather::Fair {
            return self.send(tab, Event::SignOutStayed { failure: Some(network::unreachable()) });
        }
        self.revoke(refresh_token);
        if self.dice.percent(50) {
            return self.send(tab, Event::SignOutStayed { failure: None });
        }
        self.issuer.session = None;
        self.leave_page(tab, Place::Away);
        let back_at = self.clock.truth + self.dice.between(200, 5_000);
        self.plan(back_at, Happening::ComesBack { tab, page: self.tabs[tab].page, person: None });
    }

    /// RFC 7009, as far as the issuer can be reached.
    pub fn revoke(&mut self, refresh_token: Option<&RefreshToken>) {
        let number = refresh_token.and_then(|token| token.secret().parse().ok());
        if let (Weather::Fair, Some(number)) = (self.weather, number) {
            self.issuer.revoke(number);
        }
    }

    pub fn comes_back(&mut self, tab: usize, page: u64, person: Option<u64>) {
        if (self.tabs[tab].place, self.tabs[tab].page) != (Place::Away, page) {
            return;
        }
        if person.is_some() {
            self.issuer.session = person;
            self.leave_page(tab, Place::Here);
            let store = &self.stores[self.tabs[tab].store];
            let stored = store.load().map(Box::new);
            self.send(tab, Event::CallbackArrived { stored });
        } else {
            self.open_page(tab);
        }
    }

    /// A page opens, and reads what is stored.
    pub fn open_page(&mut self, tab: usize) {
        self.leave_page(tab, Place::Here);
        if let Some(generation) = self.sign_out_mark {
            self.send(tab, Event::SignOutUnfinished { generation });
        }
        if let Some(at) = self.active_at {
            self.send(tab, Event::ActiveElsewhere { at });
        }
        let store = &self.stores[self.tabs[tab].store];
        let stale = self.shared && self.dice.percent(20);
        self.tally.stale_reads += u64::from(stale);
        let stored = if stale { store.load_stale(&mut self.dice) } else { store.load() };
        self.send(tab, Event::Opened { stored: stored.map(Box::new) });
    }

    /// The page goes, with all that it has under way; what the ledger has is in the ledger.
    pub fn leave_page(&mut self, tab: usize, place: Place) {
        self.abort_renewal(tab);
        self.abandon_requests(tab);
        self.messages.retain(|message| message.to != tab);
        let untold = |it: &Transaction| it.verdict.is_some() && !matches!(it.then, Then::Heed);
        if self.tabs[tab].transactions.iter().any(untold) {
            // It would have told the others.
            self.tabs.iter_mut().for_each(|other| other.missed_something = true);
        }
        let unwritten = |it: &Transaction| it.verdict.is_none() && matches!(it.then, Then::Leave { .. });
        if self.tabs[tab].transactions.iter().any(unwritten) {
            self.oracle.sign_out_stopped_halfway = true;
        }
        let store = self.tabs[tab].store;
        let page = self.tabs[tab].page + 1;
        self.tabs[tab] = Tab { page, place, ..Tab::new(&self.config, &self.clock, store) };
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Opened { stored } => format!("Opened, stored: {}", stored.is_some()),
        Event::SignInEnded { attempt, outcome: Ok(_) } => format!("SignInEnded {attempt}: signed in"),
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
        command => format!("{command:?}"),
    }
}

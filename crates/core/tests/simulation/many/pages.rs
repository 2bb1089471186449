//! How pages of a tab come and go: to the issuer and back, by a popup, by a reload.

use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::session::{Event, Failure, Place as Window, SignIn};

use super::super::network::{self, Weather};
use super::plan::Happening;
use super::requests::Purpose;
use super::tab::{Place, Tab};
use super::transactions::{Then, Transaction};
use super::world::World;

/// In place of an attempt to sign in, which are counted from one: somebody who is signed in shows themselves once more.
pub const ANEW: u64 = 0;

impl World {
    /// The person wants to sign in; or to show themselves once more, in a popup beside a session that is fine.
    pub fn sign_in(&mut self, tab: usize, place: Window) {
        let view = self.tabs[tab].view(&self.clock);
        if place == Window::Popup && view.status.is_signed_in() && view.problem.is_none() {
            return self.open_popup(tab, ANEW);
        }
        self.send(tab, Event::SignIn(SignIn { return_to: "/".to_owned(), place, ..SignIn::default() }));
    }

    pub fn open_popup(&mut self, tab: usize, attempt: u64) {
        self.tally.popups += 1;
        self.tabs[tab].popup = Some(attempt);
        let person = self.dice.percent(80).then(|| self.dice.between(0, 1));
        let at = self.clock.truth + self.dice.between(1_000, 20_000);
        self.plan(at, Happening::PopupAnswers { tab, page: self.tabs[tab].page, attempt, person });
    }

    pub fn popup_answers(&mut self, tab: usize, page: u64, attempt: u64, person: Option<u64>) {
        if self.tabs[tab].page != page || self.tabs[tab].popup.take_if(|it| *it == attempt).is_none() {
            return;
        }
        if person.is_some() && self.weather != Weather::Offline {
            self.issuer.session = person;
            self.request(tab, Purpose::SignIn { attempt }, None);
        } else if attempt != ANEW {
            self.send(tab, Event::SignInEnded { attempt, outcome: Err(Failure::PopupClosed) });
        }
    }

    /// Who shows themselves once more does so beside a session: without one, their popup closes, and its request with it.
    pub fn close_popup_without_session(&mut self, tab: usize) {
        if self.tabs[tab].is_signed_in(&self.clock) {
            return;
        }
        self.tabs[tab].popup.take_if(|attempt| *attempt == ANEW);
        for request in self.requests.iter_mut().filter(|request| request.tab == tab) {
            request.over |= request.purpose == Purpose::SignIn { attempt: ANEW };
        }
    }

    pub fn begin_sign_in(&mut self, tab: usize, attempt: u64) {
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
            self.load_page(tab);
            let store = &self.stores[self.tabs[tab].store];
            let stored = store.load().map(Box::new);
            self.send(tab, Event::CallbackArrived { stored });
        } else {
            self.open_page(tab);
        }
    }

    /// A page is there, and hears what earlier ones had to say.
    fn load_page(&mut self, tab: usize) {
        self.leave_page(tab, Place::Here);
        if let Some((generation, idle)) = self.sign_out_mark {
            self.somebody = false;
            self.send(tab, Event::SignOutUnfinished { generation, idle });
        }
        match self.active_at {
            Some(at) => self.send(tab, Event::ActiveElsewhere { at }),
            // Tokens count as got while the person was active where nothing is known of that.
            None => self.oracle.knows_activity = false,
        }
    }

    /// A page opens, and reads what is stored.
    pub fn open_page(&mut self, tab: usize) {
        self.load_page(tab);
        let store = &self.stores[self.tabs[tab].store];
        let stale = self.shared && self.dice.percent(20);
        self.tally.stale_reads += u64::from(stale);
        let stored = if stale { store.load_stale(&mut self.dice) } else { store.load() };
        if self.somebody {
            return self.send(tab, Event::OpenedBlank { flow: Flow::Code });
        }
        self.send(tab, Event::Opened { stored: stored.map(Box::new) });
    }

    /// The page goes, with all that it has under way; what the ledger has is in the ledger.
    pub fn leave_page(&mut self, tab: usize, place: Place) {
        self.abort_renewal(tab);
        self.end_question(tab);
        self.abandon_requests(tab);
        self.messages.retain(|message| message.to != tab);
        if self.tabs[tab].transactions.iter().any(Transaction::is_to_be_told) {
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

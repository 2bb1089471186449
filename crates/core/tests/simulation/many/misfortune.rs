//! How each fault befalls the tabs, and how faults end.

use evergrant_core::session::{Event, Ledger, Place as Window, Status, Wake};

use super::super::network::{self, Weather};
use super::faults::{self, Fault};
use super::held::Hold;
use super::invariants::CALM_BOUND;
use super::mischief::Mischief;
use super::plan::Happening;
use super::store::Store;
use super::tab::{Place, Tab};
use super::world::{MOST_TABS, World};

impl World {
    pub fn befalls(&mut self, fault: Fault) {
        match fault {
            Fault::Open { tab, copied } => self.open_tab(tab % self.tabs.len(), copied),
            Fault::LoseLedger => self.lose_ledger(),
            Fault::AllVisible => self.all_visible(),
            Fault::HoldStore { length, by_the_disk } => {
                self.tally.held_stores += 1;
                self.hold = Hold::begin(self.clock.truth + length, by_the_disk);
            }
            Fault::IssuerSessionEnds => self.issuer.session = None,
            Fault::Sleep { length, stands_still } => self.sleep(length, stands_still),
            Fault::Weather { weather, length } => self.weather_turns(weather, length),
            Fault::Kill { tab } => self.befalls_tab(tab, Self::kill),
            Fault::Freeze { tab, length } => self.befalls_tab(tab, |world, tab| world.freeze(tab, length)),
            Fault::Reload { tab } => self.befalls_tab(tab, |world, tab| {
                world.tally.reloads += 1;
                world.open_page(tab);
            }),
            Fault::ClearStorage { tab } => self.befalls_tab(tab, |world, tab| {
                let store = world.tabs[tab].store;
                world.stores[store].forget();
            }),
            Fault::FillStorage { tab } => self.befalls_tab(tab, |world, tab| {
                let store = world.tabs[tab].store;
                world.stores[store].is_full = true;
            }),
            Fault::Active { tab } => self.hears(tab, Event::Active),
            Fault::Visible { tab } => self.hears(tab, Event::Woke(Wake::Visible)),
            Fault::RenewNow { tab } => self.hears(tab, Event::RenewNow),
            Fault::TokenRefused { tab } => self.hears(tab, Event::TokenRefused),
            Fault::SignIn { tab, place } => self.befalls_tab(tab, |world, tab| world.sign_in(tab, place)),
            Fault::SetClock { by } => self.set_clock(by),
            Fault::Throttle { tab, length } => self.befalls_tab(tab, |world, tab| {
                world.tally.throttles += 1;
                world.tabs[tab].throttled_until = world.clock.truth + length;
            }),
            Fault::SignOut { tab } => self.befalls_tab(tab, Self::sign_out),
        }
    }

    /// Now and then, the moment of greatest harm is chosen.
    pub fn ambush(&mut self, tab: usize) {
        if self.calm_since.is_none() && self.dice.percent(self.ambushes) {
            self.tally.ambushes += 1;
            let fault = faults::ambush(&mut self.dice, tab);
            let at = self.clock.truth + self.dice.pick(&[0, 3, 10, 20, 200, 600]);
            self.plan(at, Happening::Fault(fault));
        }
    }

    /// The tab meant, or the next whose page is there.
    fn befalls_tab(&mut self, tab: usize, act: impl FnOnce(&mut Self, usize)) {
        let count = self.tabs.len();
        let here = (0..count).map(|offset| (tab + offset) % count).find(|tab| self.tabs[*tab].place == Place::Here);
        if let Some(tab) = here {
            act(self, tab);
        }
    }

    fn hears(&mut self, tab: usize, event: Event) {
        self.befalls_tab(tab, |world, tab| world.send(tab, event));
    }

    fn sign_out(&mut self, tab: usize) {
        let status = self.tabs[tab].view(&self.clock).status;
        if status.is_signed_in() {
            self.tally.sign_outs += 1;
            self.tally.sign_outs_while_renewing += u64::from(!self.lock.is_empty());
            self.oracle.sign_out_begins();
            self.send(tab, Event::SignOut);
        }
    }

    fn kill(&mut self, tab: usize) {
        self.tally.kills += 1;
        self.leave_page(tab, Place::Closed);
    }

    pub fn open_tab(&mut self, from: usize, copied: bool) {
        if self.tabs.len() == MOST_TABS {
            return;
        }
        let mut store = 0;
        if !self.shared {
            store = self.stores.len();
            let copied = copied && self.tabs[from].place != Place::Closed;
            self.tally.duplicates += u64::from(copied);
            let content = if copied { self.stores[self.tabs[from].store].clone() } else { Store::default() };
            self.stores.push(content);
        }
        let tab = self.tabs.len();
        self.tally.tabs += 1;
        self.tabs.push(Tab::new(&self.config, &self.clock, store));
        self.open_page(tab);
        if !self.shared && self.tabs[tab].view(&self.clock).status == Status::SignedOut {
            self.sign_in(tab, Window::Page);
        }
    }

    /// A page that has something under way is not kept: it will be loaded anew.
    fn freeze(&mut self, tab: usize, length: u64) {
        self.tally.freezes += 1;
        let back_at = self.clock.truth + length;
        let status = self.tabs[tab].view(&self.clock).status;
        let is_busy = !self.tabs[tab].transactions.is_empty()
            || matches!(status, Status::Renewing | Status::SigningIn | Status::SigningOut);
        if is_busy {
            self.leave_page(tab, Place::Away);
            self.plan(back_at, Happening::ComesBack { tab, page: self.tabs[tab].page, person: None });
        } else {
            self.tabs[tab].place = Place::Frozen;
            self.messages.retain(|message| message.to != tab);
            self.plan(back_at, Happening::Thaws { tab });
        }
    }

    pub fn thaw(&mut self, tab: usize) {
        if self.tabs[tab].place == Place::Frozen {
            self.tabs[tab].place = Place::Here;
            self.tabs[tab].here_since = self.clock.monotonic();
            self.send(tab, Event::Woke(Wake::Restored));
        }
    }

    fn all_visible(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].place == Place::Here {
                self.send(tab, Event::Woke(Wake::Visible));
            }
        }
    }

    /// Some of what is under way when the machine falls asleep never arrives.
    fn sleep(&mut self, length: u64, stands_still: bool) {
        self.clock.truth += length;
        if stands_still {
            self.clock.stood_still += length;
            for tab in &mut self.tabs {
                tab.doubt.stood_still();
                tab.in_flight.stood_still();
                tab.transactions.iter_mut().for_each(|it| it.gives_up_at += length);
            }
        }
        for request in &mut self.requests {
            request.times_out_at += if stands_still { length } else { 0 };
            if self.dice.percent(50) {
                request.stage = network::Stage::Lost;
            }
        }
        self.drop_lost_requests();
        self.all_visible();
    }

    fn lose_ledger(&mut self) {
        self.tally.lost_ledgers += 1;
        self.ledger = Ledger::default();
        self.oracle.forget(self.clock.truth);
        self.issuer.forgive();
    }

    /// What is told by the wall clock alone, in the ledger and in stores, is told wrongly from now on.
    fn set_clock(&mut self, by: i64) {
        self.tally.clocks_set += 1;
        self.clock.set(by);
        self.oracle.left_alone_until = 0;
        self.oracle.knows_activity = false;
        for tab in &mut self.tabs {
            if by < 0 {
                tab.doubt.set_back();
                tab.in_flight.set_back();
            } else {
                // It may have been a sleep for all that a page can tell: waits are over.
                tab.left_alone_until = 0;
            }
        }
    }

    fn weather_turns(&mut self, weather: Weather, length: u64) {
        if self.told_offline {
            self.weather_clears();
        }
        self.weather = weather;
        self.weather_until = self.clock.truth + length;
        self.plan(self.weather_until, Happening::WeatherEnds);
        // Not every browser notices.
        if weather == Weather::Offline && self.dice.percent(80) {
            self.told_offline = true;
            self.tell_of_the_network(false);
        }
    }

    pub fn weather_clears(&mut self) {
        if self.mischief != Some(Mischief::NeverClears) {
            self.weather = Weather::Fair;
        }
        if std::mem::take(&mut self.told_offline) {
            self.tell_of_the_network(true);
        }
    }

    fn tell_of_the_network(&mut self, online: bool) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].place == Place::Here {
                self.send(tab, Event::Network { online });
            }
        }
    }

    /// Faults stop, and the person comes back to every tab.
    pub fn calm(&mut self) {
        self.note(|_| "calm".to_owned());
        self.weather_clears();
        self.hold = Hold::default();
        let now = self.clock.truth;
        self.calm_since = Some(now);
        self.forgeries = 0;
        self.tabs.iter_mut().for_each(|tab| tab.throttled_until = 0);
        (0..self.tabs.len()).for_each(|tab| self.thaw(tab));
        self.all_visible();
        // By then whatever left before the calm has failed.
        self.plan(now + network::TIMEOUT + 1, Happening::Asks);
        let rest = 1000 * self.issuer.rules.lifetime;
        for _ in 0..4 {
            let at = now + CALM_BOUND + self.dice.between(1, rest);
            self.plan(at, Happening::Look);
        }
        self.plan(now + CALM_BOUND + rest + 1, Happening::End);
    }

    /// R10: that trying has ended in another tab, or before a reload, is learned when a renewal is due, or from the store, and
    /// nothing more is tried until the person asks. Once has to do.
    pub fn learns_that_trying_ended(&mut self, tab: usize) {
        let is_new = self.calm_since.is_some() && self.tabs[tab].asks_again_at.is_none();
        if is_new && self.tabs[tab].has_stopped(&self.clock) {
            let at = self.clock.truth + network::TIMEOUT;
            self.tabs[tab].asks_again_at = Some(at);
            self.plan(at, Happening::Asks);
        }
    }

    pub fn ask_where_trying_ended(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].place == Place::Here && self.tabs[tab].has_stopped(&self.clock) {
                self.send(tab, Event::RenewNow);
            }
        }
    }
}

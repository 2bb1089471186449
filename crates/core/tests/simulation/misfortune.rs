//! How each fault befalls the world, and how faults end.

use evergrant_core::session::{Event, MOST_FAILURES, Status, Wake};

use super::faults::Fault;
use super::invariants::CALM_BOUND;
use super::mischief::Mischief;
use super::network::{self, Weather};
use super::tab::Expected;
use super::world::{Happening, World};

impl World {
    pub fn ask_where_trying_ended(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].pace.failures >= MOST_FAILURES {
                self.tally.stops += 1;
                self.send(tab, Event::RenewNow);
            }
        }
    }

    pub fn befalls(&mut self, tab: usize, fault: Fault) {
        let status = self.tabs[tab].view(&self.clock).status;
        match fault {
            Fault::Sleep { length, stands_still, signal } => {
                self.sleep(length, stands_still);
                if signal {
                    self.send(tab, Event::Woke(Wake::Visible));
                }
            }
            Fault::SetClock { by } => self.set_clock(by),
            Fault::Weather { weather, length } => self.weather_turns(weather, length),
            Fault::Throttle { length } => self.throttled_until = self.clock.truth + length,
            Fault::Reload => self.reload(tab),
            Fault::ForgedCallback => self.follow_forged_link(tab),
            Fault::Visible => self.send(tab, Event::Woke(Wake::Visible)),
            Fault::Restored => self.restore(tab),
            Fault::CallApi if status.is_signed_in() && self.tabs[tab].access_token(&self.clock).is_none() => {
                self.send(tab, Event::RenewNow);
            }
            Fault::RenewNow => self.send(tab, Event::RenewNow),
            Fault::SignIn if status == Status::SignedOut => self.sign_in(tab),
            Fault::SignOut if status.is_signed_in() => {
                self.tally.sign_outs += 1;
                self.tally.sign_outs_while_renewing += u64::from(status == Status::Renewing);
                self.tabs[tab].expected = Expected::SignedOut;
                self.send(tab, Event::SignOut);
            }
            Fault::IssuerSessionEnds => self.issuer.session = false,
            Fault::CallApi | Fault::SignIn | Fault::SignOut => {}
        }
    }

    fn sleep(&mut self, length: u64, stands_still: bool) {
        self.tally.sleeps += 1;
        self.clock.truth += length;
        if stands_still {
            self.clock.stood_still += length;
            self.tabs.iter_mut().for_each(|tab| tab.doubt.stood_still());
        }
        for request in &mut self.requests {
            if stands_still {
                request.doubt.stood_still();
                request.times_out_at += length;
            }
        }
        self.lose_some_requests();
    }

    fn set_clock(&mut self, by: i64) {
        self.clock.set(by);
        for tab in &mut self.tabs {
            if by < 0 {
                tab.doubt.set_back();
            } else {
                // It may have been a sleep for all that a page can tell: waits are over.
                tab.pace.not_before = 0;
                tab.pace.left_alone_until = 0;
            }
        }
        if by < 0 {
            self.requests.iter_mut().for_each(|request| request.doubt.set_back());
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
            (0..self.tabs.len()).for_each(|tab| self.send(tab, Event::Network { online: false }));
        }
    }

    pub fn weather_clears(&mut self) {
        if self.mischief != Some(Mischief::NeverClears) {
            self.weather = Weather::Fair;
        }
        if std::mem::take(&mut self.told_offline) {
            (0..self.tabs.len()).for_each(|tab| self.send(tab, Event::Network { online: true }));
        }
    }

    /// Faults stop, and the person comes back to the tab.
    pub fn calm(&mut self) {
        self.note(|_| "calm".to_owned());
        self.weather_clears();
        self.throttled_until = 0;
        let now = self.clock.truth;
        self.calm_since = Some(now);
        for tab in 0..self.tabs.len() {
            self.send(tab, Event::Woke(Wake::Visible));
        }
        // By then whatever left before the calm has failed.
        self.plan(now + network::TIMEOUT + 1, Happening::Asks);
        let rest = 2 * 1000 * self.issuer.rules.lifetime;
        for _ in 0..10 {
            let at = now + CALM_BOUND + self.dice.between(1, rest);
            self.plan(at, Happening::Look);
        }
        self.plan(now + CALM_BOUND + rest + 1, Happening::End);
    }
}

//! A world: one device, its tabs and their store, an issuer and a network, and the steps by which time goes on.

use evergrant_core::config::Config;
use evergrant_core::session::Event;

use super::clock::Clock;
use super::dice::Dice;
use super::faults::{self, Fault};
use super::invariants::{self, Broken, Invariant};
use super::issuer::{Issuer, Rules};
use super::mischief::Mischief;
use super::network::{Request, Weather};
use super::store::Store;
use super::tab::Tab;
use super::tally::Tally;

/// Everything there is.
#[derive(Debug)]
pub struct World {
    pub clock: Clock,
    pub dice: Dice,
    pub issuer: Issuer,
    pub store: Store,
    pub tabs: Vec<Tab>,
    pub requests: Vec<Request>,
    pub weather: Weather,
    pub config: Config,
    /// The lead is zero: tokens expire before they are renewed.
    pub renews_at_expiry: bool,
    /// Since when there have been no more faults.
    pub calm_since: Option<u64>,
    /// What went wrong within a step.
    pub broken: Option<(Invariant, &'static str)>,
    pub mischief: Option<Mischief>,
    pub tally: Tally,
    /// What happened, when somebody wants to read it.
    pub trace: Option<Vec<String>>,
    /// Whether the browser told its pages that it is offline.
    pub told_offline: bool,
    /// The response in the address was made by somebody else.
    pub forged: bool,
    plan: Vec<(u64, Happening)>,
    pub weather_until: u64,
    pub throttled_until: u64,
}

/// What is bound to happen.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Fault(Fault),
    WeatherEnds,
    /// No more faults.
    Calm,
    /// The person asks where trying has ended.
    Asks,
    /// A look at the session, when it should be fresh.
    Look,
    End,
}

enum Step {
    Happens(Happening),
    Timer(usize),
    Request(usize),
}

const LIFETIMES: [u64; 8] = [10, 15, 60, 300, 3600, 7200, 40 * 86_400, 400 * 86_400];

impl World {
    /// The world that this seed describes.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let lifetime = if dice.percent(2) { 1 } else { dice.pick(&LIFETIMES) };
        let lead = match dice.between(0, 9) {
            0 => Some(0),
            1 => Some((lifetime / 3).min(3600)),
            _ => None,
        };
        let rules = Rules { lifetime, offline_access: dice.percent(60), rotation: dice.percent(70) };
        let calm_at = (lifetime * 1000 * dice.between(2, 8)).max(120_000 + dice.between(0, 1_800_000) / lifetime);
        let mut plan: Vec<_> =
            faults::draw(&mut dice, calm_at).into_iter().map(|(at, fault)| (at, Happening::Fault(fault))).collect();
        plan.push((calm_at, Happening::Calm));
        let config = config(lead);
        let clock = Clock::default();
        Self {
            tabs: vec![Tab::new(&config, &clock)],
            clock,
            dice,
            issuer: Issuer::new(rules),
            store: Store::default(),
            requests: Vec::new(),
            weather: Weather::Fair,
            config,
            renews_at_expiry: lead == Some(0),
            calm_since: None,
            broken: None,
            mischief: None,
            tally: Tally::default(),
            trace: None,
            told_offline: false,
            forged: false,
            plan,
            weather_until: 0,
            throttled_until: 0,
        }
    }

    /// Lets time go on to the end, and looks at every invariant after each step.
    pub fn run(&mut self) -> Result<(), Broken> {
        self.sign_in(0);
        while let Some((at, step)) = self.next_step() {
            self.clock.truth = self.clock.truth.max(at);
            match step {
                Step::Happens(Happening::End) => return Ok(()),
                Step::Happens(happening) => self.happens(happening),
                Step::Timer(tab) => {
                    self.tabs[tab].timer = None;
                    self.send(tab, Event::TimerFired);
                }
                Step::Request(index) => self.request_moves(index),
            }
            self.tally.steps += 1;
            invariants::check(self)?;
        }
        Ok(())
    }

    pub fn live_requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| !request.over && request.page == self.tabs[request.tab].page)
    }

    pub fn note(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>12} ms  {}", self.clock.truth, text(self));
            self.trace.iter_mut().for_each(|trace| trace.push(line.clone()));
        }
    }

    fn next_step(&mut self) -> Option<(u64, Step)> {
        let mut steps: Vec<(u64, Step)> = Vec::new();
        if let Some((at, _)) = self.plan.first() {
            steps.push((*at, Step::Happens(Happening::End)));
        }
        for (index, tab) in self.tabs.iter().enumerate() {
            if let Some(timer) = tab.timer {
                steps.push((self.clock.fires_at(timer, self.throttled_until), Step::Timer(index)));
            }
        }
        for (index, request) in self.requests.iter().enumerate() {
            steps.push((request.due(), Step::Request(index)));
        }
        // What is overdue after a sleep comes in any order.
        let now = self.clock.truth;
        let first = steps.iter().map(|(at, _)| (*at).max(now)).min()?;
        steps.retain(|(at, _)| (*at).max(now) == first);
        let choice = self.dice.between(0, steps.len() as u64 - 1) as usize;
        let (at, step) = steps.swap_remove(choice);
        match step {
            Step::Happens(_) => {
                let (at, happening) = self.plan.remove(0);
                Some((at, Step::Happens(happening)))
            }
            step => Some((at, step)),
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Fault(fault) => {
                self.note(|_| format!("{fault:?}"));
                self.tally.faults += 1;
                for tab in 0..self.tabs.len() {
                    self.befalls(tab, fault);
                }
            }
            Happening::WeatherEnds if self.clock.truth >= self.weather_until => self.weather_clears(),
            Happening::WeatherEnds | Happening::Look | Happening::End => {}
            Happening::Calm => self.calm(),
            Happening::Asks => self.ask_where_trying_ended(),
        }
    }

    pub fn plan(&mut self, at: u64, happening: Happening) {
        let place = self.plan.partition_point(|(other, _)| *other <= at);
        self.plan.insert(place, (at, happening));
    }
}

fn config(lead: Option<u64>) -> Config {
    let lead = lead.map_or_else(String::new, |lead| format!(r#","renewal_lead_seconds":{lead}"#));
    let json = format!(r#"{{"issuer":"https://issuer.example/","client_id":"app"{lead}}}"#);
    Config::parse(&json, "https://app.example").expect("this is a configuration")
}

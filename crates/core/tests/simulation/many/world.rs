//! A world of many tabs: one device, a store for all or for each, one ledger, an issuer and a network.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use evergrant_core::config::{Config, StorageKind};
use evergrant_core::session::{Event, Ledger, Place as Window, Session};
use evergrant_core::time::UnixTime;

use super::super::clock::Clock;
use super::super::dice::Dice;
use super::super::network::Weather;
use super::faults::{self, Fault};
use super::hands::Message;
use super::held::Hold;
use super::invariants::{self, Broken, Invariant};
use super::issuer::{Issuer, Rules};
use super::mischief::Mischief;
use super::oracle::Oracle;
use super::plan::Happening;
use super::requests::Request;
use super::store::Store;
use super::tab::{self, Place, Tab};
use super::tally::Tally;

/// No world has more tabs than this, open or closed.
pub const MOST_TABS: usize = 24;

/// Everything there is.
#[derive(Debug)]
pub struct World {
    pub clock: Clock,
    pub dice: Dice,
    pub issuer: Issuer,
    /// Whether all tabs share one store.
    pub shared: bool,
    /// What is kept in no store: whether somebody was signed in before, for pages that open later.
    pub somebody: bool,
    /// Whether a page noted that which had not heard that its sign-in is over.
    pub noted_unheard: bool,
    pub stores: Vec<Store>,
    pub ledger: Ledger,
    /// What keeps pages from it.
    pub hold: Hold,
    pub tabs: Vec<Tab>,
    /// The tab that holds the lock, and those that wait for it.
    pub lock: VecDeque<usize>,
    /// When the person was active last, as it is kept for pages that open.
    pub active_at: Option<UnixTime>,
    /// The sign-in that a page was ending, until the ledger knows; and whether nobody was active.
    pub sign_out_mark: Option<(u64, bool)>,
    pub messages: Vec<Message>,
    pub requests: Vec<Request>,
    /// When the request left that brought each access token, in true milliseconds.
    pub asked_for_at: BTreeMap<u64, u64>,
    pub oracle: Oracle,
    pub weather: Weather,
    pub weather_until: u64,
    /// Whether the browser told its pages that it is offline.
    pub told_offline: bool,
    pub config: Config,
    pub longest_lead: Duration,
    /// The lead is zero: tokens expire before they are renewed.
    pub renews_at_expiry: bool,
    /// In how many of a hundred steps of a renewal a fault strikes.
    pub ambushes: u64,
    /// How many of a hundred refreshes are answered with an ID token that is not accepted.
    pub forgeries: u64,
    /// Since when there have been no more faults.
    pub calm_since: Option<u64>,
    /// What went wrong within a step.
    pub broken: Option<(Invariant, &'static str)>,
    pub mischief: Option<Mischief>,
    /// The tabs to which something happened in this step.
    pub touched: Vec<usize>,
    pub tally: Tally,
    /// What happened, when somebody wants to read it.
    pub trace: Option<Vec<String>>,
    pub plan: VecDeque<(u64, Happening)>,
}

enum Step {
    Happens,
    Timer(usize),
    Granted(usize),
    Transaction(usize),
    Message(usize),
    Request(usize),
}

impl World {
    /// The world that this seed describes.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let storage = dice.pick(&[
            StorageKind::Local,
            StorageKind::Local,
            StorageKind::Local,
            StorageKind::Session,
            StorageKind::Memory,
        ]);
        let shared = storage == StorageKind::Local;
        let tabs = if shared { dice.pick(&[2, 2, 3, 3, 4, 5, 8, 20]) } else { dice.between(2, 5) };
        let lifetime = dice.pick(&[30, 60, 300, 3600, 7200]);
        let lead = match dice.between(0, 9) {
            0 => Some(0),
            1 => Some(lifetime / 3),
            _ => None,
        };
        let rules = Rules {
            lifetime,
            offline_access: dice.percent(70),
            rotation: dice.percent(75),
            silent_refresh_tokens: dice.percent(60),
            iframe_blocked: dice.percent(25),
        };
        let calm_at = (lifetime * 1000 * dice.between(2, 5)).max(120_000);
        let mut plan: Vec<_> =
            faults::draw(&mut dice, calm_at).into_iter().map(|(at, fault)| (at, Happening::Fault(fault))).collect();
        let opened = (1..tabs).map(|_| (dice.between(21_000, 90_000), dice.percent(50)));
        plan.extend(opened.map(|(at, copied)| (at, Happening::Fault(Fault::Open { tab: 0, copied }))));
        plan.push((calm_at, Happening::Calm));
        plan.sort_by_key(|(at, _)| *at);
        let clock = Clock::default();
        let idle = dice.percent(25).then(|| dice.pick(&[120, 900, 3600]));
        let config = config(lead, storage, idle);
        let longest = lead.unwrap_or_else(|| (lifetime / 10).clamp(5, 60)).min(lifetime / 2);
        Self {
            tabs: vec![Tab::new(&config, &clock, 0)],
            clock,
            issuer: Issuer::new(rules),
            shared,
            somebody: false,
            noted_unheard: false,
            stores: vec![Store::default()],
            ledger: Ledger::default(),
            hold: Hold::default(),
            lock: VecDeque::new(),
            active_at: None,
            sign_out_mark: None,
            messages: Vec::new(),
            requests: Vec::new(),
            asked_for_at: BTreeMap::new(),
            oracle: Oracle::default(),
            weather: Weather::Fair,
            weather_until: 0,
            told_offline: false,
            config,
            longest_lead: Duration::from_secs(longest),
            renews_at_expiry: lead == Some(0),
            ambushes: dice.pick(&[0, 5, 20]),
            forgeries: dice.pick(&[0, 0, 0, 10]),
            calm_since: None,
            broken: None,
            mischief: None,
            touched: Vec::new(),
            tally: Tally { blocked_iframes: u64::from(rules.iframe_blocked), ..Tally::default() },
            trace: None,
            plan: plan.into(),
            dice,
        }
    }

    /// Lets time go on to the end, and looks at every invariant after each step.
    pub fn run(&mut self) -> Result<(), Broken> {
        self.sign_in(0, Window::Page);
        while let Some((at, step)) = self.next_step() {
            self.clock.truth = self.clock.truth.max(at);
            self.touched.clear();
            match step {
                Step::Happens => {
                    let Some((_, happening)) = self.plan.pop_front() else { return Ok(()) };
                    if matches!(happening, Happening::End) {
                        return Ok(());
                    }
                    self.happens(happening);
                    self.touched = (0..self.tabs.len()).collect();
                }
                Step::Timer(tab) => {
                    self.tabs[tab].timer = None;
                    self.send(tab, Event::TimerFired);
                }
                Step::Granted(tab) => self.granted(tab),
                Step::Transaction(tab) => {
                    self.touched.push(tab);
                    self.transaction_moves(tab);
                }
                Step::Message(index) => self.message_arrives(index),
                Step::Request(index) => self.request_moves(index),
            }
            self.tally.steps += 1;
            invariants::check(self, &self.touched)?;
        }
        Ok(())
    }

    pub fn note(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>12} ms  {}", self.clock.truth, text(self));
            self.trace.iter_mut().for_each(|trace| trace.push(line.clone()));
        }
    }

    /// The session that a tab has stored.
    pub fn session_of(&self, tab: &Tab) -> Option<Box<Session>> {
        if !tab.view(&self.clock).status.is_signed_in() {
            return None;
        }
        if !self.shared {
            return self.stored(tab);
        }
        // A sign-in that the ledger gave no answer to is in the store alone, as long as no tab writes it down.
        let lineage = tab.view(&self.clock).claims.as_ref().map(tab::lineage);
        let is_it = |session: &Session| Some(tab::lineage(&session.claims)) == lineage;
        let newest = self.oracle.newest.clone();
        newest.filter(|newest| is_it(newest)).or_else(|| self.stored(tab).filter(|stored| is_it(stored)))
    }

    /// What a tab finds in its store.
    pub fn stored(&self, tab: &Tab) -> Option<Box<Session>> {
        tab.memory.clone().unwrap_or_else(|| self.stores[tab.store].load().map(Box::new))
    }

    fn next_step(&mut self) -> Option<(u64, Step)> {
        let now = self.clock.truth;
        let mut first = u64::MAX;
        let mut steps: Vec<Step> = Vec::new();
        let mut offer = |at: u64, step: Step| {
            // What is overdue after a sleep comes in any order.
            let at = at.max(now);
            if at < first {
                first = at;
                steps.clear();
            }
            if at == first {
                steps.push(step);
            }
        };
        if let Some((at, _)) = self.plan.front() {
            offer(*at, Step::Happens);
        }
        for (index, tab) in self.tabs.iter().enumerate().filter(|(_, tab)| tab.place == Place::Here) {
            if let Some(timer) = tab.timer {
                offer(self.clock.fires_at(timer, tab.throttled_until), Step::Timer(index));
            }
            let renews_at = tab.renewal.as_ref().and_then(|renewal| renewal.granted_at);
            if let Some(at) = renews_at.or(tab.question.and_then(|question| question.granted_at)) {
                offer(at, Step::Granted(index));
            }
            if let Some(transaction) = tab.transactions.front() {
                offer(transaction.due.min(transaction.gives_up_at), Step::Transaction(index));
            }
        }
        for (index, message) in self.messages.iter().enumerate() {
            offer(message.due, Step::Message(index));
        }
        for (index, request) in self.requests.iter().enumerate() {
            offer(request.due(), Step::Request(index));
        }
        if steps.is_empty() {
            return None;
        }
        let choice = self.dice.between(0, steps.len() as u64 - 1) as usize;
        Some((first, steps.swap_remove(choice)))
    }
}

fn config(lead: Option<u64>, storage: StorageKind, idle: Option<u64>) -> Config {
    let idle = idle.map_or_else(String::new, |idle| format!(r#","idle_timeout_seconds":{idle}"#));
    let lead = lead.map_or_else(String::new, |lead| format!(r#","renewal_lead_seconds":{lead}"#));
    let storage = match storage {
        StorageKind::Local => "local",
        StorageKind::Memory => "memory",
        StorageKind::Session | StorageKind::Cookie => "session",
    };
    let json = format!(r#"{{"issuer":"https://issuer.example/","client_id":"app","storage":"{storage}"{lead}{idle}}}"#);
    Config::parse(&json, "https://app.example").expect("this is a configuration")
}

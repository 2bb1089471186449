//! What people, devices and networks do to many tabs, drawn from the seed before a world begins.

use evergrant_core::session::Place;

use super::super::dice::Dice;
use super::super::network::Weather;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// One thing that happens. Times are in milliseconds; `tab` is taken from those there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The tab is closed, or its process dies.
    Kill {
        tab: usize,
    },
    /// A tab is opened; with stores of their own, it may be a copy of `tab`.
    Open {
        tab: usize,
        copied: bool,
    },
    /// The tab goes to another site, and comes back by the back button.
    Freeze {
        tab: usize,
        length: u64,
    },
    Reload {
        tab: usize,
    },
    /// Another tab of this origin clears the storage.
    ClearStorage {
        tab: usize,
    },
    /// The browser loses what the tabs agreed on.
    LoseLedger,
    /// Nobody comes to the ledger, or hears from it.
    HoldStore {
        length: u64,
        by_the_disk: bool,
    },
    /// The storage is full from now on.
    FillStorage {
        tab: usize,
    },
    /// The person presses or types something.
    Active {
        tab: usize,
    },
    /// The tab becomes visible.
    Visible {
        tab: usize,
    },
    /// Every tab hears the same cause at once.
    AllVisible,
    RenewNow {
        tab: usize,
    },
    /// An API refuses the access token.
    TokenRefused {
        tab: usize,
    },
    SignIn {
        tab: usize,
        place: Place,
    },
    SignOut {
        tab: usize,
    },
    /// The person signs out at the issuer.
    IssuerSessionEnds,
    /// The lid is closed: time jumps, and no timer fires.
    Sleep {
        length: u64,
        stands_still: bool,
    },
    /// Somebody, or a time server, sets the wall clock.
    SetClock {
        by: i64,
    },
    /// The tab is in the background: its timers fire once a minute.
    Throttle {
        tab: usize,
        length: u64,
    },
    Weather {
        weather: Weather,
        length: u64,
    },
}

/// A world's faults in order of time, all before `end`.
pub fn draw(dice: &mut Dice, end: u64) -> Vec<(u64, Fault)> {
    let mut faults: Vec<_> = (0..dice.between(0, 25)).map(|_| (dice.between(SECOND, end - 1), one(dice))).collect();
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// What strikes in the middle of a renewal or a sign-out.
pub fn ambush(dice: &mut Dice, tab: usize) -> Fault {
    let other = dice.between(0, 100) as usize;
    match dice.between(0, 10) {
        0..=3 => Fault::Kill { tab },
        4 => Fault::Reload { tab },
        5 => Fault::Freeze { tab, length: length(dice) },
        6 | 7 => Fault::SignOut { tab: other },
        8 => Fault::RenewNow { tab: other },
        9 => hold(dice),
        _ => Fault::SignIn { tab: other, place: place(dice) },
    }
}

fn one(dice: &mut Dice) -> Fault {
    let tab = dice.between(0, 100) as usize;
    match dice.between(0, 99) {
        0..=7 => Fault::Kill { tab },
        8..=17 => Fault::Open { tab, copied: dice.percent(50) },
        18..=25 => Fault::Freeze { tab, length: length(dice) },
        26..=35 => Fault::Reload { tab },
        36 | 37 => Fault::ClearStorage { tab },
        38 => Fault::FillStorage { tab },
        39 => Fault::LoseLedger,
        40 => Fault::Active { tab },
        41 | 42 => Fault::Visible { tab },
        43 | 44 => Fault::AllVisible,
        45..=48 => Fault::RenewNow { tab },
        49..=51 => Fault::TokenRefused { tab },
        52..=61 => Fault::SignIn { tab, place: place(dice) },
        62..=66 => Fault::SignOut { tab },
        67 | 68 => Fault::IssuerSessionEnds,
        69..=75 => Fault::Sleep { length: length(dice), stands_still: dice.percent(50) },
        76..=80 => Fault::SetClock { by: length(dice) as i64 * dice.pick(&[-1, 1]) },
        81..=84 => Fault::Throttle { tab, length: length(dice) },
        85 | 86 => hold(dice),
        _ => Fault::Weather { weather: weather(dice), length: length(dice) },
    }
}

fn hold(dice: &mut Dice) -> Fault {
    Fault::HoldStore { length: dice.between(SECOND, MINUTE), by_the_disk: dice.percent(25) }
}

fn place(dice: &mut Dice) -> Place {
    if dice.percent(30) { Place::Popup } else { Place::Page }
}

fn weather(dice: &mut Dice) -> Weather {
    match dice.between(0, 6) {
        0 | 1 => Weather::Offline,
        2 => Weather::LosesRequests,
        3 => Weather::LosesAnswers,
        4 => Weather::Slow,
        5 => Weather::Busy {
            status: dice.pick(&[429, 500, 503]),
            retry_after: dice.percent(60).then(|| dice.between(1, 120)),
        },
        _ => Weather::Mixed,
    }
}

fn length(dice: &mut Dice) -> u64 {
    let longest = dice.pick(&[MINUTE, 5 * MINUTE, HOUR]);
    dice.between(10 * SECOND, longest)
}

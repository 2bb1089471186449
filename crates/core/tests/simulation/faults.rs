//! What people, devices and networks do to a session, drawn from the seed before a world begins.

use super::dice::Dice;
use super::network::Weather;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// One thing that happens. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The lid is closed: time jumps, and no timer fires.
    Sleep {
        length: u64,
        /// Whether the monotonic clock stands still meanwhile, as it does on some systems.
        stands_still: bool,
        /// Whether the page is told when the lid is opened.
        signal: bool,
    },
    /// Somebody, or a time server, sets the wall clock.
    SetClock { by: i64 },
    /// The network changes.
    Weather { weather: Weather, length: u64 },
    /// The tab is in the background: its timers fire once a minute.
    Throttle { length: u64 },
    /// The person loads the page again.
    Reload,
    /// The person follows a link to the redirect URI that somebody else made.
    ForgedCallback,
    /// The tab becomes visible.
    Visible,
    /// The page comes back from the back/forward cache.
    Restored,
    /// The app needs an access token for a request.
    CallApi,
    /// The person asks for a renewal.
    RenewNow,
    /// The person signs in, if nobody is.
    SignIn,
    /// The person signs out.
    SignOut,
    /// The person signs out at the issuer.
    IssuerSessionEnds,
}

/// A world's faults in order of time, all before `end`.
pub fn draw(dice: &mut Dice, end: u64) -> Vec<(u64, Fault)> {
    let mut faults: Vec<_> = (0..dice.between(0, 30)).map(|_| (dice.between(SECOND, end - 1), one(dice))).collect();
    // Two things at the same moment are a case of their own.
    if let [(first, _), (second, _), ..] = &mut faults[..] {
        *second = *first;
    }
    faults.sort_by_key(|(at, _)| *at);
    faults
}

fn one(dice: &mut Dice) -> Fault {
    match dice.between(0, 99) {
        0..=13 => Fault::Sleep { length: length(dice), stands_still: dice.percent(50), signal: dice.percent(70) },
        14..=22 => Fault::SetClock { by: length(dice) as i64 * dice.pick(&[-1, 1]) },
        23..=46 => Fault::Weather { weather: weather(dice), length: length(dice) },
        47..=51 => Fault::Throttle { length: length(dice) },
        52..=63 => Fault::Reload,
        64..=66 => Fault::ForgedCallback,
        67..=70 => Fault::Visible,
        71..=73 => Fault::Restored,
        74..=83 => Fault::CallApi,
        84..=89 => Fault::RenewNow,
        90..=94 => Fault::SignIn,
        95..=97 => Fault::SignOut,
        _ => Fault::IssuerSessionEnds,
    }
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

/// Ten seconds, an hour, a night: short ones are as likely as long ones.
fn length(dice: &mut Dice) -> u64 {
    let longest = dice.pick(&[MINUTE, 5 * MINUTE, HOUR, 12 * HOUR]);
    dice.between(10 * SECOND, longest)
}

//! Requests on their way, and what the network does to them.

use evergrant_core::session::{Failure, Method, Tokens};
use evergrant_core::time::Now;

use super::dice::Dice;
use super::tab::Doubt;

/// A browser gives up on an answer after so long.
pub const TIMEOUT: u64 = 10_000;

/// What is wrong with the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// No packet leaves the device, and the browser knows.
    Offline,
    /// Requests get lost.
    LosesRequests,
    /// The issuer hears, but its answers get lost.
    LosesAnswers,
    /// Answers take up to half a minute.
    Slow,
    /// The issuer answers 429 or 5xx, with `Retry-After` in seconds.
    Busy {
        status: u16,
        retry_after: Option<u64>,
    },
    /// Some of each.
    Mixed,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    Renewal(Method),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub tab: usize,
    /// Which page of the tab: an earlier one is gone, and its answers with it.
    pub page: u64,
    pub attempt: u64,
    pub purpose: Purpose,
    /// The refresh token it carries.
    pub refresh_token: Option<u64>,
    pub requested_at: Now,
    pub stage: Stage,
    pub times_out_at: u64,
    /// The page heard that it failed, or cancelled it. An answer may come all the same.
    pub over: bool,
    /// What the clocks did while it was under way.
    pub doubt: Doubt,
}

/// Where a request is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// It reaches the issuer then, and its answer, if any, needs as long again.
    Leaving {
        arrives_at: u64,
        fate: Fate,
    },
    /// The answer reaches the page then.
    Returning {
        arrives_at: u64,
        outcome: Result<Box<Tokens>, Failure>,
    },
    Lost,
}

/// What becomes of a request that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered {
        latency: u64,
    },
    AnswerLost,
    /// The issuer did what it was asked, and then something between it and the page failed.
    Spoiled {
        latency: u64,
        status: u16,
    },
}

impl Request {
    /// When something happens to it next.
    pub fn due(&self) -> u64 {
        let moves_at = match self.stage {
            Stage::Leaving { arrives_at, .. } | Stage::Returning { arrives_at, .. } => arrives_at,
            Stage::Lost => u64::MAX,
        };
        if self.over { moves_at } else { moves_at.min(self.times_out_at) }
    }
}

/// The first stage of a request that leaves at `truth`.
pub fn dispatch(weather: Weather, truth: u64, dice: &mut Dice) -> Stage {
    let latency = dice.between(5, 300);
    let leaving = |latency, fate| Stage::Leaving { arrives_at: truth + latency, fate };
    match weather {
        Weather::Fair => leaving(latency, Fate::Answered { latency }),
        Weather::Offline => refusal(truth + 5, unreachable()),
        Weather::LosesRequests => Stage::Lost,
        Weather::LosesAnswers => leaving(latency, Fate::AnswerLost),
        Weather::Slow => {
            let latency = dice.between(300, 15_000);
            leaving(latency, Fate::Answered { latency })
        }
        Weather::Busy { status: status @ 500, .. } if dice.percent(50) => {
            leaving(latency, Fate::Spoiled { latency, status })
        }
        Weather::Busy { status, retry_after } => refusal(truth + 2 * latency, busy(status, retry_after)),
        Weather::Mixed => {
            let weather = dice.pick(&[
                Weather::Fair,
                Weather::LosesRequests,
                Weather::LosesAnswers,
                Weather::Slow,
                Weather::Busy { status: 503, retry_after: None },
            ]);
            dispatch(weather, truth, dice)
        }
    }
}

/// The issuer, or something before it, answered with a status alone.
pub fn busy(status: u16, retry_after: Option<u64>) -> Failure {
    Failure::Busy { endpoint: "the issuer", status, retry_after: retry_after.map(std::time::Duration::from_secs) }
}

/// Nobody heard the request.
pub fn unreachable() -> Failure {
    Failure::Unreachable { endpoint: "the issuer" }
}

fn refusal(arrives_at: u64, failure: Failure) -> Stage {
    Stage::Returning { arrives_at, outcome: Err(failure) }
}

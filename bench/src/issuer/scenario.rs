//! One kind of exchange on several servers, in turn, round after round: what disturbs the machine disturbs them all.

use std::time::Duration;

use serde::Serialize;

use crate::issuer::exchange::Exchange;
use crate::issuer::load::{self, Until};
use crate::issuer::server::Server;
use crate::median::{median, quantile};
use crate::usage;

/// Servers that are asked for the same.
#[derive(Debug)]
pub(crate) struct Scenario<'a, E> {
    contenders: Vec<Contender<'a, E>>,
}

#[derive(Debug)]
struct Contender<'a, E> {
    name: &'static str,
    server: &'a Server,
    exchanges: Vec<E>,
    rounds: Vec<Round>,
}

/// What one server did in one round.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Round {
    /// Answers.
    pub(crate) per_second: f64,
    /// Processor time of the server for one answer.
    pub(crate) cpu_micros: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
    /// The part of the time for which the server ran, from 0 to 1: the rest it waited, for its disk, for requests, or
    /// because the processor was taken.
    pub(crate) busy: f64,
}

/// What one server did in all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) server: &'static str,
    /// Medians, each by itself.
    pub(crate) median: Round,
    pub(crate) rounds: Vec<Round>,
}

impl<'a, E: Exchange> Scenario<'a, E> {
    pub(crate) fn new() -> Self {
        Self { contenders: Vec::new() }
    }

    /// Adds a server, with one exchange for each connection to it.
    pub(crate) fn with(mut self, name: &'static str, server: &'a Server, exchanges: Vec<E>) -> Self {
        self.contenders.push(Contender { name, server, exchanges, rounds: Vec::new() });
        self
    }

    /// Lets every server run once, without counting it: caches fill, and what compiles at run time is compiled.
    pub(crate) async fn warm_up(&mut self, until: Until) -> anyhow::Result<()> {
        for contender in &mut self.contenders {
            contender.run(until).await?;
        }
        Ok(())
    }

    /// Lets every server run once.
    pub(crate) async fn round(&mut self, until: Until) -> anyhow::Result<()> {
        for contender in &mut self.contenders {
            let round = contender.run(until).await?;
            contender.rounds.push(round);
        }
        Ok(())
    }

    /// What came of it, in the order in which the servers were added.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        self.contenders.iter().map(Contender::outcome).collect()
    }
}

impl<E: Exchange> Contender<'_, E> {
    async fn run(&mut self, until: Until) -> anyhow::Result<Round> {
        let before = usage::processor_time(self.server.pid())?;
        let mut measured = load::run(self.server.address, &mut self.exchanges, until).await?;
        let used = usage::processor_time(self.server.pid())? - before;
        Ok(Round::of(&mut measured.latencies, measured.elapsed, used))
    }

    fn outcome(&self) -> Outcome {
        let median = |value: fn(&Round) -> f64| median(self.rounds.iter().map(value)).unwrap_or_default();
        Outcome {
            server: self.name,
            median: Round {
                per_second: median(|round| round.per_second),
                cpu_micros: median(|round| round.cpu_micros),
                p50_millis: median(|round| round.p50_millis),
                p99_millis: median(|round| round.p99_millis),
                busy: median(|round| round.busy),
            },
            rounds: self.rounds.clone(),
        }
    }
}

impl Round {
    fn of(latencies: &mut [Duration], elapsed: Duration, used: Duration) -> Self {
        #[allow(clippy::cast_precision_loss)]
        let answers = latencies.len().max(1) as f64;
        Self {
            per_second: answers / elapsed.as_secs_f64(),
            cpu_micros: used.as_secs_f64() * 1e6 / answers,
            p50_millis: quantile(latencies, 0.5).as_secs_f64() * 1e3,
            p99_millis: quantile(latencies, 0.99).as_secs_f64() * 1e3,
            busy: used.as_secs_f64() / elapsed.as_secs_f64(),
        }
    }
}

/// How many times `of` is what `to` is, round by round, and then the median: both had the same machine in a round.
pub(crate) fn ratio(of: &Outcome, to: &Outcome, value: fn(&Round) -> f64) -> f64 {
    median(of.rounds.iter().zip(&to.rounds).map(|(of, to)| value(of) / value(to))).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(per_second: [f64; 3]) -> Outcome {
        let round = |per_second| Round { per_second, cpu_micros: 1.0, p50_millis: 1.0, p99_millis: 1.0, busy: 1.0 };
        Outcome { server: "one", median: round(per_second[1]), rounds: per_second.map(round).to_vec() }
    }

    #[test]
    fn a_ratio_compares_within_rounds() {
        // The machine was busy in the second round, for both; the last one hit only one of them.
        let (ours, theirs) = (outcome([1000.0, 100.0, 200.0]), outcome([200.0, 20.0, 200.0]));
        assert!((ratio(&ours, &theirs, |round| round.per_second) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_round_counts_answers_and_processor_time() {
        let mut latencies = vec![Duration::from_millis(2); 500];
        let round = Round::of(&mut latencies, Duration::from_secs(2), Duration::from_millis(500));
        assert!((round.per_second - 250.0).abs() < 1e-9 && (round.cpu_micros - 1000.0).abs() < 1e-9);
        assert!((round.p99_millis - 2.0).abs() < 1e-9 && (round.busy - 0.25).abs() < 1e-9);
    }
}

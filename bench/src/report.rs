//! The results, as tables for people and as JSON for programs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::budget::{self, Budget};
use crate::machine::Machine;
use crate::scenario::{Outcome, Round, ratio};
use crate::start_up::StartUp;

const MIB: f64 = 1024.0 * 1024.0;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) connections: usize,
    pub(crate) few_connections: usize,
    pub(crate) rounds: u8,
    /// Ours first, then the peers, here and in the others.
    pub(crate) refresh: Vec<Outcome>,
    /// The same on few connections.
    pub(crate) refresh_few: Vec<Outcome>,
    pub(crate) silent: Vec<Outcome>,
    pub(crate) jwks: Vec<Outcome>,
    pub(crate) password: Vec<Outcome>,
    pub(crate) families: Families,
    pub(crate) start_ups: Vec<StartUp>,
    pub(crate) memory: Vec<MemoryUse>,
}

/// The same issuer on two databases, the small one first.
#[derive(Debug, Serialize)]
pub(crate) struct Families {
    pub(crate) few: usize,
    pub(crate) many: usize,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Bytes after all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct MemoryUse {
    pub(crate) server: &'static str,
    pub(crate) after: u64,
    pub(crate) highest: u64,
}

/// Everything, judged.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    budgets: Vec<Budget>,
    results: Results,
}

impl Report {
    /// Judges what was measured.
    pub(crate) fn new(machine: Machine, results: Results) -> Self {
        let budgets = budget::judge(&results);
        Self { machine, budgets, results }
    }

    /// Whether every budget is kept.
    pub(crate) fn is_within_budget(&self) -> bool {
        self.budgets.iter().all(Budget::is_kept)
    }

    /// Writes `issuer.md` and `issuer.json`.
    pub(crate) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        for (name, text) in
            [("issuer.md", self.to_markdown()), ("issuer.json", serde_json::to_string_pretty(self)? + "\n")]
        {
            let file = directory.join(name);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// The tables.
    pub(crate) fn to_markdown(&self) -> String {
        let Self { machine, results, .. } = self;
        // Writing to a string does not fail.
        let mut text = format!("{machine}\n\n");
        let _ = writeln!(
            text,
            "{} rounds in which each server has its turn; medians. Ratios are to the first of a table, the medians of \
             each round's ratio. {} connections unless another number is named. Busy is the part of the time for which \
             the server ran.\n",
            results.rounds, results.connections,
        );
        let few_connections = format!("The same on {} connections", results.few_connections);
        for (title, outcomes) in [
            ("Refresh grants: ours durable in SQLite, the peers in memory", &results.refresh),
            (&*few_connections, &results.refresh_few),
            ("`prompt=none` authorizations", &results.silent),
            ("JWKS", &results.jwks),
            ("Password grants (bounded by argon2id, 19 MiB and 2 passes each)", &results.password),
            ("Refresh grants all over a database of few or many live families", &results.families.outcomes),
        ] {
            write_outcomes(&mut text, title, outcomes);
        }
        self.write_memory(&mut text);
        self.write_budgets(&mut text);
        text
    }

    fn write_memory(&self, text: &mut String) {
        let _ = writeln!(text, "| start | first answer, ms | memory then, MiB |\n|---|--:|--:|");
        for StartUp { server, millis, memory } in &self.results.start_ups {
            let _ = writeln!(text, "| {server} | {millis:.0} | {:.1} |", memory / MIB);
        }
        let _ = writeln!(text, "\n| after the load | memory, MiB | highest |\n|---|--:|--:|");
        #[allow(clippy::cast_precision_loss)]
        for MemoryUse { server, after, highest } in &self.results.memory {
            let _ = writeln!(text, "| {server} | {:.1} | {:.1} |", *after as f64 / MIB, *highest as f64 / MIB);
        }
    }

    fn write_budgets(&self, text: &mut String) {
        let _ = writeln!(text, "\n| budget | limit | measured | |\n|---|--:|--:|---|");
        for budget in &self.budgets {
            let verdict = if budget.is_kept() { "kept" } else { "**missed**" };
            let _ = writeln!(text, "| {} | {} | {:.2} | {verdict} |", budget.what, budget.limit, budget.measured);
        }
    }
}

fn write_outcomes(text: &mut String, title: &str, outcomes: &[Outcome]) {
    let Some(first) = outcomes.first() else { return };
    let _ = writeln!(
        text,
        "| {title} | per second | first to this | CPU µs each | this to first | p50 ms | p99 ms | busy |"
    );
    let _ = writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|");
    for outcome in outcomes {
        let Round { per_second, cpu_micros, p50_millis, p99_millis, busy } = outcome.median;
        let faster = ratio(first, outcome, |round| round.per_second);
        let cheaper = ratio(outcome, first, |round| round.cpu_micros);
        let _ = writeln!(
            text,
            "| {} | {per_second:.0} | {faster:.2} | {cpu_micros:.0} | {cheaper:.2} | {p50_millis:.2} | {p99_millis:.2} \
             | {:.0} % |",
            outcome.server,
            busy * 100.0,
        );
    }
    let _ = writeln!(text);
}

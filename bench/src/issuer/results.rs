//! What was measured at the issuer and its peers, and the tables made of it.

use serde::Serialize;

use crate::chart::Chart;
use crate::issuer::budgets;
use crate::issuer::scenario::{Outcome, Round, ratio};
use crate::issuer::start_up::StartUp;
use crate::machine::Machine;
use crate::section::{Section, Table};

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

impl Results {
    /// The results, judged.
    pub(crate) fn into_section(self, machine: Machine) -> anyhow::Result<Section> {
        let few_connections = format!("The same on {} connections", self.few_connections);
        let outcomes = [
            ("Refresh grants: ours durable in SQLite, the peers in memory", &self.refresh),
            (&*few_connections, &self.refresh_few),
            ("`prompt=none` authorizations", &self.silent),
            ("JWKS", &self.jwks),
            ("Password grants (bounded by argon2id, 19 MiB and 2 passes each)", &self.password),
            ("Refresh grants all over a database of few or many live families", &self.families.outcomes),
        ];
        let mut tables: Vec<Table> =
            outcomes.into_iter().filter_map(|(title, outcomes)| table(title, outcomes)).collect();
        tables.extend([self.start_ups_table(), self.memory_table()]);
        Ok(Section {
            name: "issuer".to_owned(),
            title: "The issuer".to_owned(),
            machine,
            method: format!(
                "{} rounds in which each server has its turn; medians. Every server has one and the same processor, the \
                 load comes from the others. Ratios are to the first of a table, the medians of each round's ratio. {} \
                 connections unless another number is named. Busy is the part of the time for which the server ran.",
                self.rounds, self.connections,
            ),
            tables,
            charts: vec![
                per_second("Refresh grants per second (more is better)", &self.refresh),
                per_second("`prompt=none` answers per second (more is better)", &self.silent),
            ],
            budgets: budgets::judge(&self),
            measurements: serde_json::to_value(&self)?,
        })
    }

    fn start_ups_table(&self) -> Table {
        let mut table = Table::new(["start", "first answer, ms", "memory then, MiB"]);
        for StartUp { server, millis, memory } in &self.start_ups {
            table.row([(*server).to_owned(), format!("{millis:.0}"), format!("{:.1}", memory / MIB)]);
        }
        table
    }

    fn memory_table(&self) -> Table {
        let mut table = Table::new(["after the load", "memory, MiB", "highest"]);
        #[allow(clippy::cast_precision_loss)]
        let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / MIB);
        for MemoryUse { server, after, highest } in &self.memory {
            table.row([(*server).to_owned(), mebibytes(*after), mebibytes(*highest)]);
        }
        table
    }
}

fn table(title: &str, outcomes: &[Outcome]) -> Option<Table> {
    let first = outcomes.first()?;
    let mut table =
        Table::new([title, "per second", "first to this", "CPU µs each", "this to first", "p50 ms", "p99 ms", "busy"]);
    for outcome in outcomes {
        let Round { per_second, cpu_micros, p50_millis, p99_millis, busy } = outcome.median;
        table.row([
            outcome.server.to_owned(),
            format!("{per_second:.0}"),
            format!("{:.2}", ratio(first, outcome, |round| round.per_second)),
            format!("{cpu_micros:.0}"),
            format!("{:.2}", ratio(outcome, first, |round| round.cpu_micros)),
            format!("{p50_millis:.2}"),
            format!("{p99_millis:.2}"),
            format!("{:.0} %", busy * 100.0),
        ]);
    }
    Some(table)
}

fn per_second(title: &str, outcomes: &[Outcome]) -> Chart {
    let mut bars = outcomes.iter().map(|outcome| (outcome.server.to_owned(), outcome.median.per_second));
    let ours = bars.next();
    Chart::new(title, ours, bars)
}

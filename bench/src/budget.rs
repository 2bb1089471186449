//! The budgets: what is promised, and whether it was kept.

use std::fmt;

use serde::Serialize;

use crate::issuer::OURS;
use crate::report::{Families, Results};
use crate::scenario::{Outcome, ratio};

const MIB: f64 = 1024.0 * 1024.0;

/// A budget and what was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Budget {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) limit: Limit,
}

/// Between what is good and what is not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Budget {
    /// Whether it was kept.
    pub(crate) fn is_kept(&self) -> bool {
        match self.limit {
            Limit::AtLeast(limit) => self.measured >= limit,
            Limit::AtMost(limit) => self.measured <= limit,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(formatter, "≥ {limit}"),
            Self::AtMost(limit) => write!(formatter, "≤ {limit}"),
        }
    }
}

/// Judges what was measured by every budget there is.
pub(crate) fn judge(results: &Results) -> Vec<Budget> {
    let few_connections = format!("refresh grants per second on {} connections", results.few_connections);
    let mut budgets = Vec::new();
    budgets.extend(to_peers("refresh grants per second", &results.refresh, &[5.0, 1.0]));
    budgets.extend(to_peers(&few_connections, &results.refresh_few, &[5.0, 1.0]));
    budgets.extend(to_peers("`prompt=none` per second", &results.silent, &[5.0]));
    if let Families { few, many, outcomes } = &results.families
        && let [with_few, with_many] = &outcomes[..]
    {
        let measured = ratio(with_many, with_few, |round| round.cpu_micros);
        let what = format!("processor time of a refresh, {many} to {few} families");
        budgets.push(Budget { what, measured, limit: Limit::AtMost(FLAT) });
    }
    for start_up in results.start_ups.iter().filter(|start_up| start_up.server.starts_with(OURS)) {
        let to_first_answer = format!("{}: start to first answer, ms", start_up.server);
        budgets.push(Budget { what: to_first_answer, measured: start_up.millis, limit: Limit::AtMost(100.0) });
        let memory = format!("{}: memory at start, MiB", start_up.server);
        budgets.push(Budget { what: memory, measured: start_up.memory / MIB, limit: Limit::AtMost(50.0) });
    }
    budgets
}

/// A B-tree of a thousand times as many rows is deeper, and its pages are not all at hand.
const FLAT: f64 = 1.5;

fn to_peers(what: &str, outcomes: &[Outcome], limits: &[f64]) -> Vec<Budget> {
    let Some((ours, peers)) = outcomes.split_first() else { return Vec::new() };
    let judged = peers.iter().zip(limits).map(|(peer, limit)| Budget {
        what: format!("{what}, to {}", peer.server),
        measured: ratio(ours, peer, |round| round.per_second),
        limit: Limit::AtLeast(*limit),
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_on_its_side_of_the_limit() {
        let budget = |measured, limit| Budget { what: String::new(), measured, limit };
        assert!(budget(5.0, Limit::AtLeast(5.0)).is_kept() && !budget(4.9, Limit::AtLeast(5.0)).is_kept());
        assert!(budget(100.0, Limit::AtMost(100.0)).is_kept() && !budget(100.1, Limit::AtMost(100.0)).is_kept());
        assert!(!budget(f64::NAN, Limit::AtLeast(1.0)).is_kept(), "what could not be measured is not kept");
    }
}

//! What is promised of the issuer.

use crate::budget::Budget;
use crate::issuer::OURS;
use crate::issuer::results::{Families, Results};
use crate::issuer::scenario::{Outcome, ratio};

const MIB: f64 = 1024.0 * 1024.0;

/// A B-tree of a thousand times as many rows is deeper, and its pages are not all at hand.
const FLAT: f64 = 1.5;

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
        budgets.push(Budget::at_most(FLAT, format!("processor time of a refresh, {many} to {few} families"), measured));
    }
    for start_up in results.start_ups.iter().filter(|start_up| start_up.server.starts_with(OURS)) {
        let server = start_up.server;
        budgets.push(Budget::at_most(100.0, format!("{server}: start to first answer, ms"), start_up.millis));
        budgets.push(Budget::at_most(50.0, format!("{server}: memory at start, MiB"), start_up.memory / MIB));
    }
    budgets
}

fn to_peers(what: &str, outcomes: &[Outcome], limits: &[f64]) -> Vec<Budget> {
    let Some((ours, peers)) = outcomes.split_first() else { return Vec::new() };
    let judged = peers.iter().zip(limits).map(|(peer, limit)| {
        let measured = ratio(ours, peer, |round| round.per_second);
        Budget::at_least(*limit, format!("{what}, to {}", peer.server), measured)
    });
    judged.collect()
}

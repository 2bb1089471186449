//! `evergrant-bench api`: how many access tokens are checked per second of one core, by `evergrant-api`, by npm `jose`, and
//! by the signature check alone.

mod checks;
mod evergrant;
mod jose;
mod signature;
mod token_signer;

use evergrant_core::protocol::jwt::Algorithm;

use crate::api::checks::Checks;
use crate::api::evergrant::Evergrant;
use crate::api::jose::Jose;
use crate::api::token_signer::{TokenSigner, Tokens};
use crate::budget::Budget;
use crate::chart::Chart;
use crate::cpus::Cpus;
use crate::machine::Machine;
use crate::options::ApiOptions;
use crate::section::{Section, Table};

const OURS: &str = "evergrant-api";
const JOSE: &str = "jose";
const SIGNATURE: &str = "the signature check alone (aws-lc-rs)";

/// Reading a token of some 700 bytes and judging a dozen claims comes on top of its signature.
const CLOSE_TO_SIGNATURE: f64 = 1.3;

/// Measures both algorithms.
///
/// # Errors
/// When a good token is refused, or jose does not run.
pub(crate) fn measure(options: &ApiOptions, cpus: &Cpus, machine: Machine) -> anyhow::Result<Section> {
    let (rounds, count) = if options.common.quick { (1, 100) } else { (options.rounds, options.tokens) };
    let mut measured = Vec::new();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        println!("{algorithm}: {rounds} rounds of {count} tokens ...");
        let tokens = TokenSigner::new(algorithm)?.tokens(count)?;
        measured.push((algorithm, cpus.on_the_servers(|| compete(&tokens, rounds, options))??));
    }
    section(rounds, count, &measured, machine)
}

/// All contenders on one processor, in turn.
fn compete(tokens: &Tokens, rounds: u8, options: &ApiOptions) -> anyhow::Result<Checks> {
    let mut jose = match options.common.quick {
        true => None,
        false => Some(Jose::start(&options.common, tokens)?),
    };
    let mut checks = Checks::default();
    for _ in 0..rounds {
        let mut evergrant = Evergrant::new(tokens)?;
        checks.signature.push(signature::check_all(tokens)?);
        checks.first_seen.push(evergrant.check_all(tokens)?);
        checks.seen_again.push(evergrant.check_all(tokens)?);
        if let Some(jose) = &mut jose {
            checks.jose_first_seen.push(jose.check_all()?);
            checks.jose_seen_again.push(jose.check_all()?);
        }
    }
    Ok(checks)
}

fn section(rounds: u8, count: usize, measured: &[(Algorithm, Checks)], machine: Machine) -> anyhow::Result<Section> {
    let (mut tables, mut charts, mut budgets) = (Vec::new(), Vec::new(), Vec::new());
    for (algorithm, checks) in measured {
        tables.push(table(*algorithm, checks));
        if !checks.jose_first_seen.is_empty() {
            charts.push(chart(*algorithm, checks));
            let first = checks::ratio(&checks.jose_first_seen, &checks.first_seen);
            budgets.push(Budget::at_least(1.0, format!("{algorithm}: tokens seen first, to {JOSE}"), first));
            let again = checks::ratio(&checks.jose_seen_again, &checks.seen_again);
            budgets.push(Budget::at_least(1.0, format!("{algorithm}: tokens seen again, to {JOSE}"), again));
        }
        let on_top = checks::ratio(&checks.first_seen, &checks.signature);
        let what = format!("{algorithm}: time for a token seen first, to its signature alone");
        budgets.push(Budget::at_most(CLOSE_TO_SIGNATURE, what, on_top));
    }
    Ok(Section {
        name: "api".to_owned(),
        title: "Checking access tokens".to_owned(),
        machine,
        method: format!(
            "{rounds} rounds in which each contender checks the same {count} access tokens (signature, type, issuer, \
             audience, times), on one and the same processor; medians. Counted is processor time. Ratios are the medians \
             of each round's ratio."
        ),
        tables,
        charts,
        budgets,
        measurements: serde_json::to_value(measured)?,
    })
}

fn table(algorithm: Algorithm, checks: &Checks) -> Table {
    let mut table = Table::new([&algorithm.to_string(), "per second and core", "µs each", "signature checks"]);
    for (name, micros) in [
        (SIGNATURE, &checks.signature),
        ("evergrant-api, seen first", &checks.first_seen),
        ("evergrant-api, seen again", &checks.seen_again),
        ("jose, seen first", &checks.jose_first_seen),
        ("jose, seen again", &checks.jose_seen_again),
    ] {
        if let Some(each) = checks::median_of(micros) {
            table.row([
                name.to_owned(),
                format!("{:.0}", 1e6 / each),
                format!("{each:.1}"),
                format!("{:.2}", checks::ratio(micros, &checks.signature)),
            ]);
        }
    }
    table
}

fn chart(algorithm: Algorithm, checks: &Checks) -> Chart {
    let per_second = |name: String, micros| Some((name, 1e6 / checks::median_of(micros)?));
    let title = format!("{algorithm} access tokens checked per second and core (more is better)");
    let ours = [("seen first", &checks.first_seen), ("seen again", &checks.seen_again)];
    let jose = per_second(JOSE.to_owned(), &checks.jose_first_seen);
    Chart::new(title, ours.into_iter().filter_map(|(when, micros)| per_second(format!("{OURS}, {when}"), micros)), jose)
}

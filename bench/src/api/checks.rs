//! What checking a token cost, round by round.

use serde::Serialize;

use crate::median::median;

/// Microseconds of processor time for one token, one number for each round.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Checks {
    pub(crate) signature: Vec<f64>,
    pub(crate) first_seen: Vec<f64>,
    pub(crate) seen_again: Vec<f64>,
    pub(crate) jose_first_seen: Vec<f64>,
    pub(crate) jose_seen_again: Vec<f64>,
}

/// The median of the rounds; `None` when there were none.
pub(crate) fn median_of(micros: &[f64]) -> Option<f64> {
    median(micros.iter().copied())
}

/// How many times `to` is `of`, round by round, and then the median; not a number when there were no rounds.
pub(crate) fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(of, to)| of / to)).unwrap_or(f64::NAN)
}

//! The budgets: what is promised, and whether it was kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A budget and what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Budget {
    /// With the unit, unless it is a ratio.
    pub(crate) what: String,
    /// `None` where it could not be measured: JSON has no other word for it.
    pub(crate) measured: Option<f64>,
    pub(crate) limit: Limit,
}

/// Between what is good and what is not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Budget {
    /// At least so much is promised.
    pub(crate) fn at_least(limit: f64, what: impl Into<String>, measured: f64) -> Self {
        Self { what: what.into(), measured: finite(measured), limit: Limit::AtLeast(limit) }
    }

    /// At most so much is promised.
    pub(crate) fn at_most(limit: f64, what: impl Into<String>, measured: f64) -> Self {
        Self { what: what.into(), measured: finite(measured), limit: Limit::AtMost(limit) }
    }

    /// Whether it was kept. What could not be measured is not kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.measured.is_some_and(|measured| match self.limit {
            Limit::AtLeast(limit) => measured >= limit,
            Limit::AtMost(limit) => measured <= limit,
        })
    }

    /// What was measured, for people.
    pub(crate) fn shown(&self) -> String {
        self.measured.map_or_else(|| "?".to_owned(), |measured| format!("{measured:.2}"))
    }
}

fn finite(measured: f64) -> Option<f64> {
    Some(measured).filter(|measured| measured.is_finite())
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(formatter, "≥ {limit}"),
            Self::AtMost(limit) => write!(formatter, "≤ {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_on_its_side_of_the_limit() {
        assert!(Budget::at_least(5.0, "", 5.0).is_kept() && !Budget::at_least(5.0, "", 4.9).is_kept());
        assert!(Budget::at_most(100.0, "", 100.0).is_kept() && !Budget::at_most(100.0, "", 100.1).is_kept());
        assert!(!Budget::at_least(1.0, "", f64::NAN).is_kept(), "what could not be measured is not kept");
    }
}

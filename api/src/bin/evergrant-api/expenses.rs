//! The expenses: as the configuration lists them, and as they are told.

use evergrant_core::time::UnixTime;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A list of expenses in one currency.
#[derive(Clone, Debug)]
pub(crate) struct Expenses {
    /// ISO 4217.
    pub(crate) currency: String,
    pub(crate) list: Vec<Expense>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expense {
    date: Date,
    who: String,
    what: String,
    /// In the smallest unit of the currency.
    cents: i64,
}

/// What a caller is told.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    expenses: Vec<Line<'a>>,
    total: Amount<'a>,
    /// `iat` of the token that was presented, in seconds since the epoch: how new it is can be seen there.
    token_issued_at: i64,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    date: Date,
    who: &'a str,
    what: &'a str,
    #[serde(flatten)]
    amount: Amount<'a>,
}

#[derive(Debug, Serialize)]
struct Amount<'a> {
    cents: i64,
    currency: &'a str,
}

impl Expenses {
    /// All of them, and their total.
    pub(crate) fn report(&self, token_issued_at: UnixTime) -> Report<'_> {
        let amount = |cents| Amount { cents, currency: &self.currency };
        Report {
            expenses: self
                .list
                .iter()
                .map(|it| Line { date: it.date, who: &it.who, what: &it.what, amount: amount(it.cents) })
                .collect(),
            total: amount(self.list.iter().map(|it| it.cents).fold(0, i64::saturating_add)),
            token_issued_at: token_issued_at.as_seconds(),
        }
    }
}

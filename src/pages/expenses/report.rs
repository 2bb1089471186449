//! What the API tells.

use evergrant_leptos::UnixTime;
use serde_json::Value;

/// A list of expenses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) expenses: Vec<Expense>,
    pub(super) total: String,
    /// When the token that it was told for was issued.
    pub(super) token_issued_at: UnixTime,
}

/// One of them, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expense {
    pub(super) date: String,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) amount: String,
}

impl Report {
    /// Reads the API's JSON; `None` when it is not what it should be.
    pub(super) fn read(json: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(json).ok()?;
        Some(Self {
            expenses: json["expenses"].as_array()?.iter().map(expense).collect::<Option<_>>()?,
            total: amount(&json["total"])?,
            token_issued_at: UnixTime::from_seconds(json["token_issued_at"].as_i64()?),
        })
    }
}

fn expense(json: &Value) -> Option<Expense> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Some(Expense { date: text("date")?, who: text("who")?, what: text("what")?, amount: amount(json)? })
}

/// `89.90 EUR`
fn amount(json: &Value) -> Option<String> {
    let (cents, currency) = (json["cents"].as_i64()?, json["currency"].as_str()?);
    let (sign, cents) = if cents < 0 { ("-", cents.unsigned_abs()) } else { ("", cents.unsigned_abs()) };
    Some(format!("{sign}{}.{:02} {currency}", cents / 100, cents % 100))
}

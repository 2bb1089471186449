//! What the API tells.

use evergrant_leptos::UnixTime;
use evergrant_leptos::html::escaped;
use serde_json::Value;

use crate::words;

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
    /// A day of the calendar (ISO 8601).
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

    /// The report as it is drawn, beneath a heading with the id `list`.
    pub(super) fn to_html(&self) -> String {
        let rows: String = self.expenses.iter().map(Expense::to_html).collect();
        let total = escaped(&self.total);
        let (seconds, issued_at) = (self.token_issued_at.as_seconds(), words::date_and_time(self.token_issued_at));
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"list\"><table>\
             <thead><tr><th scope=\"col\">Date</th><th scope=\"col\">What and who</th>\
             <th scope=\"col\" class=\"number\">Amount</th></tr></thead>\
             <tbody>{rows}</tbody>\
             <tfoot><tr><th scope=\"row\" colspan=\"2\">Total</th><td class=\"number\">{total}</td></tr></tfoot></table></div>\
             <p class=\"muted small\">The API saw an access token that was issued at \
             <span data-testid=\"token-issued-at\" data-seconds=\"{seconds}\">{}</span>.</p>",
            escaped(&issued_at)
        )
    }
}

impl Expense {
    fn to_html(&self) -> String {
        let day = words::day(&self.date);
        let [date, day, who, what, amount] =
            [&self.date, &day, &self.who, &self.what, &self.amount].map(|text| escaped(text));
        format!(
            "<tr><td><time datetime=\"{date}\">{day}</time></td><td>{what}<span class=\"muted\">{who}</span></td>\
             <td class=\"number\">{amount}</td></tr>"
        )
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_the_api_tells_is_text() {
        let json = r#"{"expenses": [{"date": "2026-11-02", "who": "<b>", "what": "<img src=x>", "cents": -8990, "currency": "EUR"}],
            "total": {"cents": 5, "currency": "<i>"}, "token_issued_at": 1800000000}"#;
        let html = Report::read(json).unwrap().to_html();
        assert!(
            html.contains("&lt;img src=x&gt;") && html.contains("-89.90 EUR") && html.contains("0.05 &lt;i&gt;"),
            "{html}"
        );
        assert!(!html.contains("<img") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
    }
}

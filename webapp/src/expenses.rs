//! The expenses, as the API tells them to whoever presents an access token.

use std::sync::Arc;

use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::jwt::Unverified;
use evergrant_core::session::Failure;
use evergrant_core::time::UnixTime;
use serde::Deserialize;
use tracing::info;

use crate::http::Answer;
use crate::renewal::{self, NoAccessToken};
use crate::session::Session;
use crate::web_app::WebApp;

pub(crate) const API: &str = "the expenses API";

/// What the API says.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) expenses: Vec<Expense>,
    pub(crate) total: Amount,
    /// `iat` of the token that the API saw, in seconds since the epoch.
    pub(crate) token_issued_at: i64,
}

/// One expense.
#[derive(Debug, Deserialize)]
pub(crate) struct Expense {
    /// A day of the calendar (ISO 8601).
    pub(crate) date: String,
    pub(crate) who: String,
    pub(crate) what: String,
    #[serde(flatten)]
    pub(crate) amount: Amount,
}

/// An amount of money.
#[derive(Debug, Deserialize)]
pub(crate) struct Amount {
    /// In the smallest unit of the currency.
    cents: i64,
    /// ISO 4217.
    currency: String,
}

/// Why there are no expenses to show.
#[derive(Debug)]
pub(crate) enum NoExpenses {
    /// The person has to sign in.
    SignInAgain,
    /// The API does not let this person, or this server, see them.
    Forbidden,
    /// Something failed on the way.
    Failed(Failure),
    /// The API answered with something else.
    NotExpenses,
}

/// Loads them. An access token that has expired is refreshed first; one that the API refuses all the same, once.
pub(crate) async fn load(app: &Arc<WebApp>, session: &Arc<Session>) -> Result<Report, NoExpenses> {
    let token = renewal::access_token(app, session, None).await?;
    let mut answer = ask(app, &token).await?;
    if answer.status == 401 {
        let newer = renewal::access_token(app, session, Some(token)).await?;
        answer = ask(app, &newer).await?;
    }
    match answer.unless_busy(API)? {
        Answer { status: 200, body, .. } => serde_json::from_slice(&body).map_err(|_| NoExpenses::NotExpenses),
        Answer { status: 401, .. } => Err(NoExpenses::SignInAgain),
        Answer { status: 403, .. } => Err(NoExpenses::Forbidden),
        _ => Err(NoExpenses::NotExpenses),
    }
}

async fn ask(app: &WebApp, token: &AccessToken) -> Result<Answer, Failure> {
    match issued_at(token) {
        Some(date) => info!("the expenses are loaded with an access token issued at {date}"),
        None => info!("the expenses are loaded with an access token that does not say when it was issued"),
    }
    app.http.get_with_token(API, app.config.api.as_str(), token).await
}

/// When the token says it was issued. To a client it is opaque (RFC 6749 §1.4): this is for the log alone.
fn issued_at(token: &AccessToken) -> Option<UnixTime> {
    #[derive(Deserialize)]
    struct Claims {
        iat: i64,
    }
    let claims: Claims = Unverified::parse(token.secret()).ok()?.claims().ok()?;
    Some(UnixTime::from_seconds(claims.iat))
}

impl Expense {
    /// Its day for people: `5 Oct 2026`. How their device writes days, a page without a script cannot know.
    pub(crate) fn day(&self) -> String {
        let parts: Vec<&str> = self.date.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return self.date.clone() };
        let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
        month.map_or_else(|| self.date.clone(), |month| format!("{} {month} {year}", day.trim_start_matches('0')))
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Amount {
    /// For people: `89.90 EUR`.
    pub(crate) fn to_text(&self) -> String {
        let sign = if self.cents < 0 { "-" } else { "" };
        let cents = self.cents.unsigned_abs();
        format!("{sign}{}.{:02} {}", cents / 100, cents % 100, self.currency)
    }
}

impl From<NoAccessToken> for NoExpenses {
    fn from(no_token: NoAccessToken) -> Self {
        match no_token {
            NoAccessToken::SignInAgain => Self::SignInAgain,
            NoAccessToken::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<Failure> for NoExpenses {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_for_people() {
        for (date, day) in [
            ("2026-10-05", "5 Oct 2026"),
            ("2026-12-31", "31 Dec 2026"),
            ("2026-13-01", "2026-13-01"),
            ("soon", "soon"),
        ] {
            let amount = Amount { cents: 0, currency: String::new() };
            let expense = Expense { date: date.to_owned(), who: String::new(), what: String::new(), amount };
            assert_eq!(expense.day(), day);
        }
    }

    #[test]
    fn amounts_are_written_for_people() {
        for (cents, text) in [(8990, "89.90 EUR"), (5, "0.05 EUR"), (-250, "-2.50 EUR"), (0, "0.00 EUR")] {
            assert_eq!(Amount { cents, currency: "EUR".to_owned() }.to_text(), text);
        }
    }
}

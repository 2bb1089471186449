//! The log and the history as JSON, for a person to keep or to send: what happened and when, and no secret.

use serde::Serialize;

use super::history::{History, Occurred, Occurrence};
use super::log::{Outcome, RenewalLog, RenewalRecord};
use super::view::EndReason;
use crate::time::UnixTime;

/// One object with `renewals` and `occurrences`, each the oldest first. Times are in milliseconds since the epoch.
pub fn to_json(log: &RenewalLog, history: &History) -> String {
    let exported = Exported {
        renewals: log.iter().map(Renewal::from).collect(),
        occurrences: history.iter().map(Happened::from).collect(),
    };
    // Plain fields of plain types can always be written.
    serde_json::to_string(&exported).unwrap_or_default()
}

#[derive(Serialize)]
struct Exported<'a> {
    renewals: Vec<Renewal<'a>>,
    occurrences: Vec<Happened<'a>>,
}

#[derive(Serialize)]
struct Renewal<'a> {
    started_at: UnixTime,
    duration_ms: u64,
    cause: &'a str,
    method: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Serialize)]
struct Happened<'a> {
    at: UnixTime,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<UnixTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<UnixTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl<'a> From<&'a RenewalRecord> for Renewal<'a> {
    fn from(record: &'a RenewalRecord) -> Self {
        Self {
            started_at: record.started_at,
            duration_ms: u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
            cause: record.cause.as_str(),
            method: record.method.as_str(),
            outcome: record.outcome.as_str(),
            failure: match &record.outcome {
                Outcome::Failed(failure) => Some(failure.to_string()),
                _ => None,
            },
        }
    }
}

impl<'a> From<&'a Occurrence> for Happened<'a> {
    fn from(Occurrence { at, what }: &'a Occurrence) -> Self {
        let (since, expires_at, ended) = match what {
            Occurred::Token { since, expires_at } => (Some(*since), Some(*expires_at), None),
            Occurred::StoodStill { since } => (Some(*since), None, None),
            Occurred::Ended(reason) => (None, None, Some(reason)),
            Occurred::RenewedElsewhere | Occurred::Offline | Occurred::Online => (None, None, None),
        };
        Self {
            at: *at,
            what: what.as_str(),
            since,
            expires_at,
            reason: ended.map(EndReason::as_str),
            failure: ended.and_then(EndReason::failure).map(ToString::to_string),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::super::event::Cause;
    use super::super::failure::Failure;
    use super::super::record::Method;
    use super::*;

    #[test]
    fn the_export_says_what_happened() {
        let mut log = RenewalLog::default();
        log.push(RenewalRecord {
            started_at: UnixTime::from_seconds(7),
            duration: Duration::from_millis(31),
            cause: Cause::Asked,
            method: Method::RefreshToken,
            outcome: Outcome::Failed(Failure::NoIdToken),
        });
        let mut history = History::default();
        history.add(UnixTime::from_seconds(3), Occurred::StoodStill { since: UnixTime::from_seconds(1) });
        history.add(UnixTime::from_seconds(8), Occurred::Ended(EndReason::AskThePerson(Failure::CookiesBlocked)));
        let json: serde_json::Value = serde_json::from_str(&to_json(&log, &history)).unwrap();
        let renewal = &json["renewals"][0];
        assert_eq!(renewal["started_at"], 7000);
        assert_eq!(renewal["duration_ms"], 31);
        assert_eq!(renewal["method"], "refresh_token");
        assert!(renewal["failure"].as_str().unwrap().contains("no ID token"));
        let [slept, ended] = [&json["occurrences"][0], &json["occurrences"][1]];
        assert_eq!(*slept, serde_json::json!({ "at": 3000, "what": "stood_still", "since": 1000 }));
        assert_eq!((&ended["what"], &ended["reason"]), (&"ended".into(), &"ask_the_person".into()));
        assert!(ended["failure"].as_str().unwrap().contains("login_required"));
    }
}

//! What happened since the page was loaded, as a table, the latest first: the same that the timeline shows, in words.

use std::time::Duration;

use evergrant_core::session::{Occurred, Occurrence, RenewalRecord};
use evergrant_core::time::UnixTime;
use leptos::prelude::*;

use crate::handle::use_session;
use crate::html::escaped;
use crate::live::{memo, text};
use crate::words;

/// The table, with a link to save it.
#[component]
pub(super) fn Events(section: &'static str) -> impl IntoView {
    let session = use_session();
    let table = memo(move || {
        session.view().track();
        HEAD.to_owned() + &rows(&session.log(), &session.history()) + "</tbody></table>"
    });
    let address = move || {
        session.view().track();
        String::from("data:application/json,") + &String::from(js_sys::encode_uri_component(&session.log_json()))
    };
    view! {
        <section class=section aria-labelledby="evergrant-events">
            <h2 id="evergrant-events">"What happened since this page was loaded"</h2>
            // Scrolls by itself on narrow screens, so the keyboard must reach it.
            <div class="evergrant-scroll" tabindex="0" role="group" aria-labelledby="evergrant-events"
                inner_html=text(move || table.get())></div>
            // Without secrets, for whoever wants to keep or send it.
            <p><a download="session.json" href=text(address)>"Save as JSON"</a></p>
        </section>
    }
}

const HEAD: &str = concat!(
    "<table><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">What</th><th scope=\"col\">Outcome</th>",
    "<th scope=\"col\">Why</th><th scope=\"col\" class=\"number\">Took</th></tr></thead><tbody>",
);

fn rows(log: &[RenewalRecord], history: &[Occurrence]) -> String {
    let (mut log, mut history) = (log.iter().rev().peekable(), history.iter().rev().peekable());
    let mut rows = String::new();
    loop {
        let renewed_at = log.peek().map(|record| record.started_at + record.duration);
        if history.peek().map(|it| place(it)) >= renewed_at {
            let Some(occurrence) = history.next() else { return rows };
            rows += &occurred(occurrence);
        } else if let Some(record) = log.next() {
            rows += &renewal(record);
        }
    }
}

/// What is further away has a time of day like any other.
const A_DAY: Duration = Duration::from_secs(86_400);

/// A token comes after the renewal that brought it, whatever the milliseconds say.
fn place(occurrence: &Occurrence) -> UnixTime {
    match occurrence.what {
        Occurred::Token { .. } => occurrence.at + Duration::from_millis(5),
        _ => occurrence.at,
    }
}

fn renewal(record: &RenewalRecord) -> String {
    row(
        record.started_at,
        &("Renewal by ".to_owned() + words::method(record.method)),
        words::cause(record.cause),
        &words::millis(record.duration),
        record.outcome.as_str(),
        &words::outcome(&record.outcome),
    )
}

fn occurred(Occurrence { at, what }: &Occurrence) -> String {
    let (why, took, outcome) = match what {
        Occurred::Token { expires_at, .. } => {
            let is_near = expires_at.since(*at) < A_DAY;
            let write = if is_near { words::clock_time } else { words::date_and_time };
            ("", String::new(), "Good until ".to_owned() + &write(*expires_at))
        }
        Occurred::StoodStill { since } => ("", words::duration(at.since(*since)), String::new()),
        Occurred::Ended(reason) => {
            let exact = reason.failure().map(ToString::to_string);
            (words::ended(reason), String::new(), exact.unwrap_or_default())
        }
        Occurred::RenewedElsewhere | Occurred::Offline | Occurred::Online => ("", String::new(), String::new()),
    };
    row(*at, words::occurred(what), why, &took, what.as_str(), &outcome)
}

fn row(at: UnixTime, what: &str, why: &str, took: &str, kind: &str, outcome: &str) -> String {
    let (at, outcome) = (escaped(&words::clock_time(at)), escaped(outcome));
    format!(
        "<tr><td>{at}</td><td>{what}</td><td data-outcome=\"{kind}\">{outcome}</td>\
         <td>{why}</td><td class=\"number\">{took}</td></tr>"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use evergrant_core::protocol::callback::CallbackError;
    use evergrant_core::protocol::{ErrorCode, OAuthError};
    use evergrant_core::session::{Cause, Method, Outcome};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn renewals_and_the_rest_stand_in_one_order_the_latest_first() {
        let at = UnixTime::from_seconds;
        let record = |start, outcome| RenewalRecord {
            started_at: at(start),
            duration: Duration::from_millis(31),
            cause: Cause::Asked,
            method: Method::Iframe,
            outcome,
        };
        let hostile = OAuthError::new(ErrorCode::ServerError, "<img src=x onerror=alert(1)>");
        let failed = Outcome::Failed(CallbackError::Refused(hostile).into());
        let log = [record(10, Outcome::Renewed), record(30, failed)];
        let history = [
            Occurrence { at: at(20), what: Occurred::StoodStill { since: at(1) } },
            Occurrence { at: at(40), what: Occurred::Offline },
        ];
        let rows = rows(&log, &history);
        let places: Vec<_> = ["offline", "failed", "stood_still", "renewed"]
            .iter()
            .map(|kind| rows.find(&format!("data-outcome=\"{kind}\"")).unwrap())
            .collect();
        assert!(places.is_sorted(), "{rows}");
        assert!(rows.contains("31 ms") && rows.contains("You asked") && rows.contains("19 s"), "{rows}");
        assert!(!rows.contains("<img"), "{rows}");
    }

    #[wasm_bindgen_test]
    fn a_token_for_days_seemed_to_be_good_until_the_moment_it_came() {
        let [now, soon, far] = [0, 3600, 40 * 86_400].map(|seconds| UnixTime::from_seconds(1_800_000_000 + seconds));
        let until = |expires_at| occurred(&Occurrence { at: now, what: Occurred::Token { since: now, expires_at } });
        assert!(until(soon).contains(&format!("Good until {}<", words::clock_time(soon))), "{}", until(soon));
        assert!(until(far).contains(&format!("Good until {}<", words::date_and_time(far))), "{}", until(far));
    }
}

//! The renewals of this page as a table, the latest first.

use evergrant_leptos::{RenewalRecord, use_session};
use leptos::prelude::*;

use crate::live::part;
use crate::words;

/// The log.
#[component]
pub(super) fn RenewalLog() -> impl IntoView {
    let session = use_session();
    let log = move || {
        session.view().track();
        session.log()
    };
    view! {
        <section class="card" aria-labelledby="renewals">
            <h2 id="renewals">"Renewals since this page was loaded"</h2>
            {part(move || match log() {
                log if log.is_empty() => view! { <p class="muted">"None yet. They appear here as they happen."</p> }.into_any(),
                log => view! {
                    {table(&log)}
                    // Some lines of JSON, without secrets, for whoever wants to keep or send them.
                    <p><a download="renewals.json" href=data_address(&session.log_json())>"Save as JSON"</a></p>
                }.into_any(),
            })}
        </section>
    }
}

fn data_address(json: &str) -> String {
    String::from("data:application/json,") + &String::from(js_sys::encode_uri_component(json))
}

fn table(log: &[RenewalRecord]) -> impl IntoView + use<> {
    view! {
        // Scrolls by itself on narrow screens, so the keyboard must reach it.
        <div class="scroll" tabindex="0" role="region" aria-labelledby="renewals">
            <table>
                <thead><tr>
                    <th scope="col">"Time"</th><th scope="col">"Cause"</th><th scope="col">"Method"</th>
                    <th scope="col" class="number">"Took"</th><th scope="col">"Outcome"</th>
                </tr></thead>
                <tbody>{log.iter().rev().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(record: &RenewalRecord) -> impl IntoView + use<> {
    view! {
        <tr>
            <td>{words::clock_time(record.started_at)}</td>
            <td>{words::cause(record.cause)}</td>
            <td>{words::method(record.method)}</td>
            <td class="number">{words::millis(record.duration)}</td>
            <td data-outcome=record.outcome.as_str()>{words::outcome(&record.outcome)}</td>
        </tr>
    }
}

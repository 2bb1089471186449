//! The session's past and its next renewal along a line of time that moves on by itself.

mod axis;
mod drawing;
mod scene;

use std::time::Duration;

use evergrant_core::session::{Outcome, RenewalRecord};
use evergrant_core::time::UnixTime;
use leptos::prelude::*;

pub(super) use self::axis::Zoom;
use self::axis::{Axis, percent};
use self::drawing::Past;
use crate::clock::{Clock, use_clock};
use crate::handle::use_session;
use crate::live::{click, memo, part, text};
use crate::words;

/// The timeline, with buttons that say how much of it is seen.
#[component]
pub(super) fn Timeline(
    section: &'static str,
    /// How much is seen.
    zoom: RwSignal<Zoom>,
) -> impl IntoView {
    let session = use_session();
    let now = use_clock();
    // In seconds, as a text: memos of texts are there already, and each other kind would be kilobytes more to load.
    let span = memo(move || {
        let now = now.get();
        zoom.get().span(now.since(oldest(&session.log(), now))).as_secs().to_string()
    });
    let button = move |choice: Zoom| {
        let pressed = move || if zoom.get() == choice { "true" } else { "false" };
        view! { <button aria-pressed=text(pressed) on:click=click(move || zoom.set(choice))>{choice.words()}</button> }
    };
    view! {
        <section class=section aria-labelledby="evergrant-timeline">
            <div class="evergrant-title">
                <h2 id="evergrant-timeline">"Timeline"</h2>
                <div class="evergrant-zoom" role="group" aria-label="How much is shown">
                    {Zoom::ALL.into_iter().map(button).collect_view()}
                </div>
            </div>
            {part(move || {
                let span = Duration::from_secs(span.get().parse().unwrap_or(60));
                view! { <Window span now/> }.into_any()
            })}
            <p class="evergrant-legend" aria-hidden="true">
                <span><svg class="point renewed"><path d="M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z"/></svg>"renewed by hidden iframe"</span>
                <span><svg class="point renewed"><path d="M0-6.5 6.5 0 0 6.5-6.5 0Z"/></svg>"by refresh token"</span>
                <span><svg class="point failed"><path d="M-5-5 5 5M5-5-5 5"/></svg>"failed"</span>
                <span><svg class="point next"><path d="M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z"/></svg>"planned"</span>
            </p>
        </section>
    }
}

/// What is seen. The drawing is moved by its style, once a second; it becomes another one when something happened.
#[component]
fn Window(span: Duration, now: Clock) -> impl IntoView {
    let session = use_session();
    let view = session.view();
    let axis = Axis { origin: session.now(), span };
    let drawing = memo(move || {
        let (log, history) = (session.log(), session.history());
        let (renew_at, renewing_since) = view.with(|view| (view.renew_at, view.renewing_since));
        let now = now.get();
        drawing::draw(&axis, &Past { log: &log, history: &history, renewing_since, renew_at, now })
    });
    let summary = move || {
        view.track();
        summary(&session.log())
    };
    // Where it will be in a second, which is when it is moved again: so it glides.
    let slide = move || percent(axis.slide(now.get() + Duration::from_secs(1)));
    view! {
        <div class="evergrant-window" role="img" aria-label=text(summary)>
            <div class="evergrant-lanes" aria-hidden="true"><span>"Access tokens"</span><span>"Renewals"</span></div>
            <div class="evergrant-track" style:--evergrant-slide=text(slide) inner_html=text(move || drawing.get())></div>
            <div class="evergrant-now"><span>"now"</span></div>
        </div>
    }
}

/// When the oldest renewal began.
fn oldest(log: &[RenewalRecord], now: UnixTime) -> UnixTime {
    log.first().map_or(now, |record| record.started_at)
}

/// The drawing in a sentence, for those who do not see it.
fn summary(log: &[RenewalRecord]) -> String {
    let failed = log.iter().filter(|record| matches!(record.outcome, Outcome::Failed(_))).count();
    let mut summary = format!("Timeline. Renewals: {}. Failed: {failed}.", log.len());
    if let Some(last) = log.last() {
        let (at, method) = (words::clock_time(last.started_at), words::method(last.method));
        summary += &format!(" The last at {at} by {method}: {}.", words::outcome(&last.outcome));
    }
    summary + " The table below holds the same."
}

//! The timeline as SVG. Places along it are percentages and sizes are pixels, so that texts and shapes keep their size on a
//! phone as on a wide screen.

use std::fmt::Write as _;

use evergrant_core::session::{Method, Occurrence, Outcome, RenewalRecord};
use evergrant_core::time::UnixTime;
use js_sys::Date;
use wasm_bindgen::JsValue;

use super::axis::{Axis, percent};
use super::scene::{self, Band, BandKind, Life};
use crate::html::escaped;
use crate::words;

/// What is drawn.
pub(super) struct Past<'a> {
    pub(super) log: &'a [RenewalRecord],
    pub(super) history: &'a [Occurrence],
    /// When the renewal in flight began.
    pub(super) renewing_since: Option<UnixTime>,
    /// When the next renewal is planned.
    pub(super) renew_at: Option<UnixTime>,
    pub(super) now: UnixTime,
}

/// The height of the drawing, in pixels.
const HEIGHT: u32 = 196;
/// Where bands begin: below what is above everything.
const TOP: usize = 18;
/// Where the upper row of tokens is, and how far the lower one is below it.
const TOKENS: usize = 28;
const ROW: usize = 18;
/// The line on which renewals are.
const RENEWALS: u32 = 128;
/// Where the axis is.
const BOTTOM: u32 = 166;
/// A label nearer to the one before is left out: its text is in the table.
const LABEL: i64 = 1_500;

/// The drawing of what is seen now, and some more.
pub(super) fn draw(axis: &Axis, past: &Past<'_>) -> String {
    let (from, to) = axis.drawn(past.now);
    let mut svg = format!("<svg width=\"100%\" height=\"{HEIGHT}\" aria-hidden=\"true\">");
    svg += "<defs><pattern id=\"evergrant-still\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
            patternTransform=\"rotate(45)\"><path d=\"M0 0V8\"/></pattern></defs>";
    let mut drawing = Drawing { svg, axis, from, to };
    for time in axis.ticks((from, to)) {
        drawing.tick(time);
    }
    drawing.bands(&scene::bands(past.history, past.now));
    drawing.lives(&scene::lives(past.history));
    for (time, ended) in scene::marks(past.history) {
        let words = ended.map_or("Renewed in another tab", words::ended);
        drawing.mark(time, if ended.is_some() { "ended" } else { "elsewhere" }, words);
    }
    drawing.renewals(past);
    drawing.svg + "</svg>"
}

struct Drawing<'a> {
    svg: String,
    axis: &'a Axis,
    from: i64,
    to: i64,
}

impl Drawing<'_> {
    /// Where something begins and how wide it is, if any of it is drawn.
    fn extent(&self, since: UnixTime, until: UnixTime) -> Option<(i64, i64)> {
        let (left, right) = (self.axis.at(since).max(self.from), self.axis.at(until).min(self.to));
        (left <= right).then_some((left, right - left))
    }

    fn place(&self, time: UnixTime) -> Option<i64> {
        self.extent(time, time).map(|(place, _)| place)
    }

    /// A rectangle; what it stands for is told when it is pointed at.
    fn bar(&mut self, class: &str, since: UnixTime, until: UnixTime, top: usize, height: usize, title: &str) {
        if let Some((left, width)) = self.extent(since, until) {
            self.write(format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\"><title>{}</title></rect>",
                percent(left),
                percent(width),
                escaped(title)
            ));
        }
    }

    fn text(&mut self, class: &str, place: i64, y: u32, text: &str) {
        self.write(format_args!("<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", percent(place), escaped(text)));
    }

    fn tick(&mut self, time: UnixTime) {
        let place = percent(self.axis.at(time));
        self.write(format_args!(
            "<line class=\"tick\" x1=\"{place}\" x2=\"{place}\" y1=\"{BOTTOM}\" y2=\"{}\"/>",
            BOTTOM + 6
        ));
        self.text("tick", self.axis.at(time), BOTTOM + 22, &time_of_day(time));
    }

    fn bands(&mut self, bands: &[Band]) {
        let mut labelled = i64::MAX / 2;
        for band in bands.iter().rev() {
            let (class, words) = match band.kind {
                BandKind::Offline => ("offline", "offline "),
                BandKind::StoodStill => ("still", "stood still "),
            };
            let label = words.to_owned() + &words::duration(band.until.since(band.since));
            self.bar(class, band.since, band.until, TOP, BOTTOM as usize - TOP, &label);
            let Some((left, _)) = self.extent(band.since, band.until) else { continue };
            if labelled - left >= 2 * LABEL {
                labelled = left;
                self.text("band", left, RENEWALS - 44, &label);
            }
        }
    }

    fn lives(&mut self, lives: &[Life]) {
        // What was never used lies under what was.
        for in_use in [false, true] {
            for (index, life) in lives.iter().enumerate() {
                let top = TOKENS + index % 2 * ROW;
                let title = [life.since, life.used_until, life.expires_at].map(words::clock_time);
                let title = format!("Access token, {} to {}, in use until {}", title[0], title[2], title[1]);
                match in_use {
                    true => self.bar("life", life.since, life.used_until, top, 12, &title),
                    false => self.bar("unused", life.used_until, life.expires_at, top + 4, 4, &title),
                }
            }
        }
    }

    fn renewals(&mut self, past: &Past<'_>) {
        self.write(format_args!(
            "<line class=\"lane\" x1=\"{}\" x2=\"{}\" y1=\"{RENEWALS}\" y2=\"{RENEWALS}\"/>",
            percent(self.from),
            percent(self.to)
        ));
        let mut labelled = i64::MIN / 2;
        for record in past.log {
            let ended_at = record.started_at + record.duration;
            let outcome = record.outcome.as_str();
            let title = format!(
                "{}: {}, by {}, {}, {}",
                words::clock_time(record.started_at),
                words::cause(record.cause),
                words::method(record.method),
                words::millis(record.duration),
                words::outcome(&record.outcome)
            );
            self.bar(&format!("took {outcome}"), record.started_at, ended_at, RENEWALS as usize - 3, 6, &title);
            let Some(place) = self.place(ended_at) else { continue };
            self.point(outcome, shape(record), place, &title);
            if place - labelled >= LABEL {
                labelled = place;
                self.text("took", place, RENEWALS - 14, &words::millis(record.duration));
            }
        }
        if let Some(since) = past.renewing_since {
            self.bar("took renewing", since, past.now, RENEWALS as usize - 3, 6, "Renewing");
        }
        if let Some(place) = past.renew_at.and_then(|at| self.place(at)) {
            self.point("next", CIRCLE, place, "The next renewal");
            self.text("took", place, RENEWALS - 14, "next");
        }
    }

    fn point(&mut self, class: &str, shape: &str, place: i64, title: &str) {
        self.write(format_args!(
            "<svg class=\"point {class}\" x=\"{}\" y=\"{RENEWALS}\"><title>{}</title><path d=\"{shape}\"/></svg>",
            percent(place),
            escaped(title)
        ));
    }

    fn mark(&mut self, time: UnixTime, class: &str, words: &str) {
        let Some(place) = self.place(time) else { return };
        let at = percent(place);
        self.write(format_args!("<line class=\"{class}\" x1=\"{at}\" x2=\"{at}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>"));
        self.text(class, place, RENEWALS - 44, words);
    }

    fn write(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(markup);
    }
}

const CIRCLE: &str = "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z";
const DIAMOND: &str = "M0-6.5 6.5 0 0 6.5-6.5 0Z";
const CROSS: &str = "M-5-5 5 5M5-5-5 5";

/// Not by colour alone: what failed is a cross, and methods differ in their form.
fn shape(record: &RenewalRecord) -> &'static str {
    match (&record.outcome, record.method) {
        (Outcome::Failed(_) | Outcome::Cancelled, _) => CROSS,
        (Outcome::Renewed | Outcome::Adopted, Method::Iframe) => CIRCLE,
        (Outcome::Renewed | Outcome::Adopted, Method::RefreshToken) => DIAMOND,
    }
}

/// `12:34`, with seconds where they are not zero: shorter than what a device writes.
fn time_of_day(time: UnixTime) -> String {
    let text = String::from(Date::new(&JsValue::from_f64(time.as_millis() as f64)).to_time_string());
    let length = if time.as_seconds() % 60 == 0 { 5 } else { 8 };
    text.get(..length).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use evergrant_core::protocol::callback::CallbackError;
    use evergrant_core::protocol::{ErrorCode, OAuthError};
    use evergrant_core::session::{Cause, Occurred};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn record(start: i64, method: Method, outcome: Outcome) -> RenewalRecord {
        RenewalRecord {
            started_at: at(start),
            duration: Duration::from_millis(40),
            cause: Cause::Asked,
            method,
            outcome,
        }
    }

    fn drawn(log: &[RenewalRecord], history: &[Occurrence]) -> String {
        let axis = Axis { origin: at(0), span: Duration::from_secs(100) };
        let past = Past { log, history, renewing_since: None, renew_at: Some(at(90)), now: at(72) };
        draw(&axis, &past)
    }

    #[wasm_bindgen_test]
    fn tokens_and_renewals_are_where_their_times_are() {
        let history = [Occurrence { at: at(10), what: Occurred::Token { since: at(10), expires_at: at(60) } }];
        let svg = drawn(&[record(50, Method::Iframe, Outcome::Renewed)], &history);
        assert!(svg.contains("class=\"life\" x=\"10.00%\" y=\"28\" width=\"50.00%\""), "{svg}");
        assert!(svg.contains("class=\"point renewed\" x=\"50.04%\"") && svg.contains(CIRCLE), "{svg}");
        assert!(svg.contains("40 ms") && svg.contains("class=\"point next\" x=\"90.00%\""), "{svg}");
    }

    #[wasm_bindgen_test]
    fn methods_and_outcomes_differ_in_form() {
        let forms = [
            record(10, Method::Iframe, Outcome::Renewed),
            record(30, Method::RefreshToken, Outcome::Adopted),
            record(50, Method::Iframe, Outcome::Cancelled),
        ];
        assert_eq!(forms.each_ref().map(shape), [CIRCLE, DIAMOND, CROSS]);
    }

    #[wasm_bindgen_test]
    fn labels_that_would_overlap_are_left_out() {
        let log: Vec<_> = [10, 11, 12, 40].map(|start| record(start, Method::Iframe, Outcome::Renewed)).into();
        assert_eq!(drawn(&log, &[]).matches(">40 ms</text>").count(), 2);
    }

    #[wasm_bindgen_test]
    fn what_is_out_of_sight_is_not_drawn() {
        let history = [Occurrence { at: at(-900), what: Occurred::Token { since: at(-900), expires_at: at(-800) } }];
        let svg = drawn(&[record(-850, Method::Iframe, Outcome::Renewed)], &history);
        assert!(!svg.contains("life") && !svg.contains("renewed"), "{svg}");
    }

    #[wasm_bindgen_test]
    fn what_an_issuer_says_is_text() {
        let hostile = OAuthError::new(ErrorCode::ServerError, "</title><script>alert(1)</script>");
        let svg = drawn(&[record(50, Method::Iframe, Outcome::Failed(CallbackError::Refused(hostile).into()))], &[]);
        assert!(!svg.contains("<script") && svg.contains(CROSS), "{svg}");
    }
}

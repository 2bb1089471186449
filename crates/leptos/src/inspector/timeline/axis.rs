//! From times to places: plain arithmetic. Whole numbers, since writing fractions as text is several kilobytes of code.

use std::time::Duration;

use evergrant_core::time::UnixTime;

/// How much time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inspector) enum Zoom {
    /// A minute.
    Minute,
    /// A quarter of an hour.
    QuarterHour,
    /// Two hours.
    TwoHours,
    /// As much as there is.
    All,
}

impl Zoom {
    pub(super) const ALL: [Self; 4] = [Self::Minute, Self::QuarterHour, Self::TwoHours, Self::All];

    /// What shows more than one token of this lifetime, and renewals apart from each other.
    pub(in crate::inspector) fn for_lifetime(lifetime: Option<Duration>) -> Self {
        match lifetime {
            Some(lifetime) if lifetime <= Duration::from_secs(60) => Self::Minute,
            _ => Self::QuarterHour,
        }
    }

    /// What its button says.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Minute => "1 min",
            Self::QuarterHour => "15 min",
            Self::TwoHours => "2 h",
            Self::All => "All",
        }
    }

    /// The time from the left edge to the right one; `past` is how long ago the oldest thing was.
    pub(super) fn span(self, past: Duration) -> Duration {
        let seconds = match self {
            Self::Minute => 60,
            Self::QuarterHour => 900,
            Self::TwoHours => 7200,
            Self::All => {
                let wanted = past.as_secs() * WHOLE as u64 / NOW as u64;
                STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(wanted)
            }
        };
        Duration::from_secs(seconds)
    }
}

/// The width, in hundredths of a percent: the unit of all places here.
pub(super) const WHOLE: i64 = 10_000;

/// Where now is.
pub(super) const NOW: i64 = 7_200;

/// Spans that change so seldom that nothing jumps, in seconds.
const STEPS: [u64; 10] = [60, 300, 900, 3600, 7200, 21_600, 86_400, 172_800, 604_800, 2_592_000];

/// Distances between the marks on the axis, in seconds.
const TICKS: [i64; 12] = [15, 30, 60, 300, 900, 1800, 7200, 21_600, 43_200, 86_400, 172_800, 604_800];

/// Which place belongs to which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// At the place 0.
    pub(super) origin: UnixTime,
    /// From 0 to [`WHOLE`].
    pub(super) span: Duration,
}

impl Axis {
    /// The place of a time.
    pub(super) fn at(&self, time: UnixTime) -> i64 {
        (time.as_millis() - self.origin.as_millis()) * WHOLE / self.millis()
    }

    /// How far everything is moved to the left, so that `now` is where it belongs.
    pub(super) fn slide(&self, now: UnixTime) -> i64 {
        self.at(now) - NOW
    }

    /// What is drawn around `now`: half as much again as is seen, in steps, so that it is not drawn anew all the time; and a little
    /// more, since it is on its way to where it will be in a second.
    pub(super) fn drawn(&self, now: UnixTime) -> (i64, i64) {
        let left = self.slide(now).div_euclid(WHOLE / 2) * (WHOLE / 2);
        (left, left + WHOLE * 8 / 5)
    }

    /// The times of the marks in `drawn`: about four are seen at once.
    pub(super) fn ticks(&self, drawn: (i64, i64)) -> impl Iterator<Item = UnixTime> + use<> {
        let fifth = self.millis() / 5000;
        let step = TICKS.into_iter().find(|step| *step >= fifth).unwrap_or(fifth.max(1));
        let time_of = |place: i64| self.origin.as_millis() + place * self.millis() / WHOLE;
        let (first, last) = (time_of(drawn.0) / 1000 / step, time_of(drawn.1) / 1000 / step);
        (first..=last).map(move |count| UnixTime::from_seconds(count * step))
    }

    fn millis(&self) -> i64 {
        i64::try_from(self.span.as_millis()).unwrap_or(i64::MAX).max(1)
    }
}

/// A place or a width as SVG and CSS write it: `12.05%`.
pub(super) fn percent(place: i64) -> String {
    let sign = if place < 0 { "-" } else { "" };
    let (whole, hundredths) = (place.abs() / 100, place.abs() % 100);
    format!("{sign}{whole}.{}{}%", hundredths / 10, hundredths % 10)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn axis(span: u64) -> Axis {
        Axis { origin: at(1000), span: Duration::from_secs(span) }
    }

    #[wasm_bindgen_test]
    fn places_are_proportional_to_times() {
        let places = [1000, 1030, 1060, 940].map(|seconds| axis(60).at(at(seconds)));
        assert_eq!(places, [0, 5_000, 10_000, -10_000]);
    }

    #[wasm_bindgen_test]
    fn now_stands_still_while_everything_moves_to_the_left() {
        let axis = axis(60);
        for seconds in [1000, 1001, 5000] {
            assert_eq!(axis.at(at(seconds)) - axis.slide(at(seconds)), NOW);
        }
    }

    #[wasm_bindgen_test]
    fn what_is_seen_is_drawn_and_stays_so_for_a_while() {
        let axis = axis(60);
        for seconds in 1000..1200 {
            let (from, to) = axis.drawn(at(seconds));
            let left = axis.slide(at(seconds));
            assert!(from <= left && left + WHOLE <= to, "{seconds}: {from} to {to} around {left}");
        }
        assert_eq!(axis.drawn(at(1044)), axis.drawn(at(1070)));
    }

    #[wasm_bindgen_test]
    fn what_is_drawn_ended_before_its_frame_while_it_glides_to_where_it_is_in_a_second() {
        let axis = axis(60);
        for seconds in 1000..1200 {
            let (_, to) = axis.drawn(at(seconds));
            let seen = axis.slide(at(seconds + 1)) + WHOLE;
            assert!(seen <= to, "{seconds}: {seen} is seen, {to} is drawn");
        }
    }

    #[wasm_bindgen_test]
    fn there_are_some_four_marks_whatever_is_shown() {
        for span in [60, 300, 900, 3600, 7200, 21_600, 86_400, 172_800, 604_800, 2_592_000, 31_536_000] {
            let ticks: Vec<_> = axis(span).ticks((0, WHOLE)).collect();
            assert!((3..=6).contains(&ticks.len()), "{span}: {ticks:?}");
        }
    }

    #[wasm_bindgen_test]
    fn everything_fits_where_everything_is_shown_and_the_span_seldom_changes() {
        let mut spans = Vec::new();
        for past in 0..100_000 {
            let past = Duration::from_secs(past);
            let span = Zoom::All.span(past);
            assert!(span.mul_f64(0.72) + Duration::from_secs(1) >= past, "{past:?} in {span:?}");
            spans.push(span);
        }
        spans.dedup();
        assert!(spans.len() < 9, "{spans:?}");
    }

    #[wasm_bindgen_test]
    fn places_are_written_with_two_digits() {
        assert_eq!([0, 5, -1, 1205, -10_000].map(percent), ["0.00%", "0.05%", "-0.01%", "12.05%", "-100.00%"]);
    }
}

//! What was measured of several contenders, round by round, and how they compare.

use serde::Serialize;

use crate::chart::Chart;
use crate::median::median;

/// One contender's milliseconds, one number for each round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Samples {
    pub(crate) name: &'static str,
    pub(crate) millis: Vec<f64>,
}

/// Contenders of the same rounds, ours first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) what: String,
    pub(crate) all: Vec<Samples>,
}

impl Comparison {
    /// Nothing measured yet.
    pub(crate) fn new(what: impl Into<String>, names: impl IntoIterator<Item = &'static str>) -> Self {
        Self { what: what.into(), all: names.into_iter().map(|name| Samples { name, millis: Vec::new() }).collect() }
    }

    /// Which part of what `name` takes ours takes: round by round, and then the median. Not a number when it was not there.
    pub(crate) fn ours_to(&self, name: &str) -> f64 {
        let theirs = self.all.iter().find(|samples| samples.name == name);
        let pairs =
            self.all.first().zip(theirs).into_iter().flat_map(|(ours, theirs)| ours.millis.iter().zip(&theirs.millis));
        median(pairs.map(|(ours, theirs)| ours / theirs)).unwrap_or(f64::NAN)
    }

    /// The medians as bars.
    pub(crate) fn chart(&self) -> Chart {
        let mut bars = self.all.iter().map(|samples| (samples.name.to_owned(), samples.median()));
        let ours = bars.next();
        Chart::new(format!("{}, ms (less is better)", self.what), ours, bars)
    }
}

impl Samples {
    /// The median of the rounds; not a number when there were none.
    pub(crate) fn median(&self) -> f64 {
        median(self.millis.iter().copied()).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contenders_are_compared_within_rounds() {
        let mut comparison = Comparison::new("start", ["ours", "theirs"]);
        // The machine was busy in the second round, for both.
        comparison.all[0].millis = vec![10.0, 100.0, 12.0];
        comparison.all[1].millis = vec![20.0, 200.0, 20.0];
        assert!((comparison.ours_to("theirs") - 0.5).abs() < 1e-9);
        assert!(comparison.ours_to("nobody").is_nan());
    }
}

//! Bars beside each other: what is compared, in numbers that a plot can show.

use serde::{Deserialize, Serialize};

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chart {
    /// What, and in which unit, and whether more or less is better.
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
}

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) is_ours: bool,
}

impl Chart {
    /// A comparison: ours come first, then the others.
    pub(crate) fn new(
        title: impl Into<String>,
        ours: impl IntoIterator<Item = (String, f64)>,
        others: impl IntoIterator<Item = (String, f64)>,
    ) -> Self {
        let bar = |is_ours| move |(name, value)| Bar { name, value, is_ours };
        let bars = ours.into_iter().map(bar(true)).chain(others.into_iter().map(bar(false)));
        Self { title: title.into(), bars: bars.collect() }
    }
}

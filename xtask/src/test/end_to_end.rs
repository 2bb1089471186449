//! The end-to-end tests: the built app and the real servers, driven through Chromium.

use super::{Options, Tally, counted};
use crate::{journeys, stop::Stop, tools};

/// Builds what the tests start, once for all of them, and runs them.
pub(super) fn run(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let axe = tools::axe(stop);
    let mut cargo = journeys::cargo(stop)?;
    cargo.args(["test", "--no-fail-fast", "--package", "evergrant-e2e"]);
    match axe {
        Ok(script) => {
            cargo.env("EVERGRANT_AXE", script);
        }
        // The tests that need it fail, and the others say what they have to say.
        Err(error) => eprintln!("{error:#}"),
    }
    // One browser at a time: a small machine that runs several misses their deadlines.
    cargo.env("RUST_TEST_THREADS", "1");
    counted(options, &mut cargo, stop)
}

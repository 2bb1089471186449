//! The end-to-end tests: the built app and the real servers, driven through browsers.

use std::process::Command;

use super::{Options, Tally, counted, screen::Screen};
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
    // Few journeys are made in other browsers as well; without one, those fail and say so.
    if let Ok(firefox) = tools::firefox(stop) {
        cargo.env("FIREFOX", firefox.program).env("GECKODRIVER", firefox.driver);
    }
    let _screen = webkit(&mut cargo, stop);
    // One browser at a time: a small machine that runs several misses their deadlines.
    cargo.env("RUST_TEST_THREADS", "1");
    counted(options, &mut cargo, stop)
}

/// Names WebKit in the environment, where there is one, and the screen that it is shown on for as long as that is kept.
fn webkit(cargo: &mut Command, stop: &Stop) -> Option<Screen> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (browser, screen) = tools::webkit(stop).ok()?;
    let screen = Screen::start(&screen).ok()?;
    cargo.env("MINI_BROWSER", browser.program).env("WEBKIT_DRIVER", browser.driver).env("DISPLAY", &screen.name);
    Some(screen)
}

//! The wasm-bindgen tests, in real browsers without a window.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context;

use super::{Options, Tally, counted, screen::Screen};
use crate::{
    stop::Stop,
    tools::{self, Browser},
    workspace,
};

/// The packages with tests for a browser.
pub(super) const PACKAGES: [&str; 3] = ["evergrant-browser", "evergrant-leptos", "evergrant-app"];

/// Quiet on a network that leads nowhere; without a sandbox, because root gets none.
const CHROMIUM_FLAGS: &str = r#""--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync""#;

/// All of them in Chromium.
pub(super) fn in_chromium(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let chromium = tools::chromium(stop)?;
    let capabilities =
        format!(r#"{{"goog:chromeOptions": {{"binary": {}, "args": [{CHROMIUM_FLAGS}]}}}}"#, quoted(&chromium));
    run(workspace::cargo(), "chromium", "CHROMEDRIVER", &chromium, &capabilities, options, stop)
}

/// All of them in Firefox.
pub(super) fn in_firefox(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let firefox = tools::firefox(stop)?;
    let capabilities = format!(r#"{{"moz:firefoxOptions": {{"binary": {}}}}}"#, quoted(&firefox));
    run(workspace::cargo(), "firefox", "GECKODRIVER", &firefox, &capabilities, options, stop)
}

/// All of them in WebKitGTK, where there is one: Linux. To the runner it is Safari, whose driver is told its port the same way.
pub(super) fn in_webkit(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    if !cfg!(target_os = "linux") {
        return Ok(Tally::default());
    }
    let (browser, screen) = tools::webkit(stop)?;
    let capabilities =
        format!(r#"{{"webkitgtk:browserOptions": {{"binary": {}, "args": ["--automation"]}}}}"#, quoted(&browser));
    let screen = Screen::start(&screen)?;
    let mut cargo = workspace::cargo();
    // Software draws what nobody sees; and there may be no session bus.
    cargo.env("DISPLAY", &screen.name).env("LIBGL_ALWAYS_SOFTWARE", "1").env("GSETTINGS_BACKEND", "memory");
    run(cargo, "webkit", "SAFARIDRIVER", &browser, &capabilities, options, stop)
}

fn run(
    mut cargo: Command,
    name: &str,
    driver_variable: &str,
    browser: &Browser,
    capabilities: &str,
    options: &Options,
    stop: &Stop,
) -> anyhow::Result<Tally> {
    tools::wasm_target(stop)?;
    let runner = tools::wasm_test_runner(stop)?;
    let capabilities = write_capabilities(name, capabilities)?;
    // Not the examples in the documentation: they are for people, and no browser runs them.
    cargo.args(["test", "--no-fail-fast", "--tests", "--target", "wasm32-unknown-unknown"]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    cargo.args(["--features", "evergrant-leptos/dpop,evergrant-leptos/testing"]);
    without_other_drivers(&mut cargo);
    cargo
        .env("CARGO_TARGET_DIR", workspace::wasm_target_dir())
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("WASM_BINDGEN_TEST_ONLY_WEB", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        .env(driver_variable, &browser.driver);
    counted(options, &mut cargo, stop)
}

/// The runner takes the first driver that the environment names.
fn without_other_drivers(cargo: &mut Command) {
    for driver in ["GECKODRIVER", "SAFARIDRIVER", "CHROMEDRIVER", "MSEDGEDRIVER"] {
        cargo.env_remove(driver).env_remove(format!("{driver}_REMOTE"));
    }
}

fn write_capabilities(name: &str, json: &str) -> anyhow::Result<PathBuf> {
    let directory = workspace::target_dir().join("xtask");
    let file = directory.join(format!("webdriver-{name}.json"));
    fs::create_dir_all(&directory)
        .and_then(|()| fs::write(&file, json))
        .with_context(|| format!("Cannot write {}", file.display()))?;
    Ok(file)
}

/// The browser's path as a JSON string.
fn quoted(browser: &Browser) -> String {
    let path = browser.program.display().to_string();
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

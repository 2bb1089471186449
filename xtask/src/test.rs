//! `cargo xtask test`: every test there is, one step after the other, counted together.

mod browser;
mod end_to_end;
mod interop;
mod needs;
mod options;
mod publishing;
mod tally;

use std::{
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::bail;

use crate::{
    process::{self, Interrupted},
    stop::Stop,
    tools, workspace,
};
use options::Kind;
pub(crate) use options::Options;
use tally::Tally;

/// The packages that only a browser can run.
const BROWSER_ONLY: [&str; 5] =
    ["evergrant-app", "evergrant-browser", "evergrant-leptos", "evergrant-example-minimal", "evergrant-example-router"];

/// Those that drive a browser.
const BROWSER_DRIVERS: [&str; 2] = ["evergrant-e2e", "evergrant-interop"];

/// One step, and what it found.
type Step = fn(&Options, &Stop) -> anyhow::Result<Tally>;

const STEPS: [(Kind, &str, Step); 8] = [
    (Kind::Native, "native tests", native),
    (Kind::Native, "documentation", publishing::documentation),
    (Kind::Native, "packages", publishing::packages),
    (Kind::Wasm, "evergrant-core builds for wasm32", core_for_wasm),
    (Kind::Browser, "tests in Chromium", browser::in_chromium),
    (Kind::Browser, "tests in Firefox", browser::in_firefox),
    (Kind::EndToEnd, "end-to-end tests in Chromium", end_to_end::run),
    (Kind::Interop, "tests with software by others in Chromium", interop::run),
];

/// Runs every step that was asked for, whatever became of the one before.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let mut total = Tally::default();
    needs::install(options, stop)?;
    for (kind, name, step) in STEPS {
        if !options.includes(kind) {
            continue;
        }
        println!("\n== {name}");
        let step_began = Instant::now();
        let outcome = step(options, stop);
        if stop.requested() {
            return Err(Interrupted.into());
        }
        let tally = outcome.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Tally { passed: 0, failed: 1 }
        });
        println!(
            "== {name}: {tally} ({}; {} in all)",
            tools::shown(step_began.elapsed()),
            tools::shown(began.elapsed())
        );
        total += tally;
    }
    println!("\n{total}");
    if total == Tally::default() {
        bail!("There was no test to run: FILTER is part of a test's name, not of its file's.");
    }
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn native(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    for package in BROWSER_ONLY.into_iter().chain(BROWSER_DRIVERS) {
        cargo.args(["--exclude", package]);
    }
    match tools::postgres(stop) {
        Ok(directory) => {
            cargo.env(tools::POSTGRES_BIN, directory);
        }
        // The tests that need it fail, and the others say what they have to say.
        Err(error) => eprintln!("{error:#}"),
    }
    counted(options, &mut cargo, stop)
}

fn core_for_wasm(_: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    tools::wasm_target(stop)?;
    let mut cargo = workspace::cargo();
    cargo.args(["check", "--package", "evergrant-core", "--target", "wasm32-unknown-unknown"]);
    let built = process::run(cargo.env("CARGO_TARGET_DIR", workspace::wasm_target_dir()), stop)?.success();
    Ok(Tally::of(built))
}

/// Runs `cargo test`, shows what it prints, and counts what it reports. A command that fails without
/// a failed test did not compile, or crashed: that counts as one. So does finding no test at all.
fn counted(options: &Options, cargo_test: &mut Command, stop: &Stop) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let status = process::run_by_line(options.filtered(cargo_test), stop, |line| {
        println!("{line}");
        tally += Tally::in_line(line);
    })?;
    if tally == Tally::default() && status.success() && !options.is_filtered() {
        bail!("There was no test to run.");
    }
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

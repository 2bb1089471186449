//! `cargo xtask test`: every test there is, one step after the other, counted together.

mod browser;
mod end_to_end;
mod interop;
mod needs;
mod options;
mod publishing;
mod screen;
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

const STEPS: [(Kind, &str, Step); 9] = [
    (Kind::Native, "native tests", native),
    (Kind::Native, "documentation", publishing::documentation),
    (Kind::Native, "packages", publishing::packages),
    (Kind::Wasm, "evergrant-core builds for wasm32", core_for_wasm),
    (Kind::Browser, "tests in Chromium", browser::in_chromium),
    (Kind::Browser, "tests in Firefox", browser::in_firefox),
    (Kind::Browser, "tests in WebKit", browser::in_webkit),
    (Kind::EndToEnd, "end-to-end tests", end_to_end::run),
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
    verdict(options, total)
}

/// # Errors
/// When there was nothing to run, since that is rarely what was meant.
fn verdict(options: &Options, total: Tally) -> anyhow::Result<ExitCode> {
    if total == Tally::default() {
        bail!("There was no test to run{}.", options.narrowed());
    }
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn native(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast", "--features", "evergrant-core/dpop"]);
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

fn core_for_wasm(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    if options.is_filtered() {
        return Ok(Tally::default());
    }
    tools::wasm_target(stop)?;
    let mut cargo = workspace::cargo();
    cargo.args(["check", "--package", "evergrant-core", "--target", "wasm32-unknown-unknown"]);
    let built = process::run(cargo.env("CARGO_TARGET_DIR", workspace::wasm_target_dir()), stop)?.success();
    Ok(Tally::of(built))
}

/// Runs `cargo test`, shows what it prints, and counts what it reports. A command that fails without
/// a failed test did not compile, or crashed: that counts as one. So does finding no test at all.
fn counted(options: &Options, cargo_test: &mut Command, stop: &Stop) -> anyhow::Result<Tally> {
    let by_file = options.by_file(cargo_test);
    let mut tally = counted_once(options.by_test(cargo_test), stop)?;
    if let Some((mut find, mut run)) = by_file
        && process::output_of(&mut find).is_some()
    {
        tally += counted_once(&mut run, stop)?;
    }
    if tally == Tally::default() && !options.is_filtered() {
        bail!("There was no test to run.");
    }
    Ok(tally)
}

fn counted_once(cargo_test: &mut Command, stop: &Stop) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let status = process::run_by_line(cargo_test, stop, |line| {
        println!("{line}");
        tally += Tally::in_line(line);
    })?;
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn a_filter_that_names_a_test_file_runs_that_file() {
        let package = tempfile::tempdir().unwrap();
        let tests = package.path().join("tests");
        fs::create_dir(&tests).unwrap();
        fs::write(package.path().join("Cargo.toml"), "[package]\nname = \"a\"\nedition = \"2024\"\n[workspace]\n")
            .unwrap();
        fs::write(tests.join("parts.rs"), "#[test] fn first_of_parts() {}\n#[test] fn rest() {}\n").unwrap();
        fs::write(tests.join("size.rs"), "#[test] fn of_all_parts() {}\n#[test] fn whole() {}\n").unwrap();
        let passed = |filter: &str| {
            let mut cargo = workspace::cargo();
            cargo.current_dir(package.path()).env("CARGO_TARGET_DIR", package.path().join("target"));
            cargo.args(["test", "--quiet", "--offline", "--tests"]);
            counted(&Options::filtered_by(filter), &mut cargo, &Stop::default()).unwrap()
        };
        // Each once: those of one file, and the one of another that is named so.
        assert_eq!(passed("parts"), Tally { passed: 3, failed: 0 });
        assert_eq!(passed("whole"), Tally { passed: 1, failed: 0 });
        assert_eq!(passed("nothing"), Tally::default());
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error() {
        // What this step looks at is no test, and has no name.
        let options = Options::parse(&mut lexopt::Parser::from_args(["--only", "wasm", "nothing"])).unwrap();
        let tally = core_for_wasm(&options, &Stop::default()).unwrap();
        assert!(verdict(&options, tally).unwrap_err().to_string().contains("nothing"));
        assert_eq!(verdict(&options, Tally { passed: 1, failed: 0 }).unwrap(), ExitCode::SUCCESS);
    }
}

//! `cargo xtask profile`: which functions of the app run until it is there, so that `finish` can let the others come later.

use std::process::ExitCode;

use crate::{artifacts, journeys, process, stop::Stop, tools::Compiler, workspace};

/// Where `finish` reads them.
const LIST: &str = "finish/start.txt";

/// Builds an app that records them, walks through its start, and keeps what ran; and the same with the compiler of
/// `cargo xtask dist --smallest`, which leaves other functions than the usual one.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<ExitCode> {
    let mut recorded = record(Compiler::Stable, &[], stop)?;
    match Compiler::nightly() {
        Ok(nightly) if recorded == ExitCode::SUCCESS => recorded = record(nightly, &["--more"], stop)?,
        Ok(_) => {}
        Err(missing) => println!("The list lacks what runs in the app of `cargo xtask dist --smallest`. {missing}"),
    }
    Ok(recorded)
}

fn record(compiler: Compiler, flags: &[&str], stop: &Stop) -> anyhow::Result<ExitCode> {
    let build = |app: &_, tools: &_| artifacts::build_recording_app(app, compiler, tools, stop);
    let mut cargo = journeys::cargo_with(build, stop)?;
    cargo.args(["run", "--quiet", "--package", "evergrant-e2e", "--example", "profile", "--"]);
    let status = process::run(cargo.arg(workspace::root().join(LIST)).args(flags), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `cargo xtask profile`: which functions of the app run until it is there, so that `finish` can let the others come later.

use std::process::ExitCode;

use crate::{artifacts, journeys, process, stop::Stop, tools::Compiler};

/// Builds an app that records them, walks through its start, and keeps what ran; and the same with the compiler of
/// `cargo xtask dist --smallest`, which leaves other functions than the usual one.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<ExitCode> {
    let mut recorded = record(Compiler::Stable, stop)?;
    match Compiler::nightly() {
        Ok(nightly) if recorded == ExitCode::SUCCESS => recorded = record(nightly, stop)?,
        Ok(_) => {}
        Err(missing) => println!("The list for `cargo xtask dist --smallest` stays as it was. {missing}"),
    }
    Ok(recorded)
}

fn record(compiler: Compiler, stop: &Stop) -> anyhow::Result<ExitCode> {
    let build = |app: &_, tools: &_| artifacts::build_recording_app(app, compiler, tools, stop);
    let mut cargo = journeys::cargo_with(build, stop)?;
    cargo.args(["run", "--quiet", "--package", "evergrant-e2e", "--example", "profile", "--"]);
    let status = process::run(cargo.arg(compiler.start_list()), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

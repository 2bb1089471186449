//! `cargo xtask profile`: which functions of the app run until it is there, so that `finish` can let the others come later.

use std::process::ExitCode;

use crate::{artifacts, journeys, process, stop::Stop, workspace};

/// Where `finish` reads them.
const LIST: &str = "finish/start.txt";

/// Builds an app that records them, walks through its start, and keeps what ran.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<ExitCode> {
    let mut cargo = journeys::cargo_with(|app, tools| artifacts::build_recording_app(app, tools, stop), stop)?;
    cargo.args(["run", "--quiet", "--package", "evergrant-e2e", "--example", "profile", "--"]);
    let status = process::run(cargo.arg(workspace::root().join(LIST)), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `cargo xtask size`: what the app weighs on the wire, beside its budget.

use std::process::ExitCode;

use crate::{
    artifacts, process,
    stop::Stop,
    tools::{Compiler, Tools},
    workspace,
};

/// Builds the app and weighs it, with the test that `cargo xtask test` runs among the end-to-end tests.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<ExitCode> {
    let app = artifacts::app_for_tests();
    artifacts::build_finished_app(&app, Compiler::Stable, &Tools::for_building(stop)?, stop)?;
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--quiet", "--package", "evergrant-e2e", "--test", "size", "--", "--nocapture"]);
    let status = process::run(cargo.env("EVERGRANT_APP_DIR", app), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

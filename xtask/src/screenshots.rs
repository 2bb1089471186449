//! `cargo xtask screenshots`: a picture of every state a person can see.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use lexopt::{Parser, ValueExt};

use crate::{journeys, process, stop::Stop};

/// Builds everything, walks through it, and leaves the pictures in the directory that the command line names.
pub(crate) fn run(arguments: &mut Parser, stop: &Stop) -> anyhow::Result<ExitCode> {
    let directory: PathBuf =
        arguments.value().context("Name a directory: cargo xtask screenshots pictures")?.parse()?;
    let mut cargo = journeys::cargo(stop)?;
    cargo.args(["run", "--quiet", "--package", "evergrant-e2e", "--example", "screenshots", "--"]);
    let status = process::run(cargo.arg(std::path::absolute(directory)?), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

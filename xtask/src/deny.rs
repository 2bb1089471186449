//! `cargo xtask deny`: whether the dependencies are what `deny.toml` allows.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use crate::{process, stop::Stop, tools, workspace};

/// Checks licences, duplicates and sources; and known holes, where their database can be fetched.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<ExitCode> {
    let cargo_deny = tools::cargo_deny(stop)?;
    process::run_to_success(deny(&cargo_deny).args(["check", "licenses", "bans", "sources"]), stop)?;
    if process::run(deny(&cargo_deny).args(["fetch", "db"]), stop)?.success() {
        process::run_to_success(deny(&cargo_deny).args(["check", "--disable-fetch", "advisories"]), stop)?;
    } else {
        println!("The advisory database cannot be reached from here: known holes were not looked up.");
    }
    Ok(ExitCode::SUCCESS)
}

fn deny(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).arg("--workspace");
    command
}

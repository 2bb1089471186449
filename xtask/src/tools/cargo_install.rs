//! Tools that Cargo builds: installed under a directory of their name and version.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, bail};

use super::{cache::Cache, executable, install};
use crate::stop::Stop;

/// A program in a package of the registry.
#[derive(Debug)]
pub(super) struct CargoTool<'a> {
    pub(super) package: &'a str,
    pub(super) program: &'a str,
    pub(super) version: &'a str,
    pub(super) flags: &'a [&'a str],
    /// How long that takes on a small machine, in words.
    pub(super) takes: &'a str,
}

impl CargoTool<'_> {
    /// The directory that holds the program; it is installed first where no clone has done so yet.
    pub(super) fn directory(&self, cache: &Cache, stop: &Stop) -> anyhow::Result<PathBuf> {
        let installed = cache.path().join(format!("{}-{}", self.package, self.version));
        let bin = installed.join("bin");
        let program = executable(&bin, self.program);
        if program.is_file() {
            return Ok(bin);
        }
        let lock = cache.lock()?;
        if program.is_file() {
            return Ok(bin);
        }
        let root = lock.workbench().join("root");
        let mut cargo = self.cargo_install();
        cargo.current_dir(lock.workbench()).arg("--root").arg(&root);
        cargo.env("CARGO_TARGET_DIR", lock.workbench().join("target"));
        install(&format!("{} {}", self.package, self.version), self.takes, &mut cargo, stop)?;
        if !executable(&root.join("bin"), self.program).is_file() {
            bail!("Installing {} {} did not bring `{}`.", self.package, self.version, self.program);
        }
        fs::remove_dir_all(&installed).ok();
        fs::rename(&root, &installed).with_context(|| format!("Cannot create {}", installed.display()))?;
        Ok(bin)
    }

    fn cargo_install(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["install", self.package, "--version", self.version]).args(self.flags);
        // What the caller set for this repository is not meant for its tools.
        for inherited in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_INSTALL_ROOT",
        ] {
            cargo.env_remove(inherited);
        }
        // Without the optimizations of a release: building a tool is what a newcomer waits for, and what it does later is done in
        // a second, or waits for others.
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo
    }
}

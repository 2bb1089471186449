//! The compiler that builds the app: that of the repository, or a nightly one that goes further.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use super::wasm_target;
use crate::{process::output_of, workspace};

/// What the standard library is built from; rustup brings it as the component `rust-src`.
const SOURCES: &str = "lib/rustlib/src/rust/library";

/// A compiler for the app.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compiler {
    /// The one that everything is tested with.
    Stable,
    /// Builds the standard library anew for this app: without what it does not use, and without a word about a panic,
    /// which ends the app here as there.
    Nightly,
}

impl Compiler {
    /// The nightly compiler.
    ///
    /// # Errors
    /// When it is not installed, or the sources of its standard library are not.
    pub(crate) fn nightly() -> anyhow::Result<Self> {
        match nightly_sysroot() {
            Some(sysroot) if Path::new(&sysroot).join(SOURCES).is_dir() => Ok(Self::Nightly),
            _ => bail!(
                "--smallest needs a nightly compiler with the sources of the standard library, and there is none here: \
                 rustup toolchain install nightly --component rust-src"
            ),
        }
    }

    /// The file that lists which functions of the app run at its start: those of one compiler are not those of the other.
    pub(crate) fn start_list(self) -> PathBuf {
        workspace::root().join("finish").join(match self {
            Self::Stable => "start.txt",
            Self::Nightly => "start-smallest.txt",
        })
    }

    /// Downloads the sources of all that a build with this compiler needs.
    pub(crate) fn fetch(self) -> Command {
        let Self::Nightly = self else {
            let mut cargo = workspace::cargo();
            cargo.arg("fetch");
            return cargo;
        };
        // Not the Cargo that runs this: rustup's finds the one of the compiler that is chosen.
        let mut cargo = Command::new("cargo");
        build_std(with_nightly(cargo.current_dir(workspace::root())));
        // What the standard library needs is known for each target: its memory here, for one, which is the system's elsewhere.
        cargo.args(["fetch", "--target", wasm_target::TARGET]);
        cargo
    }

    /// Has Trunk build with this compiler.
    pub(crate) fn builds(self, trunk: &mut Command) -> &mut Command {
        if let Self::Nightly = self {
            build_std(with_nightly(trunk));
            trunk.env("CARGO_TARGET_DIR", workspace::wasm_target_dir().join("nightly"));
            // Added to the flags in .cargo/config.toml.
            let flags = "-Zunstable-options -Cpanic=immediate-abort";
            trunk.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        }
        trunk
    }
}

/// Where the nightly compiler is, if it is installed.
pub(crate) fn nightly_sysroot() -> Option<String> {
    output_of(Command::new("rustc").args(["+nightly", "--print", "sysroot"]))
}

/// Has rustup's Cargo use the nightly compiler, in place of the one that runs this.
pub(crate) fn with_nightly(command: &mut Command) -> &mut Command {
    command.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO").env_remove("RUSTC")
}

fn build_std(command: &mut Command) {
    command.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
    command.env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size");
}

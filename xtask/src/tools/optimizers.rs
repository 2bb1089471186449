//! The programs from npm that make the app smaller.

use std::path::{Path, PathBuf};

use super::npm_packages;
use crate::stop::Stop;

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Optimizers {
    pub(crate) esbuild: PathBuf,
    pub(crate) wasm_opt: PathBuf,
}

impl Optimizers {
    /// Finds the locked versions, or installs them.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let programs =
            npm_packages::installed("optimizers", "esbuild and wasm-opt", Path::new("finish/optimizers"), stop)?
                .join(".bin");
        Ok(Self { esbuild: programs.join("esbuild"), wasm_opt: programs.join("wasm-opt") })
    }
}

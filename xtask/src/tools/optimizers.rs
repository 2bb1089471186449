//! The programs from npm that make the app smaller: one directory for each lock file, shared by every clone.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Node, cache::Cache};
use crate::{stop::Stop, workspace};

/// What npm needs, in the order in which it is copied.
const FILES: [&str; 3] = [".npmrc", "package.json", "package-lock.json"];

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Optimizers {
    pub(crate) esbuild: PathBuf,
    pub(crate) wasm_opt: PathBuf,
}

impl Optimizers {
    /// Finds the locked versions, or installs them, with Node where that is missing.
    pub(crate) fn ensure(stop: &Stop) -> anyhow::Result<Self> {
        let node = Node::ensure(stop)?;
        let from = workspace::root().join("finish").join("optimizers");
        let lock_file =
            fs::read(from.join("package-lock.json")).context("Cannot read the lock file of the optimizers")?;
        let cache = Cache::open()?;
        let installed = cache.path().join(format!("optimizers-{:016x}", digest(&lock_file)));
        if !installed.is_dir() {
            let lock = cache.lock()?;
            if !installed.is_dir() {
                let unfinished = lock.workbench().join("optimizers");
                fs::create_dir(&unfinished).context("Cannot install the optimizers")?;
                for name in FILES {
                    fs::copy(from.join(name), unfinished.join(name)).with_context(|| format!("Cannot copy {name}"))?;
                }
                node.install_locked(&unfinished, stop)?;
                fs::rename(&unfinished, &installed)
                    .with_context(|| format!("Cannot create {}", installed.display()))?;
            }
        }
        Ok(Self::installed_in(&installed))
    }

    fn installed_in(directory: &Path) -> Self {
        let programs = directory.join("node_modules").join(".bin");
        Self { esbuild: programs.join("esbuild"), wasm_opt: programs.join("wasm-opt") }
    }
}

/// Tells one lock file from another; nothing depends on its value.
fn digest(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

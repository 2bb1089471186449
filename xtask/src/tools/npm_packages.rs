//! Packages from npm: one directory for each lock file, shared by every clone.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{cache::Cache, node::Npm};
use crate::{stop::Stop, workspace};

/// What npm needs, in the order in which it is copied.
const FILES: [&str; 3] = [".npmrc", "package.json", "package-lock.json"];

/// The `node_modules` of what the lock file in a directory of the repository names; installed first where no clone has done
/// so yet, with Node where that is missing. `name` is that of their place in the cache, and `what` is what a person reads.
pub(super) fn installed(name: &str, what: &str, directory: &Path, stop: &Stop) -> anyhow::Result<PathBuf> {
    let npm = Npm::ensure(stop)?;
    let from = workspace::root().join(directory);
    let lock_file = fs::read(from.join("package-lock.json"))
        .with_context(|| format!("Cannot read the lock file in {}", from.display()))?;
    let cache = Cache::open()?;
    let installed = cache.path().join(format!("{name}-{:016x}", digest(&lock_file)));
    if !installed.is_dir() {
        let lock = cache.lock()?;
        if !installed.is_dir() {
            let unfinished = lock.workbench().join(name);
            fs::create_dir(&unfinished).with_context(|| format!("Cannot install {name}"))?;
            for file in FILES {
                fs::copy(from.join(file), unfinished.join(file)).with_context(|| format!("Cannot copy {file}"))?;
            }
            npm.install_locked(what, &unfinished, stop)?;
            fs::rename(&unfinished, &installed).with_context(|| format!("Cannot create {}", installed.display()))?;
        }
    }
    Ok(installed.join("node_modules"))
}

/// Tells one lock file from another; nothing depends on its value.
fn digest(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

//! The per-user directory that holds installed tools, shared by every clone.

use std::{
    env,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The directory, which exists.
#[derive(Debug)]
pub(super) struct Cache(PathBuf);

impl Cache {
    /// `$EVERGRANT_CACHE`, or `evergrant` where this system keeps caches.
    pub(super) fn open() -> anyhow::Result<Self> {
        let directory = directory(|name| env::var_os(name).map(PathBuf::from))
            .context("No home directory: name a directory for tools with EVERGRANT_CACHE.")?;
        fs::create_dir_all(&directory).with_context(|| format!("Cannot create {}", directory.display()))?;
        Ok(Self(directory))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Waits until no other clone installs anything.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.0.join("lock");
        let file = File::create(&path).with_context(|| format!("Cannot create {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                println!("Waiting for another `cargo xtask` that is installing tools ...");
                file.lock().context("Cannot wait for the other installation")?;
            }
            Err(TryLockError::Error(error)) => return Err(error).context("Cannot lock the tools"),
        }
        let unfinished = self.0.join("unfinished");
        // What is there now was left by an installation that was killed.
        fs::remove_dir_all(&unfinished).ok();
        fs::create_dir(&unfinished).with_context(|| format!("Cannot create {}", unfinished.display()))?;
        Ok(Lock { unfinished, _file: file })
    }
}

/// The right to install, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    unfinished: PathBuf,
    _file: File,
}

impl Lock {
    /// A directory beside the finished installations, for this one. What is built in it is renamed
    /// into place at the end, so that an interrupted installation is not taken for a finished one.
    pub(super) fn workbench(&self) -> &Path {
        &self.unfinished
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.unfinished).ok();
    }
}

fn directory(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.as_os_str().is_empty());
    if let Some(chosen) = set("EVERGRANT_CACHE") {
        return std::path::absolute(chosen).ok();
    }
    caches(set).map(|caches| caches.join("evergrant"))
}

/// Where programs of this system keep what they can make again.
pub(super) fn caches(variable: impl Fn(&'static str) -> Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        return Some(variable("HOME")?.join("Library/Caches"));
    }
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    // The XDG Base Directory Specification: a relative path is to be ignored.
    let xdg = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    xdg.or_else(|| Some(variable("HOME")?.join(".cache")))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        directory(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_cache_is_where_the_person_or_the_system_says() {
        let home = ("HOME", "/home/ada");
        assert_eq!(with(&[home]), Some("/home/ada/.cache/evergrant".into()));
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "/caches")]), Some("/caches/evergrant".into()));
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "caches")]), Some("/home/ada/.cache/evergrant".into()));
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "")]), Some("/home/ada/.cache/evergrant".into()));
        assert_eq!(with(&[home, ("EVERGRANT_CACHE", "/tools")]), Some("/tools".into()));
        assert_eq!(with(&[]), None);
    }
}

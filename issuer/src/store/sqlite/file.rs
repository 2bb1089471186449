//! The file of a database: who may read it, and whether it is still there.

use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The file that was opened. SQLite goes on with it when it has been removed, or another put in its place; what is written then
/// is gone when the process ends.
pub(super) struct File {
    path: PathBuf,
    identity: Identity,
}

impl File {
    /// The file that is at `path` now.
    pub(super) fn at(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { path: path.to_owned(), identity: identity(path).map_err(|error| failed(path, &error))? })
    }

    /// That it still is there, and no other.
    pub(super) fn is_there(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(self.is_gone("another file is in its place")),
            Err(error) => Err(self.is_gone(&error.to_string())),
        }
    }

    fn is_gone(&self, why: &str) -> StoreError {
        StoreError::Database(format!(
            "{}: {why}: what is written is lost when this issuer ends, so start it anew",
            self.path.display()
        ))
    }
}

/// What tells a file from another of its name.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Where a file that is open cannot be removed, it is enough that one is there.
#[cfg(not(unix))]
fn identity(path: &Path) -> std::io::Result<Identity> {
    std::fs::metadata(path).map(drop)
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Database(format!("{}: {error}", path.display()))
}

/// The file holds private keys: created for its owner alone, as SQLite's journal files then are as well. One that is there
/// already is not even opened: to close it again would release every lock that this process has on it (POSIX, `fcntl`).
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| failed(path, &error))
}

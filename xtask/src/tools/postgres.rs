//! The programs of PostgreSQL, which Debian puts on nobody's path.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{on_path, packages};
use crate::stop::Stop;

/// Names the directory they are in, for this and for the tests.
pub(crate) const VARIABLE: &str = "POSTGRES_BIN";

/// Where Debian keeps each version in a directory of its own.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The directory of `initdb` and `pg_ctl`.
pub(super) fn directory(stop: &Stop) -> anyhow::Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    packages::install_missing(&["postgresql"], stop).context(
        "The issuer's tests need PostgreSQL: install it, or name the directory of its programs with POSTGRES_BIN",
    )?;
    find().context("PostgreSQL was installed, but its programs are not where they are on Debian.")
}

fn find() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let on_path = || Some(on_path("initdb")?.parent()?.to_owned());
    named.filter(|directory| holds_the_programs(directory)).or_else(on_path).or_else(|| newest(Path::new(VERSIONS)))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.flatten();
    let numbered = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    numbered.filter(|(_, directory)| holds_the_programs(directory)).max().map(|(_, directory)| directory)
}

fn holds_the_programs(directory: &Path) -> bool {
    ["initdb", "pg_ctl"].iter().all(|program| directory.join(program).is_file())
}

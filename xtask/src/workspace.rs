//! Where things are in this repository, and how Cargo is called in it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

/// The root of the repository. What Cargo says now counts more than what it said when this was
/// compiled: clones that share a target directory share this binary too.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_owned)
}

/// Where Cargo builds for this machine.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => std::path::absolute(&dir).unwrap_or(PathBuf::from(dir)),
        None => root().join("target"),
    }
}

/// Where Cargo builds for the browser: beside the native builds, so neither waits for the other.
pub(crate) fn wasm_target_dir() -> PathBuf {
    target_dir().join("wasm")
}

/// Cargo, building for this machine.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root()).env("CARGO_TARGET_DIR", target_dir()).env_remove("CARGO_BUILD_TARGET");
    cargo
}

/// The version of a package in `Cargo.lock`.
pub(crate) fn locked_version(package: &str) -> anyhow::Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cannot read Cargo.lock")?;
    version_in(&lock, package).with_context(|| format!("Cargo.lock does not name {package}."))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LOCK: &str = "\
[[package]]
name = \"wasm-bindgen-futures\"
version = \"0.4.80\"
dependencies = [
 \"wasm-bindgen\",
]

[[package]]
name = \"wasm-bindgen\"
version = \"0.2.130\"
";

    #[test]
    fn the_locked_version_is_that_of_the_package_and_of_no_other() {
        assert_eq!(version_in(LOCK, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(LOCK, "wasm-bindgen-futures").as_deref(), Some("0.4.80"));
        assert_eq!(version_in(LOCK, "wasm"), None);
    }

    #[test]
    fn this_repository_locks_what_the_tools_are_chosen_by() {
        assert!(locked_version("wasm-bindgen").unwrap().starts_with("0.2."));
    }
}

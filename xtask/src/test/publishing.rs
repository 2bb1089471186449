//! What somebody gets who depends on a crate of this repository: documentation without a warning, and a package that is whole.

use super::{BROWSER_ONLY, Options, Tally, browser};
use crate::{process, stop::Stop, tools, workspace};

/// What is published, each after those it depends on.
const PUBLISHED: [&str; 9] = [
    "evergrant-core",
    "evergrant-server",
    "evergrant-native",
    "evergrant-browser",
    "evergrant-leptos",
    "evergrant-silent",
    "evergrant-issuer",
    "evergrant-api",
    "evergrant-webapp",
];

/// Writes the documentation of every crate but the examples, for the machine it runs on.
pub(super) fn documentation(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    if options.is_filtered() {
        return Ok(Tally::default());
    }
    tools::wasm_target(stop)?;
    let mut native = workspace::cargo();
    native.args(["doc", "--quiet", "--no-deps", "--workspace"]);
    let mut for_browsers = workspace::cargo();
    for_browsers.args(["doc", "--quiet", "--no-deps", "--target", "wasm32-unknown-unknown"]);
    for_browsers.env("CARGO_TARGET_DIR", workspace::wasm_target_dir());
    for package in BROWSER_ONLY {
        native.args(["--exclude", package]);
    }
    for package in browser::PACKAGES {
        for_browsers.args(["--package", package]);
    }
    let mut tally = Tally::default();
    for mut cargo in [native, for_browsers] {
        tally += Tally::of(process::run(cargo.env("RUSTDOCFLAGS", "-Dwarnings"), stop)?.success());
    }
    Ok(tally)
}

/// Puts the packages together as `cargo publish` does, and uploads nothing.
pub(super) fn packages(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    if options.is_filtered() {
        return Ok(Tally::default());
    }
    let mut cargo = workspace::cargo();
    // Not built once more: only what is not in a package could fail there, and the native tests build the rest.
    cargo.args(["package", "--quiet", "--no-verify", "--allow-dirty"]);
    for package in PUBLISHED {
        cargo.args(["--package", package]);
    }
    Ok(Tally::of(process::run(&mut cargo, stop)?.success()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn every_crate_is_either_published_or_says_that_it_is_not() {
        let root = workspace::root();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let members = manifest.lines().find(|line| line.starts_with("members = [")).unwrap();
        let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
        assert!(members.len() > PUBLISHED.len());
        for member in members {
            let manifest = fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap();
            let published = PUBLISHED.iter().any(|name| manifest.contains(&format!("name = \"{name}\"")));
            assert_ne!(published, manifest.contains("publish = false"), "{member}");
            let described = ["description = ", "keywords = ", "categories = ", "include = ", "readme.workspace"];
            assert!(!published || described.iter().all(|key| manifest.contains(key)), "{member}");
        }
    }
}

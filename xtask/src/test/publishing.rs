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
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    #[test]
    fn every_crate_is_either_published_or_says_that_it_is_not() {
        let members = members();
        assert!(members.len() > PUBLISHED.len());
        for (directory, manifest) in members {
            let described = ["description = ", "documentation = ", "keywords = ", "categories = ", "include = "];
            let published = is_published(&manifest);
            assert_ne!(published, manifest.contains("publish = false"), "{}", directory.display());
            assert!(!published || described.iter().all(|key| manifest.contains(key)), "{}", directory.display());
        }
    }

    #[test]
    fn the_page_of_a_package_has_no_link_to_what_is_not_beside_it() {
        for (directory, _) in members().into_iter().filter(|(_, manifest)| is_published(manifest)) {
            let page = fs::read_to_string(directory.join("README.md")).unwrap();
            let links: Vec<&str> = page.split("](").skip(1).collect();
            assert!(links.iter().all(|link| link.starts_with("https://")), "{}: {links:?}", directory.display());
        }
    }

    #[test]
    fn what_the_compiler_reads_beside_the_code_is_packed() {
        for (directory, manifest) in members().into_iter().filter(|(_, manifest)| is_published(manifest)) {
            let packed = manifest.lines().find_map(|line| line.strip_prefix("include = ")).unwrap();
            let packed = packed.split('"').skip(1).step_by(2).map(|path| directory.join(&path[1..]));
            // Packed unasked.
            let packed: Vec<PathBuf> = packed.chain([directory.join("README.md")]).collect();
            for file in files_read_by(&directory.join("src")) {
                assert!(packed.iter().any(|path| file.starts_with(path)), "{} is not packed", file.display());
            }
        }
    }

    /// The directory of each crate of the workspace, and its manifest.
    fn members() -> Vec<(PathBuf, String)> {
        let root = workspace::root().canonicalize().unwrap();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let members = manifest.lines().find(|line| line.starts_with("members = [")).unwrap();
        let directories = members.split('"').skip(1).step_by(2).map(|member| root.join(member));
        directories.map(|it| (it.clone(), fs::read_to_string(it.join("Cargo.toml")).unwrap())).collect()
    }

    fn is_published(manifest: &str) -> bool {
        PUBLISHED.iter().any(|name| manifest.contains(&format!("name = \"{name}\"")))
    }

    fn files_read_by(directory: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                files.extend(files_read_by(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path).unwrap();
                let named = code.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
                files.extend(named.map(|name| directory.join(name).canonicalize().unwrap()));
            }
        }
        files
    }
}

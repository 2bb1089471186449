//! ARCHITECTURE.md says of every direct dependency why it is there, and of none that is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Ours are no dependencies.
const OURS: &str = "evergrant-";

#[test]
fn every_direct_dependency_is_justified_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, section) = page.split_once("\n## What it depends on\n").expect("the section has another name");
    let rows = section.lines().filter(|line| line.starts_with("| "));
    // The second column; the third may name crates that were not taken.
    let justified: BTreeSet<&str> =
        rows.flat_map(|row| row.split('|').nth(2).unwrap_or_default().split('`').skip(1).step_by(2)).collect();

    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = [")).unwrap();
    let members = members.split('"').skip(1).step_by(2).chain([""]);
    let manifests: Vec<String> =
        members.map(|member| fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap()).collect();
    let used: BTreeSet<&str> = manifests.iter().flat_map(|manifest| dependencies(manifest)).collect();
    assert!(used.contains("serde") && used.contains("web-sys") && used.contains("libfuzzer-sys"), "{used:?}");

    let missing: Vec<_> = used.difference(&justified).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not say what these are for: {missing:?}");
    let gone: Vec<_> = justified.difference(&used).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what nothing depends on: {gone:?}");
}

/// In an app that a server renders, effects ran on the server, and the session with them.
#[test]
fn the_crate_for_leptos_chose_rendering_in_the_browser_for_every_app() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "evergrant-leptos", "--edges", "normal,features", "--prefix", "none"])
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let chosen: BTreeSet<&str> = tree.lines().filter_map(|line| line.strip_prefix("leptos feature ")).collect();
    assert_eq!(chosen, BTreeSet::from(["\"default\""]));
}

/// The names in every table of dependencies of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut listing = false;
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            listing = table.ends_with("dependencies") && !table.starts_with("workspace");
            // `[dependencies.web-sys]`
            names.extend(table.split_once("dependencies.").map(|(_, name)| name));
        } else if listing && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            names.extend(line.split(['.', ' ', '=']).next());
        }
    }
    names.retain(|name| !name.starts_with(OURS));
    names
}

#[test]
fn every_kind_of_table_is_read() {
    let manifest = "[workspace.dependencies]\nno = \"1\"\n[dependencies]\n# why\na.workspace = true\nevergrant-core = \"1\"\n\
                    [dependencies.b]\nfeatures = []\n[target.'cfg(unix)'.dev-dependencies]\nc-d = \"1\"\n[lints]\ne = true\n";
    assert_eq!(dependencies(manifest), BTreeSet::from(["a", "b", "c-d"]));
}

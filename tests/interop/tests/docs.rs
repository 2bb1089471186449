//! What the guides say about others and about us: settings that can be read, and names that exist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use evergrant_core::config::Config;
use evergrant_interop::peer::prepared;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn the_configuration_for_each_issuer_is_one() {
    let page = read("examples/own-issuer.md");
    let blocks: Vec<&str> = page.split("```json").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        if let Err(error) = Config::parse(block, "https://app.example.com") {
            panic!("{error}: {block}");
        }
    }
}

/// The names in a column of the tables below a heading: words in code, without their arguments.
fn names(guide: &str, heading: &str, column: usize) -> Vec<String> {
    let section = guide.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split(" | ").nth(column).unwrap());
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let word = |code: &str| {
        let end = code.find(|c: char| !c.is_alphanumeric() && !"_.".contains(c)).unwrap_or(code.len());
        code[..end].rsplit('.').next().unwrap().to_owned()
    };
    code.map(word).filter(|word| !word.is_empty()).collect()
}

#[test]
fn oidc_client_ts_has_what_the_guide_replaces() {
    let types =
        prepared("EVERGRANT_PEERS_DIR").unwrap().join("node_modules/oidc-client-ts/dist/types/oidc-client-ts.d.ts");
    let types = fs::read_to_string(types).unwrap();
    let names = names(&read("docs/migrating.md"), "## From oidc-client-ts", 0);
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let used = [format!("{name}("), format!("{name}?:"), format!("{name}:"), format!(" {name} ")];
        assert!(used.iter().any(|form| types.contains(form)), "there is no {name}");
    }
}

#[test]
fn the_session_has_what_the_guide_names() {
    let handle = read("crates/leptos/src/handle.rs");
    let guide = read("docs/migrating.md");
    let mut calls: Vec<&str> =
        guide.split("`session.").skip(1).map(|rest| rest.split(['(', '`']).next().unwrap()).collect();
    calls.sort_unstable();
    calls.dedup();
    assert!(calls.len() > 10, "{calls:?}");
    for call in calls {
        assert!(
            handle.contains(&format!("pub fn {call}(")) || handle.contains(&format!("pub async fn {call}(")),
            "{call}"
        );
    }
}

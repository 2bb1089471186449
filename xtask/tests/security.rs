//! Every test that SECURITY.md names is there, and is a test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

/// What a test is marked with, natively and in a browser.
const MARKS: [&str; 3] = ["#[test]", "#[tokio::test", "#[wasm_bindgen_test"];

#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named: Vec<(&str, &str)> = page.lines().filter_map(named_test).collect();
    assert!(named.len() > 50, "only {} tests were found in SECURITY.md", named.len());
    for (file, name) in named {
        let source = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(is_test(&source, name), "{file} has no test {name}");
    }
}

/// ``- `file.rs::name` ``, taken apart.
fn named_test(line: &str) -> Option<(&str, &str)> {
    let both = line.strip_prefix("- `")?.strip_suffix('`')?;
    both.split_once("::")
}

/// Whether there is a function of this name with a mark right above it: attributes may stand between, other code not; and
/// it is run.
fn is_test(source: &str, name: &str) -> bool {
    let mut marked = false;
    for line in source.lines().map(str::trim_start) {
        if MARKS.iter().any(|mark| line.starts_with(mark)) {
            marked = true;
        } else if line.starts_with("#[ignore") {
            marked = false;
        } else if marked && !line.starts_with("#[") && !line.starts_with("//") {
            let head = line.trim_start_matches("async ");
            if head
                .strip_prefix("fn ")
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with('('))
            {
                return true;
            }
            marked = false;
        }
    }
    false
}

#[test]
fn a_function_without_a_mark_or_of_another_name_is_no_test() {
    let source = "#[test]\n#[cfg(unix)]\nfn one() {}\nfn two() {}\n    #[tokio::test]\n    async fn three() {}\n\
                  #[test]\n#[ignore]\nfn four() {}\n";
    assert!(is_test(source, "one") && is_test(source, "three"));
    assert!(!is_test(source, "two") && !is_test(source, "on") && !is_test(source, "thr"));
    assert!(!is_test(source, "four"), "it is not run");
}

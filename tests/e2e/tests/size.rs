//! What a visitor loads: its page, script, style and code, as a server sends them, which is as the compressed copies beside
//! them; until the app is there, and after it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use evergrant_e2e::{artefacts, compressed_copy};

/// What the app may weigh until it is there, in bytes: less than React with the libraries that people sign in with there.
const BUDGET: usize = 100_000;

/// What it may weigh with what follows. Never raise this for a feature without looking for what else can go; lower it whenever
/// the app has become smaller. It weighed 214.5 KB when this was set; the little that is left is for builds that come out
/// different elsewhere.
const ALL: usize = 214_700;

const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

#[test]
fn the_app_on_the_wire_is_no_larger_than_it_was() -> anyhow::Result<()> {
    let app = artefacts::app_dir()?;
    let start = KINDS.map(|kind| (kind, weight(&files(&app, kind, |name| !name.contains(REST)))));
    for (kind, size) in start {
        assert_ne!(size, 0, "there is no {kind} in {}", app.display());
        println!("{kind:>6} {:>9.1} KB", kilobytes(size));
    }
    let start: usize = start.iter().map(|(_, size)| size).sum();
    println!(" start {:>9.1} KB; the budget is {:.1} KB", kilobytes(start), kilobytes(BUDGET));
    let rest = weight(&files(&app, "wasm", |name| name.contains(REST)));
    assert_ne!(rest, 0, "nothing follows the start");
    println!("  rest {:>9.1} KB, while the person looks at it", kilobytes(rest));
    assert!(start <= BUDGET, "the start of the app has grown to {:.1} KB: see `cargo xtask profile`", kilobytes(start));
    assert!(start + rest <= ALL, "the app has grown to {:.1} KB", kilobytes(start + rest));
    Ok(())
}

/// What the name of the code has in it that the app loads once it is there.
const REST: &str = "-rest-";

/// The files of a kind in `app` itself: what lies deeper belongs to no page of it.
fn files(app: &Path, kind: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let files = fs::read_dir(app).unwrap().map(|entry| entry.unwrap().path());
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        path.extension().is_some_and(|extension| extension == kind) && wanted(name)
    };
    files.filter(is_wanted).collect()
}

fn weight(files: &[PathBuf]) -> usize {
    files.iter().map(|file| travels_as(file)).sum()
}

/// The size of the copy that a server sends.
fn travels_as(file: &Path) -> usize {
    let copy = compressed_copy(file, "br");
    let metadata = fs::metadata(&copy);
    metadata.unwrap_or_else(|error| panic!("{}: {error}", copy.display())).len().try_into().unwrap()
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

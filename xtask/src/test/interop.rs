//! The tests with providers and clients by others, and the examples, driven through Chromium.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Options, Tally, counted};
use crate::{
    artifacts, journeys,
    stop::Stop,
    tools::{self, Node, Tools},
    workspace,
};

/// The examples that are apps: what they are called here, their directories, and with which features they are built.
const EXAMPLES: [(&str, &str, &[&str]); 3] =
    [("minimal", "minimal", &[]), ("minimal-dpop", "minimal", &["dpop"]), ("router", "router", &[])];

/// Builds and installs what the tests start, and runs them.
pub(super) fn run(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let node = Node::ensure(stop)?;
    let peers = put_peers(stop)?;
    let mut cargo = journeys::cargo(stop)?;
    println!("Building the examples ...");
    let tools = Tools::for_building(stop)?;
    let examples = workspace::root().join("target").join("interop").join("examples");
    for (name, directory, features) in EXAMPLES {
        artifacts::build_example(directory, features, &examples.join(name), &tools, stop)?;
    }
    cargo.args(["test", "--no-fail-fast", "--package", "evergrant-interop"]);
    cargo.env("EVERGRANT_NODE", node.program).env("EVERGRANT_PEERS_DIR", peers).env("EVERGRANT_EXAMPLES_DIR", examples);
    // One browser at a time: a small machine that runs several misses their deadlines.
    cargo.env("RUST_TEST_THREADS", "1");
    counted(options, &mut cargo, stop)
}

/// Node looks for packages beside a script; they are in the cache, so that is where a link beside the scripts leads.
fn put_peers(stop: &Stop) -> anyhow::Result<PathBuf> {
    let packages = tools::interop_peers(stop)?;
    let from = workspace::root().join("tests").join("interop").join("peers");
    let to = workspace::root().join("target").join("interop").join("peers");
    fs::create_dir_all(&to).with_context(|| format!("Cannot create {}", to.display()))?;
    for entry in fs::read_dir(&from).with_context(|| format!("Cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    link(&packages, &to.join("node_modules")).context("Cannot link the packages of npm")?;
    Ok(to)
}

#[cfg(unix)]
fn link(packages: &Path, here: &Path) -> io::Result<()> {
    match fs::remove_file(here) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::os::unix::fs::symlink(packages, here),
    }
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    // The end-to-end tests hold servers still, which takes a Unix as well.
    Err(io::ErrorKind::Unsupported.into())
}

//! `cargo xtask bench`: builds what is measured, puts the peers in place, and lets `evergrant-bench` do the rest.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::Context;
use lexopt::{Parser, ValueExt};

use crate::{process, stop::Stop, tools::Node, workspace};

/// What is copied to where the peers' packages are installed: Node looks for packages beside a script.
const PEERS: [&str; 6] =
    [".npmrc", "package.json", "package-lock.json", "oidc_provider.js", "oauth2_server.js", "jose.js"];

/// What to measure, and the flags for it, which `evergrant-bench` reads.
#[derive(Debug)]
pub(crate) struct Options {
    subject: String,
    flags: Vec<OsString>,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> anyhow::Result<Self> {
        let subject = arguments.value().context("Say what to measure: cargo xtask bench issuer, or api")?.string()?;
        Ok(Self { subject, flags: arguments.raw_args()?.collect() })
    }

    fn with_peers(&self) -> bool {
        !self.flags.iter().any(|flag| flag == "--quick")
    }
}

/// Builds, measures, and writes the results into `target/bench`. Fails when a budget is missed.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    let directory = workspace::root().join("target").join("bench");
    fs::create_dir_all(&directory).with_context(|| format!("Cannot create {}", directory.display()))?;
    println!("Building what is measured (about 3 minutes the first time) ...");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--package", "evergrant-issuer", "--package", "evergrant-bench"]);
    process::run_to_success(&mut cargo, stop)?;

    let mut bench = Command::new(built("evergrant-bench"));
    bench.arg(&options.subject).arg("--directory").arg(&directory);
    if options.subject == "issuer" {
        bench.arg("--program").arg(built("evergrant-issuer"));
    }
    if options.with_peers() {
        let node = Node::ensure(stop)?;
        put_peers(&directory, &node, stop)?;
        bench.arg("--node").arg(node.program);
    }
    let status = process::run(bench.args(&options.flags), stop)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn built(binary: &str) -> PathBuf {
    workspace::target_dir().join("release").join(binary)
}

/// Installs the peers' packages where they are not, or are others.
fn put_peers(directory: &Path, node: &Node, stop: &Stop) -> anyhow::Result<()> {
    let from = workspace::root().join("bench").join("peers");
    let read = |file: &Path| fs::read(file).unwrap_or_default();
    let lock = "package-lock.json";
    // npm writes the first of these last.
    let finished = directory.join("node_modules").join(".package-lock.json").is_file();
    let installed = finished && read(&from.join(lock)) == read(&directory.join(lock));
    for name in PEERS {
        fs::copy(from.join(name), directory.join(name)).with_context(|| format!("Cannot copy {name}"))?;
    }
    if installed { Ok(()) } else { node.install_locked(directory, stop) }
}

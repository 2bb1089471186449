//! `cargo xtask bench`: builds what is measured, puts the peers in place, and lets `evergrant-bench` do the rest.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};
use lexopt::Parser;

use crate::{
    artifacts::{self, Profile, Servers},
    process,
    stop::Stop,
    tools::{self, Compiler, Node, Tools},
    workspace,
};

/// Everything, in the order in which it is measured: the browser first, while the machine has done nothing else.
const PARTS: [&str; 7] = ["size", "app", "renewal", "memory", "tabs", "api", "issuer"];

/// Those that need the app, the servers and a browser.
const IN_THE_BROWSER: [&str; 5] = ["size", "app", "renewal", "memory", "tabs"];

/// Those that open other pages too, of which a quick run keeps the one by hand.
const BESIDE_A_PAGE: [&str; 2] = ["app", "renewal"];

/// What to measure.
#[derive(Debug)]
pub(crate) struct Options {
    /// One part; everything if there is none. `readme` measures nothing, and writes what was measured into the README.
    subject: Option<String>,
    /// What `evergrant-bench` reads.
    flags: Vec<OsString>,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> anyhow::Result<Self> {
        let mut flags: Vec<OsString> = arguments.raw_args()?.collect();
        let subject = flags.first().and_then(|first| first.to_str()).filter(|first| !first.starts_with('-'));
        let subject = subject.map(str::to_owned);
        if let Some(subject) = &subject {
            flags.remove(0);
            if subject != "readme" && !PARTS.contains(&&**subject) {
                bail!("There is no `{subject}` to be measured, but there are: {}.", PARTS.join(", "));
            }
        } else if flags.iter().any(|flag| flag != "--quick") {
            bail!("Only one part at a time can be told more than --quick: cargo xtask bench PART …");
        }
        Ok(Self { subject, flags })
    }

    fn parts(&self) -> Vec<&str> {
        match self.subject.as_deref() {
            None => PARTS.into(),
            Some("readme") => Vec::new(),
            Some(part) => vec![part],
        }
    }

    fn with_peers(&self) -> bool {
        !self.flags.iter().any(|flag| flag == "--quick")
    }

    /// The page by hand, which a quick run opens as well, is bundled by what is installed with the peers.
    fn needs_peers(&self) -> bool {
        let parts = self.parts();
        if self.with_peers() { !parts.is_empty() } else { parts.iter().any(|part| BESIDE_A_PAGE.contains(part)) }
    }
}

/// Builds, measures, and writes the results into `target/bench`. Fails when a budget is missed, after everything was measured.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    let directory = workspace::root().join("target").join("bench");
    fs::create_dir_all(&directory).with_context(|| format!("Cannot create {}", directory.display()))?;
    let bench = Bench::build(options, directory, stop)?;
    let mut succeeded = true;
    for part in options.parts() {
        succeeded &= bench.measure(part, &options.flags, stop)?;
        if stop.requested() {
            return Ok(ExitCode::FAILURE);
        }
    }
    if options.parts().len() != 1 && options.with_peers() {
        succeeded &= bench.sum_up(options, stop)?;
    }
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is measured, and with what.
struct Bench {
    directory: PathBuf,
    node: Option<PathBuf>,
    /// For the parts in the browser: where everything is, as the end-to-end tests want to be told.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Bench {
    fn build(options: &Options, directory: PathBuf, stop: &Stop) -> anyhow::Result<Self> {
        let parts = options.parts();
        println!("Building what is measured (about 5 minutes the first time) ...");
        process::run_to_success(&mut Profile::Release.build(&["evergrant-bench"]), stop)?;
        if parts.contains(&"issuer") {
            process::run_to_success(&mut Profile::ServerRelease.build(&["evergrant-issuer"]), stop)?;
        }
        let mut bench = Self { directory, node: None, environment: Vec::new() };
        if parts.iter().any(|part| IN_THE_BROWSER.contains(part)) {
            bench.environment = environment(stop)?;
        }
        if options.needs_peers() {
            let node = Node::ensure(stop)?;
            put_peers(&bench.directory, &node, stop)?;
            bench.node = Some(node.program);
        }
        Ok(bench)
    }

    /// Whether the part was measured and its budgets were kept.
    fn measure(&self, part: &str, flags: &[OsString], stop: &Stop) -> anyhow::Result<bool> {
        let mut bench = Command::new(Profile::Release.program("evergrant-bench"));
        bench.arg(part).arg("--directory").arg(&self.directory).envs(self.environment.iter().cloned());
        if part == "issuer" {
            bench.arg("--program").arg(Profile::ServerRelease.program("evergrant-issuer"));
        }
        if let Some(node) = &self.node {
            bench.arg("--node").arg(node);
        }
        Ok(process::run(bench.args(flags), stop)?.success())
    }

    /// Whether all parts were there to be summed up.
    fn sum_up(&self, options: &Options, stop: &Stop) -> anyhow::Result<bool> {
        let mut bench = Command::new(Profile::Release.program("evergrant-bench"));
        bench.arg("summary").arg("--directory").arg(&self.directory);
        if options.subject.as_deref() == Some("readme") {
            bench.arg("--readme").arg(workspace::root().join("README.md"));
        }
        Ok(process::run(&mut bench, stop)?.success())
    }
}

fn environment(stop: &Stop) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let tools = Tools::for_building(stop)?;
    let chromium = tools::chromium(stop)?;
    let servers = Servers::build(Profile::Release, stop)?;
    let app = artifacts::app_for_tests();
    artifacts::build_finished_app(&app, Compiler::Stable, &tools, stop)?;
    Ok(artifacts::environment(app, servers, chromium))
}

/// Installs the peers' packages where they are not, or are others, and copies their scripts to them: Node looks for packages
/// beside a script.
fn put_peers(directory: &Path, node: &Node, stop: &Stop) -> anyhow::Result<()> {
    let from = workspace::root().join("bench").join("peers");
    let read = |file: &Path| fs::read(file).unwrap_or_default();
    let lock = "package-lock.json";
    // npm writes the first of these last.
    let finished = directory.join("node_modules").join(".package-lock.json").is_file();
    let installed = finished && read(&from.join(lock)) == read(&directory.join(lock));
    copy_files(&from, directory)?;
    copy_files(&from.join("apps"), &directory.join("apps"))?;
    if installed { Ok(()) } else { node.npm.install_locked("the peers", directory, stop) }
}

/// Copies the files in a directory itself.
fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("Cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("Cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let target = to.join(entry.file_name());
            fs::copy(entry.path(), &target).with_context(|| format!("Cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

//! `cargo xtask dist`: what is put on a server, in `target/dist`: the app, the servers, and settings for other hosts.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::Context;
use lexopt::{Arg::Long, Parser};

use crate::{
    artifacts::{self, Profile, Servers},
    process,
    stop::Stop,
    tools::{Compiler, Tools},
    workspace,
};

/// Where the app of the configuration in this repository is.
const DEMO_ORIGIN: &str = "http://localhost:8080";

/// What the person asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    smallest: bool,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("smallest") => options.smallest = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Builds everything anew.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    let compiler = if options.smallest { Compiler::nightly()? } else { Compiler::Stable };
    let tools = Tools::for_building(stop)?;
    let dist = workspace::root().join("target").join("dist");
    fs::remove_dir_all(&dist).ok();
    let [app, programs, hosting] = ["app", "bin", "hosting"].map(|name| dist.join(name));
    fs::create_dir_all(&programs).with_context(|| format!("Cannot create {}", programs.display()))?;

    println!("Building the servers (about 8 minutes the first time) ...");
    let servers = Servers::build(Profile::ServerRelease, stop)?;
    for server in servers.all() {
        copy_into(&programs, server)?;
    }
    println!("Building the app (about 2 minutes the first time) ...");
    artifacts::build_finished_app(&app, compiler, &tools, stop)?;
    let mut silent = Command::new(&servers.silent);
    silent.args(["--app-origin", DEMO_ORIGIN]).arg("--app-dir").arg(&app).arg("--export").arg(&hosting);
    process::run_to_success(&mut silent, stop)?;
    println!("Ready: {}. docs/deploying.md says what goes where.", dist.display());
    Ok(ExitCode::SUCCESS)
}

fn copy_into(directory: &Path, program: &Path) -> anyhow::Result<()> {
    let name = program.file_name().context("a program has no name")?;
    fs::copy(program, directory.join(name)).with_context(|| format!("Cannot copy {}", program.display()))?;
    Ok(())
}

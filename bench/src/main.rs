//! What Evergrant costs, measured beside its peers: `cargo xtask bench`.

mod api;
mod budget;
mod chart;
mod cpus;
mod issuer;
mod machine;
mod median;
mod options;
mod section;
mod usage;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Runtime;

use cpus::Cpus;
use machine::Machine;
use options::{Common, Options, Subject};
use section::Section;

fn main() -> ExitCode {
    match run(&Options::parse().subject) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(subject: &Subject) -> anyhow::Result<ExitCode> {
    let common = subject.common();
    let section = measure(subject, Machine::look(&common.node))?;
    section.write(&common.directory)?;
    println!("\n{}", section.to_markdown());
    Ok(if common.quick || section.is_within_budget() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(subject: &Subject, machine: Machine) -> anyhow::Result<Section> {
    match subject {
        Subject::Issuer(options) => {
            // Before any other thread begins: they inherit it.
            let cpus = Cpus::share_out()?;
            Runtime::new()?.block_on(issuer::measure(options, &cpus, machine))
        }
        Subject::Api(options) => api::measure(options, &Cpus::share_out()?, machine),
    }
}

impl Subject {
    fn common(&self) -> &Common {
        match self {
            Self::Issuer(options) => &options.common,
            Self::Api(options) => &options.common,
        }
    }
}

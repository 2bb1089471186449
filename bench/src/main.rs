//! What Evergrant costs, measured beside its peers: `cargo xtask bench`.

mod api;
mod browser;
mod budget;
mod chart;
mod cpus;
mod issuer;
mod machine;
mod median;
mod options;
mod plot;
mod section;
mod summary;
mod usage;

use std::fs;
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
    match subject {
        Subject::Issuer(options) => report(&options.common, |machine| {
            // Before any other thread begins: they inherit it.
            let cpus = Cpus::share_out()?;
            Runtime::new()?.block_on(issuer::measure(options, &cpus, machine))
        }),
        Subject::Api(options) => report(&options.common, |machine| api::measure(options, &Cpus::share_out()?, machine)),
        Subject::Size(options) => report(&options.common, |machine| browser::size::measure(options, machine)),
        Subject::App(options) => {
            report(&options.common, |machine| Runtime::new()?.block_on(browser::start::measure(options, machine)))
        }
        Subject::Renewal(options) => {
            report(&options.common, |machine| Runtime::new()?.block_on(browser::renewal::measure(options, machine)))
        }
        Subject::Memory(options) => {
            report(&options.common, |machine| Runtime::new()?.block_on(browser::memory::measure(options, machine)))
        }
        Subject::Tabs(options) => {
            report(&options.common, |machine| Runtime::new()?.block_on(browser::tabs::measure(options, machine)))
        }
        Subject::Summary(options) => summary::write(options).map(|()| ExitCode::SUCCESS),
    }
}

/// Measures, tells what came of it, and fails when a budget is missed. A quick run judges nothing, and leaves alone what a real
/// one found out.
fn report(common: &Common, measure: impl FnOnce(Machine) -> anyhow::Result<Section>) -> anyhow::Result<ExitCode> {
    let section = measure(Machine::look(&common.node))?;
    let directory = if common.quick { common.directory.join("quick") } else { common.directory.clone() };
    fs::create_dir_all(&directory)?;
    section.write(&directory)?;
    println!("\n{}", section.to_markdown());
    Ok(if common.quick || section.is_within_budget() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

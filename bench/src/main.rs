//! What Evergrant costs, measured beside its peers: `cargo xtask bench`.

mod budget;
mod cpus;
mod evergrant;
mod exchange;
mod families;
mod http;
mod issuer;
mod load;
mod machine;
mod median;
mod options;
mod peers;
mod report;
mod scenario;
mod server;
mod start_up;
mod usage;

use std::process::ExitCode;

use clap::Parser as _;

use cpus::Cpus;
use options::{Options, Subject};

fn main() -> ExitCode {
    let Options { subject: Subject::Issuer(options) } = Options::parse();
    match measure(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &options::IssuerOptions) -> anyhow::Result<ExitCode> {
    // Before any other thread begins: they inherit it.
    let cpus = Cpus::share_out()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(issuer::measure(options, &cpus))?;
    report.write(&options.directory)?;
    println!("\n{}", report.to_markdown());
    Ok(if options.quick || report.is_within_budget() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

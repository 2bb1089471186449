//! The issuer's command: see `evergrant-issuer --help`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use evergrant_issuer::options::Options;
use evergrant_issuer::server;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    server::run(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("evergrant-issuer: {error:#}");
        ExitCode::FAILURE
    })
}

//! The issuer's command: see `evergrant-issuer --help`.

use std::process::ExitCode;

use clap::Parser as _;
use evergrant_issuer::options::Options;
use evergrant_issuer::server;
use mimalloc::MiMalloc;

/// Quicker than the system's where many small things are allocated for each answer, and it gives back the large blocks
/// that password hashes take.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    evergrant_server::log_to_standard_error();
    server::run(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("evergrant-issuer: {error:#}");
        ExitCode::FAILURE
    })
}

//! The binary: reads the options, starts the server, and turns a failure into one sentence.

use std::process::ExitCode;

use clap::Parser;
use evergrant_server::log_to_standard_error;
use evergrant_silent::{Options, run};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    log_to_standard_error();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

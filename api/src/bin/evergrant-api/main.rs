//! The expenses API of the demo: see `evergrant-api --help`.

mod config;
mod expenses;
mod options;
mod routes;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use evergrant_api::Verifier;
use evergrant_server::{Server, log_to_standard_error};

use self::config::Config;
use self::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    log_to_standard_error();
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evergrant-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    let mut config = Config::read(&options.config)?;
    options.apply(&mut config);
    let server = Server::bind(&options.listen).await?.with_max_connections(options.max_connections);
    let verifier = Arc::new(Verifier::follow(config.settings())?);
    let router = routes::router(&config.app_origins, config.expenses(), verifier);
    Ok(server.announce_and_run("evergrant-api", router, options.exit_on_stdin_close).await?)
}

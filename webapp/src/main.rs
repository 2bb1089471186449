//! The web app's command: see `evergrant-webapp --help`.

mod options;

use std::process::ExitCode;

use clap::Parser as _;
use evergrant_server::{Server, log_to_standard_error};
use evergrant_webapp::{Config, WebApp, router};

use self::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    log_to_standard_error();
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evergrant-webapp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    let mut config = Config::read(&options.config)?;
    options.apply(&mut config);
    let server = Server::bind(&options.listen).await?.with_max_connections(options.max_connections);
    if options.listen.is_any_port() {
        config.public_url = server.url().parse()?;
    }
    let router = router(WebApp::new(config)?);
    Ok(server.announce_and_run("evergrant-webapp", router, options.exit_on_stdin_close).await?)
}

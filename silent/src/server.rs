//! The running server: its routes at its port.

use std::{future::Future, io};

use axum::Router;
use evergrant_server::ListenError;

use crate::{AppDirError, ExportError, Options, hosting, router};

/// A server whose port is taken and whose routes are ready.
#[derive(Debug)]
pub struct Server {
    server: evergrant_server::Server,
    router: Router,
}

/// Why a server did not start; each is one sentence for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The directory of the app cannot be served.
    #[error(transparent)]
    AppDir(#[from] AppDirError),
    /// What other web servers need cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Standard output is closed, or signals cannot be listened to.
    #[error("Cannot start: {0}.")]
    Io(#[from] io::Error),
}

/// Starts a server, says so in one line on standard output, and serves until Ctrl-C, SIGTERM or,
/// where that was asked for, the end of standard input. With [`Options::export`] it serves nothing, and writes files.
///
/// # Errors
/// When the server cannot start; once it runs it does not fail.
pub async fn run(options: Options) -> Result<(), StartError> {
    if let Some(directory) = &options.export {
        return Ok(hosting::export(directory, &options).await?);
    }
    let Server { server, router } = Server::start(&options).await?;
    Ok(server.announce_and_run("evergrant-silent", router, options.exit_on_stdin_close).await?)
}

impl Server {
    /// Checks the app directory and takes the port. Connections queue up until [`Server::run_until`].
    ///
    /// # Errors
    /// When the port is taken or the app directory holds no app.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let router = router::router(options)?;
        let server =
            evergrant_server::Server::bind(&options.listen).await?.with_max_connections(options.max_connections);
        Ok(Self { server, router })
    }

    /// The port that was taken.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The origin this server answers at, for example `http://localhost:3001`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Serves until `stop` completes, then lets answers under way finish.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        self.server.run_until(self.router, stop).await;
    }
}

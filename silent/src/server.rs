//! The running server: bound first, announced when it can answer, stopped gracefully.

use std::{
    future::Future,
    io::{self, Write},
    time::Duration,
};

use axum::Router;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{AppDirError, ListenError, Options, router, shutdown};

/// How long answers under way may take once a stop is asked for. Every answer here is a small
/// file, so only an idle connection can take longer.
const GRACE: Duration = Duration::from_secs(2);

/// A server whose port is taken and whose routes are ready.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    router: Router,
    host: String,
    port: u16,
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
    /// Standard output is closed, signals cannot be listened to, or the bound port cannot be read back.
    #[error("Cannot start: {0}.")]
    Io(#[from] io::Error),
}

/// Starts a server, says so in one line on standard output, and serves until Ctrl-C, SIGTERM or,
/// where that was asked for, the end of standard input.
///
/// # Errors
/// When the server cannot start; once it runs it does not fail.
pub async fn run(options: Options) -> Result<(), StartError> {
    let server = Server::start(&options).await?;
    let stop = shutdown::listen(options.exit_on_stdin_close)?;
    let mut stdout = io::stdout();
    writeln!(stdout, "evergrant-silent is listening on {}", server.url())?;
    stdout.flush()?;
    server.run_until(stop).await;
    Ok(())
}

impl Server {
    /// Checks the app directory and takes the port. Connections queue up until [`Server::run_until`].
    ///
    /// # Errors
    /// When the port is taken or the app directory holds no app.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let router = router::router(options)?;
        let listeners = options.listen.bind().await?;
        let mut port = 0;
        for listener in &listeners {
            port = listener.local_addr()?.port();
        }
        Ok(Self { listeners, router, host: options.listen.host().to_owned(), port })
    }

    /// The port that was taken.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The origin this server answers at, for example `http://localhost:3001`.
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Serves until `stop` completes, then lets answers under way finish.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let (stopping, _) = watch::channel(false);
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let mut stopped = stopping.subscribe();
            let wait = async move {
                stopped.wait_for(|stopped| *stopped).await.ok();
            };
            let serve = axum::serve(listener, self.router.clone()).with_graceful_shutdown(wait);
            serving.spawn(async move { serve.await });
        }
        stop.await;
        stopping.send_replace(true);
        timeout(GRACE, serving.join_all()).await.ok();
    }
}

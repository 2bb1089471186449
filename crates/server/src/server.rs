//! The running server: bound first, announced when it can answer, stopped gracefully.

use std::future::Future;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connections::{self, Bounds};
use crate::places::Places;
use crate::{ListenAddress, ListenError, shutdown};

/// How long answers under way may take once a stop is asked for. Connections that stay open beyond it are cut.
const GRACE: Duration = Duration::from_secs(5);

/// How many connections are open at once unless told otherwise: fewer than the 1024 files that a process may have open on most
/// systems.
pub const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(900).unwrap();

/// A server whose port is taken. Connections queue up until it runs.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    host: String,
    port: u16,
    max_connections: NonZeroU32,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// When it is taken, or the host is none of this machine's.
    pub async fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        let listeners = address.bind().await?;
        let bound = listeners.first().map(TcpListener::local_addr);
        let port = match bound {
            Some(Ok(bound)) => bound.port(),
            Some(Err(source)) => return Err(ListenError::Refused { address: address.clone(), source }),
            None => 0,
        };
        Ok(Self { listeners, host: address.host().to_owned(), port, max_connections: MAX_CONNECTIONS })
    }

    /// How many connections may be open at once, [`MAX_CONNECTIONS`] if this is not said. Where there are more, those make room on
    /// which nothing was asked for longest; one more waits while all are being answered.
    #[must_use]
    pub fn with_max_connections(self, max_connections: NonZeroU32) -> Self {
        Self { max_connections, ..self }
    }

    /// The port that was taken.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The origin at which it answers, for example `http://localhost:3001`.
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.listeners.iter().all(|listener| listener.local_addr().is_ok_and(|address| address.ip().is_loopback()))
    }

    /// Says in one line on standard output that `name` is listening and where, and serves until Ctrl-C, SIGTERM or, with
    /// `exit_on_stdin_close`, the end of standard input.
    ///
    /// # Errors
    /// When standard output is closed or signals cannot be listened to.
    pub async fn announce_and_run(self, name: &str, router: Router, exit_on_stdin_close: bool) -> io::Result<()> {
        let stop = shutdown::listen(exit_on_stdin_close)?;
        {
            let mut output = io::stdout().lock();
            writeln!(output, "{name} is listening on {}", self.url())?;
            output.flush()?;
        }
        self.run_until(router, stop).await;
        Ok(())
    }

    /// Serves until `stop` completes, then lets answers under way finish.
    pub async fn run_until(self, router: Router, stop: impl Future<Output = ()>) {
        let (stopping, _) = watch::channel(false);
        let places = Places::new(self.max_connections);
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let (places, stopped) = (Arc::clone(&places), stopping.subscribe());
            serving.spawn(connections::serve(listener, router.clone(), Bounds::default(), places, stopped));
        }
        stop.await;
        stopping.send_replace(true);
        timeout(GRACE, serving.join_all()).await.ok();
    }
}

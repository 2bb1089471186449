//! A server under measurement: a process on the servers' processor, from its start to its end.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::cpus::Cpus;
use crate::issuer::http::{Connection, Request};

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The line that it printed when it was ready.
    pub(crate) announcement: String,
    /// From the start of the process to the end of its first answer.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts a program that listens at `address`, prints a line when it does, and answers `path` with 200. What else it
    /// says goes into `log`.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it is ready.
    pub(crate) async fn start(
        cpus: &Cpus,
        command: &mut Command,
        address: SocketAddr,
        path: &str,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let said = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
        let started = Instant::now();
        let mut child = cpus.on_the_servers(|| command.spawn())?.context("a server cannot be started")?;
        let stdout = child.stdout.take();
        let mut server = Self { child, address, announcement: String::new(), started_in: Duration::ZERO };
        BufReader::new(stdout.context("a server has no output")?).read_line(&mut server.announcement)?;
        ensure!(!server.announcement.is_empty(), "a server ended before it was ready; see {}", log.display());
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut connection = Connection::open(anywhere, address).await?;
        let answer = connection.send(Request::Get { path: path.to_owned(), cookie: String::new() }).await?;
        ensure!(answer.status.is_success(), "{path} answers {}", answer.status);
        server.started_in = started.elapsed();
        Ok(server)
    }

    /// For `/proc`.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails where it has ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What people hold who are signed in at a server.
#[derive(Debug, Deserialize)]
pub(crate) struct SignedIn {
    /// Good refresh tokens, each of another family.
    pub(crate) refresh_tokens: Vec<String>,
    /// The `Cookie` header of a session at the server.
    pub(crate) cookie: String,
}

/// A loopback address with a port that is free now.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

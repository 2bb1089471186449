//! A link between an issuer and its database that can be cut, or go silent, as networks do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It carries everything.
    Sound,
    /// Connections break, and new ones break as soon as they are made.
    Cut,
    /// Nothing breaks and nothing arrives.
    Silent,
}

/// A port that leads to a socket.
pub(crate) struct Link {
    pub(crate) port: u16,
    condition: Arc<watch::Sender<Condition>>,
    task: JoinHandle<()>,
}

impl Link {
    pub(crate) async fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let condition = Arc::new(watch::Sender::new(Condition::Sound));
        let task = tokio::spawn(accept(listener, socket.to_owned(), Arc::clone(&condition)));
        Self { port, condition, task }
    }

    pub(crate) fn becomes(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, condition: Arc<watch::Sender<Condition>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(carry(stream, socket.clone(), condition.subscribe()));
    }
}

/// Until the condition changes, or one side has enough.
async fn carry(mut near: TcpStream, socket: PathBuf, mut condition: watch::Receiver<Condition>) {
    let mut far = UnixStream::connect(socket).await.unwrap();
    if *condition.borrow_and_update() == Condition::Sound {
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            _ = condition.changed() => {}
        }
    }
    // What was on its way when it went silent is lost; the connection cannot go on.
    if *condition.borrow_and_update() == Condition::Silent {
        let _ = condition.changed().await;
    }
}

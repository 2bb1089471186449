//! What ends the server: Ctrl-C, SIGTERM, or the end of standard input.

use std::{future::pending, io, thread};

use tokio::sync::oneshot;

/// Listens from here on, and completes when the server should stop. To be called before anybody is
/// told that the server runs: a signal sent the moment after would otherwise still kill it.
pub(crate) fn listen(on_stdin_close: bool) -> io::Result<impl Future<Output = ()>> {
    let interrupted = signals::interrupted()?;
    let terminated = signals::terminated()?;
    Ok(async move {
        tokio::select! {
            () = interrupted => tracing::info!("interrupted: stopping"),
            () = terminated => tracing::info!("asked to terminate: stopping"),
            () = stdin_closed(on_stdin_close) => tracing::info!("standard input closed: stopping"),
        }
    })
}

#[cfg(unix)]
mod signals {
    use std::io;

    use tokio::signal::unix::{SignalKind, signal};

    pub(super) fn interrupted() -> io::Result<impl Future<Output = ()>> {
        received(SignalKind::interrupt())
    }

    pub(super) fn terminated() -> io::Result<impl Future<Output = ()>> {
        received(SignalKind::terminate())
    }

    fn received(kind: SignalKind) -> io::Result<impl Future<Output = ()>> {
        let mut signals = signal(kind)?;
        Ok(async move {
            signals.recv().await;
        })
    }
}

#[cfg(windows)]
mod signals {
    use std::io;

    use tokio::signal::windows::{ctrl_c, ctrl_close};

    pub(super) fn interrupted() -> io::Result<impl Future<Output = ()>> {
        let mut signals = ctrl_c()?;
        Ok(async move {
            signals.recv().await;
        })
    }

    pub(super) fn terminated() -> io::Result<impl Future<Output = ()>> {
        let mut signals = ctrl_close()?;
        Ok(async move {
            signals.recv().await;
        })
    }
}

/// A thread of its own: tokio's stdin would keep the runtime from ending until a line arrives.
async fn stdin_closed(wanted: bool) {
    if !wanted {
        return pending().await;
    }
    let (closed, at_end) = oneshot::channel();
    thread::spawn(move || {
        // An unreadable standard input is as good as a closed one.
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        closed.send(()).ok();
    });
    at_end.await.ok();
}

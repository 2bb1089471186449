//! What ends the server: Ctrl-C, SIGTERM, or the end of standard input.

use std::{future::pending, io, thread};

use tokio::sync::oneshot;

/// Completes when the server should stop.
pub(crate) async fn requested(on_stdin_close: bool) {
    tokio::select! {
        () = interrupted() => tracing::info!("interrupted: stopping"),
        () = terminated() => tracing::info!("asked to terminate: stopping"),
        () = stdin_closed(on_stdin_close) => tracing::info!("standard input closed: stopping"),
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
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

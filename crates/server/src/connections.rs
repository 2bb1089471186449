//! Serving connections, with bounds on what a stranger may send before anything is known about it, and on how long that may
//! take: a crowd of connections that say nothing, or take nothing of what they asked for, must not use up the server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;
use tracing::{debug, warn};

/// What a connection may cost before its request is known, and how long its answer is held ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How long a request's head may take to arrive. A connection that is kept open may be idle as long.
    pub(crate) head_time: Duration,
    /// How long nothing at all of an answer may be taken.
    pub(crate) answer_time: Duration,
    /// The most bytes of a head, and of a body that is read ahead.
    pub(crate) head_size: usize,
    /// The most header fields.
    pub(crate) header_fields: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let patience = Duration::from_secs(30);
        Self { head_time: patience, answer_time: patience, head_size: 64 * 1024, header_fields: 64 }
    }
}

/// Serves every connection until `stopped`; then those under way finish their request.
pub(crate) async fn serve(
    mut listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stopped: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_buf_size(bounds.head_size)
        .max_headers(bounds.header_fields);
    let under_way = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut stopped => break,
        };
        // Answers are small and whole: waiting to fill a packet only delays them.
        if let Err(failure) = stream.set_nodelay(true) {
            warn!("TCP_NODELAY cannot be set: {failure}");
        }
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), request, peer));
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(bounds.answer_time));
        let connection = under_way.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            if let Err(failure) = connection.await {
                debug!("a connection ended early: {failure}");
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
}

async fn answer(mut router: Router, request: Request<Incoming>, peer: SocketAddr) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::pending;

    use axum::body::Bytes;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    /// All that comes back for `sent` until the server closes the connection.
    async fn answered(bounds: Bounds, sent: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()));
        let serving = tokio::spawn(serve(listener, router, bounds, pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset was closed, too.
        let _ = stream.read_to_end(&mut answer).await;
        serving.abort();
        String::from_utf8(answer).unwrap().replace(&own, "PEER")
    }

    #[tokio::test]
    async fn a_request_is_answered_and_knows_where_it_comes_from() {
        let answer = answered(Bounds::default(), "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("PEER"), "{answer}");
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
        let bounds = Bounds { head_time: Duration::from_millis(50), ..Bounds::default() };
        for unfinished in ["", "GET / HTTP/1.1\r\nhost: a\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
            let answer = answered(bounds, unfinished).await;
            assert_eq!(answer.contains("200 OK"), unfinished.ends_with("\r\n\r\n"), "{unfinished}{answer}");
        }
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let bounds = Bounds { head_size: 8192, header_fields: 8, ..Bounds::default() };
        for (fields, value) in [(1, 9000), (9, 1)] {
            let header = format!("x: {}\r\n", "y".repeat(value)).repeat(fields);
            let answer = answered(bounds, &format!("GET / HTTP/1.1\r\n{header}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 431 "), "{fields} {answer}");
        }
    }

    /// An answer that is longer than what a connection holds on its way, and that tells when it is given up.
    struct Long(Vec<u8>, #[expect(dead_code, reason = "that it goes is what is told")] mpsc::Sender<()>);

    impl AsRef<[u8]> for Long {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    #[tokio::test]
    async fn an_answer_that_nobody_took_was_held_ready_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (holds, mut given_up) = mpsc::channel(1);
        let router =
            Router::new().route("/", get(async move || Bytes::from_owner(Long(vec![0; 64 << 20], holds.clone()))));
        let bounds = Bounds { answer_time: Duration::from_millis(50), ..Bounds::default() };
        let serving = tokio::spawn(serve(listener, router, bounds, pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        serving.abort();
        let patience = Duration::from_secs(20);
        assert_eq!(timeout(patience, given_up.recv()).await, Ok(None), "it is still held");
    }
}

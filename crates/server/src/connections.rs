//! Serving connections, with bounds on what a stranger may send before anything is known about it, and on how long that may
//! take: a crowd of connections that say nothing, or take nothing of what they asked for, must not use up the server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;
use tracing::{debug, warn};

use crate::places::{Place, Places};

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
    places: Arc<Places>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_buf_size(bounds.head_size)
        .max_headers(bounds.header_fields);
    let mut under_way = JoinSet::new();
    loop {
        let arrival = async {
            let (stream, peer) = Listener::accept(&mut listener).await;
            (stream, peer, places.take().await)
        };
        let (stream, peer, place) = tokio::select! {
            arrived = arrival => arrived,
            () = is_true(&mut stopped) => break,
        };
        let mut stream = TimeoutStream::new(without_delay(stream));
        stream.set_write_timeout(Some(bounds.answer_time));
        under_way.spawn(attend(http.clone(), Box::pin(stream), peer, router.clone(), place, stopped.clone()));
        while under_way.try_join_next().is_some() {}
    }
    drop(listener);
    under_way.join_all().await;
}

/// Answers what is asked on one connection, until it ends or has to.
async fn attend(
    http: http1::Builder,
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    peer: SocketAddr,
    router: Router,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    let was_asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        was_asked.store(true, Ordering::Relaxed);
        place.is_busy();
        let answer = answer(router.clone(), request, peer);
        async {
            let answer = answer.await;
            place.is_idle();
            answer
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.asked_to_leave() => {
            if !was_asked.load(Ordering::Relaxed) {
                // There is nothing to finish.
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = is_true(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(failure) = ended {
        debug!("a connection ended early: {failure}");
    }
}

/// Answers are small and whole: waiting to fill a packet only delays them.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(failure) = stream.set_nodelay(true) {
        warn!("TCP_NODELAY cannot be set: {failure}");
    }
    stream
}

async fn is_true(flag: &mut watch::Receiver<bool>) {
    flag.wait_for(|set| *set).await.ok();
}

async fn answer(mut router: Router, request: Request<Incoming>, peer: SocketAddr) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::num::NonZeroU32;
    use std::sync::Mutex;

    use axum::body::Bytes;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    /// Serves on a free port until it is aborted, with so many places.
    async fn serving(router: Router, bounds: Bounds, most: u32) -> (SocketAddr, AbortOnDrop) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let places = Places::new(NonZeroU32::new(most).unwrap());
        let (stopping, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            serve(listener, router, bounds, places, stopped).await;
            drop(stopping);
        });
        (address, AbortOnDrop(task))
    }

    struct AbortOnDrop(tokio::task::JoinHandle<()>);

    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    /// All that comes back for `sent` until the server closes the connection.
    async fn answered(bounds: Bounds, sent: &str) -> String {
        let router = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()));
        let (address, _serving) = serving(router, bounds, 10).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset was closed, too.
        let _ = stream.read_to_end(&mut answer).await;
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
        let (holds, mut given_up) = mpsc::channel(1);
        // For one answer, and nobody else.
        let holds = Arc::new(Mutex::new(Some(holds)));
        let long = async move || {
            let holds = holds.lock().unwrap().take().unwrap();
            Bytes::from_owner(Long(vec![0; 64 << 20], holds))
        };
        let router = Router::new().route("/", get(long));
        let bounds = Bounds { answer_time: Duration::from_millis(50), ..Bounds::default() };
        let (address, _serving) = serving(router, bounds, 10).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        assert_eq!(timeout(PATIENCE, given_up.recv()).await, Ok(None), "it is still held");
    }

    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    /// A connection on which something was asked and answered, and that stays open.
    async fn answered_and_open(address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ASKED).await.unwrap();
        let mut answer = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        stream
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Each took a file of the process: when there were no more, nobody was answered, and nothing could be stored.
    #[tokio::test]
    async fn a_crowd_of_connections_that_ask_for_nothing_used_up_the_server() {
        let router = Router::new().route("/", get(async || "here"));
        let (address, _serving) = serving(router, Bounds::default(), 4).await;
        let mut silent = Vec::new();
        for _ in 0..10 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut answered = answered_and_open(address).await;
        let mut closed = Vec::new();
        timeout(PATIENCE, silent[0].read_to_end(&mut closed)).await.unwrap().unwrap();
        // One that was answered makes room as well, when it is its turn.
        for _ in 0..10 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        timeout(PATIENCE, answered.read_to_end(&mut closed)).await.unwrap().unwrap();
        answered_and_open(address).await;
    }

    #[tokio::test]
    async fn nobody_is_sent_away_while_they_are_answered() {
        let (asked, mut arrived) = mpsc::channel(4);
        let (go, wait) = watch::channel(false);
        let slow = async move || {
            asked.send(()).await.unwrap();
            is_true(&mut wait.clone()).await;
            "at last"
        };
        let router = Router::new().route("/", get(async || "here")).route("/slow", get(slow));
        let (address, _serving) = serving(router, Bounds::default(), 2).await;
        let mut slow = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            arrived.recv().await.unwrap();
            slow.push(stream);
        }
        let mut late = TcpStream::connect(address).await.unwrap();
        late.write_all(ASKED).await.unwrap();
        let mut answer = [0; 12];
        assert!(timeout(Duration::from_millis(200), late.read_exact(&mut answer)).await.is_err(), "it waits");
        go.send(true).unwrap();
        timeout(PATIENCE, late.read_exact(&mut answer)).await.unwrap().unwrap();
        for mut stream in slow {
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
        }
    }
}

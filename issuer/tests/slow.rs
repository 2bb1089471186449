//! Who sends slowly is not waited for: the time that an answer may take includes that of the request's body.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use evergrant_issuer::{Clock, Config, Provider, SqliteStore, router};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::config;

const LIMIT: Duration = Duration::from_secs(30);

/// Between two drops of the body.
const DROP: Duration = Duration::from_secs(7);

/// Time passes as soon as nobody has anything to do but to wait for it.
#[tokio::test(start_paused = true)]
async fn a_body_that_comes_in_drops_is_cut_off_after_half_a_minute() {
    let config = Config::parse(&config()).unwrap();
    let store = Arc::new(SqliteStore::open(":memory:".as_ref()).unwrap());
    let provider = Provider::open(config, store, Clock::system(), false).await.unwrap();
    let server = evergrant_server::Server::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = ("127.0.0.1", server.port());
    let serving = tokio::spawn(server.run_until(router(Arc::new(provider)), pending()));
    for path in ["/oauth/token", "/sign-in"] {
        let (mut answers, mut drops) = TcpStream::connect(address).await.unwrap().into_split();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 1000\r\n\r\n"
        );
        drops.write_all(head.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let dripping = tokio::spawn(async move {
            // Ends when the server has closed the connection.
            while drops.write_all(b"a").await.is_ok() {
                sleep(DROP).await;
            }
        });
        let mut answer = Vec::new();
        // A connection that is reset was closed, too.
        let _ = answers.read_to_end(&mut answer).await;
        let took = begun.elapsed();
        dripping.abort();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        // A drop of time may have passed before the head was read.
        assert!((LIMIT..LIMIT + 2 * DROP).contains(&took), "{path}: {took:?}");
    }
    serving.abort();
}

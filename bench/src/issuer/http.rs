//! One connection that is kept alive, as a browser or a backend keeps it, and one request after the other on it.

use std::net::SocketAddr;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST};
use hyper::{HeaderMap, Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A page or a document.
    Get {
        /// Path and query.
        path: String,
        /// The `Cookie` header; empty for none.
        cookie: String,
    },
    /// A form.
    Post {
        /// The path.
        path: String,
        /// Form-encoded.
        form: String,
    },
}

/// What came back, whole.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects, from a loopback address of one's choice.
    pub(crate) async fn open(from: SocketAddr, to: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from).with_context(|| format!("cannot send from {from}"))?;
        let stream = socket.connect(to).await.with_context(|| format!("nothing answers at {to}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender.
        tokio::spawn(connection);
        Ok(Self { sender, host: to.to_string() })
    }

    /// Sends a request, and waits for the whole answer.
    pub(crate) async fn send(&mut self, request: Request) -> anyhow::Result<Response> {
        self.sender.ready().await?;
        let answer = self.sender.send_request(self.written(request)?).await?;
        let (parts, body) = answer.into_parts();
        Ok(Response { status: parts.status, headers: parts.headers, body: body.collect().await?.to_bytes() })
    }

    fn written(&self, request: Request) -> anyhow::Result<hyper::Request<Full<Bytes>>> {
        let builder = hyper::Request::builder().header(HOST, &self.host);
        Ok(match request {
            Request::Get { path, cookie } if cookie.is_empty() => builder.uri(path).body(Full::default())?,
            Request::Get { path, cookie } => builder.uri(path).header(COOKIE, cookie).body(Full::default())?,
            Request::Post { path, form } => builder
                .method(Method::POST)
                .uri(path)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::from(form))?,
        })
    }
}

//! A running server to ask, and an app directory for it to serve.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    thread,
};

use clap::Parser;
use evergrant_silent::{Options, Server};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot};
use ureq::{Agent, http::HeaderMap};

/// What a browser sends when a person navigates.
pub(crate) const NAVIGATION: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

/// A server in a thread of its own; it stops when dropped.
pub(crate) struct Running {
    url: String,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Running {
    /// Starts a server with these flags besides `--listen`.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let flags = ["evergrant-silent", "--listen=localhost:0"].iter().chain(flags);
        let options = Options::try_parse_from(flags).unwrap();
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::start(&options)).unwrap();
        let (url, port) = (server.url(), server.port());
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(server.run_until(async { stopped.await.unwrap_or_default() }));
        });
        Self { url, port, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts a server for one app, `http://localhost:8080`, and its directory.
    pub(crate) fn with_app(dir: &Path) -> Self {
        let dir = format!("--app-dir={}", dir.display());
        Self::start(&["--app-origin=http://localhost:8080", &dir])
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers)
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let agent: Agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = agent.run(request.body(()).unwrap()).unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// The raw answer to a path that an HTTP client would tidy up before sending it.
    pub(crate) fn fetch_raw(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(thread::JoinHandle::join);
    }
}

impl Answer {
    /// A header that must be there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name} header"));
        value.to_str().unwrap()
    }
}

/// A directory as `trunk build` leaves it, without a `config.json`.
pub(crate) fn built_app() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [
        (
            "index.html",
            "<!doctype html><title>The app</title><style>p{}</style>\
             <script type=\"module\">import init from '/app-0123456789abcdef.js';</script>",
        ),
        ("app-0123456789abcdef.js", "plain script"),
        ("app-0123456789abcdef.js.br", "brotli script"),
        ("app-0123456789abcdef.js.gz", "gzip script"),
        ("app-0123456789abcdef_bg.wasm", "\0asm"),
        ("favicon.svg", "<svg/>"),
    ] {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

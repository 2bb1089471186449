//! Serves one page at an origin of its own, as a static host for single-page apps does.

use std::future::pending;
use std::path::Path;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use axum::middleware::map_response;
use evergrant_server::Server;
use tokio::task::JoinHandle;
use tower_http::services::{ServeDir, ServeFile};

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct PageServer {
    pub(crate) origin: String,
    task: JoinHandle<()>,
}

impl PageServer {
    /// Serves the files in a directory, and `index.html` for every other path.
    ///
    /// # Errors
    /// When no port is to be had.
    pub(crate) async fn start(directory: &Path) -> anyhow::Result<Self> {
        let server = Server::bind(&"localhost:0".parse()?).await?;
        let origin = server.url();
        let files = ServeDir::new(directory).fallback(ServeFile::new(directory.join("index.html")));
        let router = Router::new().fallback_service(files).layer(map_response(with_caching));
        Ok(Self { origin, task: tokio::spawn(server.run_until(router, pending())) })
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the app's own server says: scripts are kept, pages are asked for again.
async fn with_caching<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    let is_script = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"javascript"));
    let kept = if is_script { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    response
}

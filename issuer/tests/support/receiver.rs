//! A client's `backchannel_logout_uri`: it keeps what is posted to it, and answers as it is told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A receiver of logout tokens, until it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    answer: Mutex<u16>,
    posted: Mutex<Vec<String>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::at(0).await
    }

    pub(crate) async fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let url = format!("http://{}/backchannel", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { answer: Mutex::new(200), posted: Mutex::default() });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, task }
    }

    /// The status of every answer from now on.
    pub(crate) fn answers(&self, status: u16) {
        *self.shared.answer.lock().unwrap() = status;
    }

    /// The logout tokens that came since this was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.posted.lock().unwrap())
    }

    /// As a server that is down: nobody listens at its port.
    pub(crate) async fn stop(self) -> u16 {
        let port = self.url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
        self.task.abort();
        while !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
        port
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/backchannel"));
    assert_eq!(request.headers()[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    let body = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
    let params = Params::parse(std::str::from_utf8(&body).unwrap()).unwrap();
    shared.posted.lock().unwrap().push(params.filled("logout_token").unwrap().to_owned());
    let status = StatusCode::from_u16(*shared.answer.lock().unwrap()).unwrap();
    (status, [(header::LOCATION, "/elsewhere")]).into_response()
}

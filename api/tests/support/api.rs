//! The smallest API there can be, in this process, and somebody who calls it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use evergrant_api::{AnyScope, Bearer, RequiredScope, Settings, Verifier, cors};
use evergrant_core::protocol::AccessToken;
use evergrant_server::Server;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::oneshot;

use super::{API, Issuer};

struct ReadReports;

impl RequiredScope for ReadReports {
    const SCOPE: &'static str = "read:reports";
}

struct WriteReports;

impl RequiredScope for WriteReports {
    const SCOPE: &'static str = "read:reports write:reports";
}

struct Pay;

impl RequiredScope for Pay {
    const SCOPE: &'static str = "read:reports";
    const MAX_AGE: Option<Duration> = Some(Duration::from_secs(300));
}

/// A running API; it ends when it is dropped.
pub(crate) struct Api {
    pub(crate) url: String,
    _stop: oneshot::Sender<()>,
}

impl Api {
    /// One that follows this issuer, quickly.
    pub(crate) async fn following(issuer: &Issuer) -> Self {
        Self::with(Self::settings(&issuer.identifier)).await
    }

    /// How tests judge tokens.
    pub(crate) fn settings(issuer: &str) -> Settings {
        let mut settings = Settings::new(issuer, API);
        settings.refresh_every = Duration::from_millis(200);
        settings
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::of(Verifier::follow(settings).unwrap()).await
    }

    pub(crate) async fn of(verifier: Verifier) -> Self {
        let router = Router::new()
            .route("/any", get(async |_: Bearer<AnyScope>| "any"))
            .route("/read", get(async |token: Bearer<ReadReports>| token.claims.sub.to_string()))
            .route("/pay", get(async |_: Bearer<Pay>| "paid"))
            .nest("/nested", Router::new().route("/any", get(async |_: Bearer<AnyScope>| "any")))
            .route("/write", get(async |_: Bearer<WriteReports>| "written"))
            .layer(cors(&["http://localhost:8080".parse().unwrap()]))
            .with_state(Arc::new(verifier));
        let server = Server::bind(&"localhost:0".parse().unwrap()).await.unwrap();
        let url = server.url();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run_until(router, async { drop(stopped.await) }));
        Self { url, _stop: stop }
    }

    /// Gets `/read` with a token.
    pub(crate) async fn read(&self, token: &AccessToken) -> Answer {
        self.get("/read", &[("authorization", &format!("Bearer {}", token.secret()))]).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Client::new().request(method, format!("{}{path}", self.url));
        let request =
            headers.iter().fold(request, |request, (name, value)| RequestBuilder::header(request, *name, *value));
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Each challenge.
    pub(crate) fn challenges(&self) -> Vec<&str> {
        self.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The description of the error, which must stand in the challenge as well.
    pub(crate) fn description(&self) -> String {
        let json = self.json();
        let description = json["error_description"].as_str().unwrap();
        let challenge = self.header("www-authenticate").unwrap();
        assert!(challenge.contains(&format!("error_description=\"{description}\"")), "{challenge}");
        description.to_owned()
    }
}

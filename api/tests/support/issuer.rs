//! The issuer of the demo in this process, on a free port, with a clock that can be moved and an end that comes suddenly.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evergrant_core::protocol::AccessToken;
use evergrant_issuer::{Clock, Config, Provider, SqliteStore, router};
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

use super::TestKey;

/// What the demo's tokens call the API.
pub(crate) const API: &str = "http://localhost:3002/";

const DEMO: &str = include_str!("../../../issuer/demo.toml");

pub(crate) struct Issuer {
    pub(crate) identifier: String,
    pub(crate) clock: Clock,
    pub(crate) provider: Arc<Provider>,
    database: Option<TempDir>,
    /// Of its own, so that ending it ends every connection.
    runtime: Option<Runtime>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        Self::changed(|_| {}).await
    }

    /// The demo with some changes.
    pub(crate) async fn changed(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::parse(DEMO).unwrap();
        change(&mut config);
        Self::launch(config, TempDir::new().unwrap(), 0).await
    }

    async fn launch(mut config: Config, database: TempDir, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let identifier = format!("http://{address}/");
        config.issuer = identifier.clone().try_into().unwrap();
        let store = Arc::new(SqliteStore::open(&file(database.path())).unwrap());
        let clock = Clock::system();
        let provider = Arc::new(Provider::open(config, store, clock.clone(), false).await.unwrap());
        let service = router(Arc::clone(&provider)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.into_std().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move { axum::serve(TcpListener::from_std(listener).unwrap(), service).await.unwrap() });
        Self { identifier, clock, provider, database: Some(database), runtime: Some(runtime) }
    }

    /// A token of `testclient` in its own name.
    pub(crate) async fn token(&self) -> AccessToken {
        let fields = [("grant_type", "client_credentials"), ("audience", API)];
        access_token(&self.tokens(&fields).await)
    }

    /// What the token endpoint answers to `testclient`.
    pub(crate) async fn tokens(&self, fields: &[(&str, &str)]) -> Value {
        let answer = self.post("oauth/token", fields).await;
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// Revokes a token of `testclient` (RFC 7009).
    pub(crate) async fn revoke(&self, token: &str) {
        assert_eq!(self.post("oauth/revoke", &[("token", token)]).await, "{}");
    }

    /// A token of `testclient` in its own name, bound to `key`.
    pub(crate) async fn bound_token(&self, key: &TestKey) -> AccessToken {
        let fields = [("grant_type", "client_credentials"), ("audience", API)];
        let proof = key.proof("POST", &format!("{}oauth/token", self.identifier), None);
        let answer = self.post_with("oauth/token", &fields, Some(&proof)).await;
        access_token(&serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}")))
    }

    async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> String {
        self.post_with(endpoint, fields, None).await
    }

    async fn post_with(&self, endpoint: &str, fields: &[(&str, &str)], proof: Option<&str>) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Client::new().post(format!("{}{endpoint}", self.identifier)).body(body);
        let request = request.basic_auth("testclient", Some("secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = proof.into_iter().fold(request, |request, proof| request.header("dpop", proof));
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Ends it as a crash would, and returns what is needed to start it again.
    pub(crate) async fn kill(mut self) -> Stopped {
        if let Some(runtime) = self.runtime.take() {
            spawn_blocking(move || drop(runtime)).await.unwrap();
        }
        Stopped { config: self.provider.config.clone(), database: self.database.take().unwrap() }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// An issuer that is down.
pub(crate) struct Stopped {
    config: Config,
    database: TempDir,
}

impl Stopped {
    pub(crate) fn identifier(&self) -> String {
        self.config.issuer.as_str().to_owned()
    }

    /// The same issuer at the same address, with the same database.
    pub(crate) async fn restart(self) -> Issuer {
        let port = self.config.issuer.url().port().unwrap();
        Issuer::launch(self.config, self.database, port).await
    }
}

/// The access token in an answer of the token endpoint.
pub(crate) fn access_token(tokens: &Value) -> AccessToken {
    AccessToken::new(tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")))
}

fn file(directory: &Path) -> PathBuf {
    directory.join("issuer.sqlite")
}

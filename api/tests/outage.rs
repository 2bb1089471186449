//! An issuer that is down, one that comes back, and one whose keys change: valid tokens stay valid, and nobody is asked more
//! often than is good for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use evergrant_api::{FollowError, NotAccepted, Settings, Verifier};
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_issuer::keys::KeyRing;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{API, Api, Issuer, TestKey, eventually};

#[tokio::test]
async fn a_valid_token_is_accepted_while_the_issuer_is_down_and_after_it_is_back() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let (seen, unseen) = (issuer.token().await, issuer.token().await);
    assert_eq!(api.read(&seen).await.status, 200);
    let stopped = issuer.kill().await;
    for token in [&seen, &unseen] {
        assert_eq!(api.read(token).await.status, 200);
    }
    let unknown = TestKey::new("unknown").token(&json!({
        "iss": stopped.identifier(), "aud": API, "sub": "s", "client_id": "c", "iat": 1, "exp": 32_503_680_000_i64, "jti": "j",
    }));
    assert_eq!(api.read(&unknown).await.status, 401);
    let issuer = stopped.restart().await;
    for token in [&seen, &unseen, &issuer.token().await] {
        assert_eq!(api.read(token).await.status, 200);
    }
}

#[tokio::test]
async fn an_api_that_starts_before_its_issuer_asks_for_patience_and_then_works() {
    let issuer = Issuer::start().await;
    let token = issuer.token().await;
    let identifier = issuer.identifier.clone();
    let stopped = issuer.kill().await;
    let api = Api::with(Api::settings(&identifier)).await;
    let answer = api.read(&token).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    let _issuer = stopped.restart().await;
    eventually("the API has found its issuer", async || api.read(&token).await.status == 200).await;
}

#[tokio::test]
async fn keys_that_the_issuer_adds_are_found() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    assert_eq!(api.read(&issuer.token().await).await.status, 200);
    let provider = &issuer.provider;
    KeyRing::rotate(&*provider.store, &provider.config, issuer.clock.now()).await.unwrap();
    issuer.clock.shift(301);
    provider.notice().await.unwrap();
    let mut settings = Api::settings(&issuer.identifier);
    settings.clock_tolerance = Duration::from_secs(600);
    let api = Api::with(settings).await;
    assert_eq!(api.read(&issuer.token().await).await.status, 200);
}

#[test]
fn keys_are_not_fetched_in_clear_over_a_network() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    for issuer in ["http://issuer.example/", "issuer.example", "ftp://localhost/"] {
        let error = Verifier::follow(Settings::new(issuer, API)).unwrap_err();
        assert!(matches!(error, FollowError::Issuer(_)), "{error}");
    }
}

/// An issuer of which nothing works but its keys, which counts how often it is asked for them.
#[derive(Clone)]
struct KeyServer {
    identifier: String,
    asked: Arc<AtomicUsize>,
    keys: Arc<std::sync::Mutex<JwkSet>>,
}

impl KeyServer {
    async fn start(key: &TestKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let identifier = format!("http://{}/", listener.local_addr().unwrap());
        let server = Self { identifier, asked: Arc::default(), keys: Arc::new(key.published().into()) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(Self::metadata))
            .route("/jwks", get(Self::jwks))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    async fn metadata(State(server): State<Self>) -> Json<Value> {
        let at = |path: &str| format!("{}{path}", server.identifier);
        Json(json!({"issuer": server.identifier, "authorization_endpoint": at("authorize"), "jwks_uri": at("jwks")}))
    }

    async fn jwks(State(server): State<Self>) -> Json<JwkSet> {
        server.asked.fetch_add(1, Ordering::Relaxed);
        let keys = server.keys.lock().unwrap().clone();
        Json(keys)
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.identifier, "aud": API, "sub": "s", "client_id": "c", "iat": 1, "exp": 32_503_680_000_i64,
            "jti": "j", "scope": "read:reports",
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// One that asks by itself but once.
async fn patient_api(server: &KeyServer) -> Api {
    let mut settings = Api::settings(&server.identifier);
    settings.refresh_every = Duration::from_secs(3600);
    let api = Api::with(settings).await;
    eventually("the keys have been fetched", async || server.asked() == 1).await;
    api
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_at_once_and_once_for_all_who_wait() {
    let (before, after) = (TestKey::new("before"), TestKey::new("after"));
    let server = KeyServer::start(&before).await;
    let api = patient_api(&server).await;
    let claims = server.claims();
    assert_eq!(api.read(&before.token(&claims)).await.status, 200);
    server.keys.lock().unwrap().keys.push(after.jwk());
    let token = after.token(&claims);
    let (first, second, third) = tokio::join!(api.read(&token), api.read(&token), api.read(&token));
    assert_eq!([first.status, second.status, third.status], [200; 3]);
    // Who comes while the keys are under way may ask once more.
    assert!(server.asked() <= 3, "{}", server.asked());
    let known = server.asked();
    assert_eq!(api.read(&after.token(&claims)).await.status, 200);
    assert_eq!(server.asked(), known);
}

#[tokio::test]
async fn a_flood_of_invented_keys_reaches_the_issuer_as_a_trickle() {
    let server = KeyServer::start(&TestKey::new("k")).await;
    let api = patient_api(&server).await;
    let begun = std::time::Instant::now();
    for n in 0..100 {
        let invented = TestKey::new(&format!("invented-{n}")).token(&server.claims());
        assert_eq!(api.read(&invented).await.status, 401);
    }
    // Five at once, and then one per second.
    let allowed = 1 + 5 + begun.elapsed().as_secs() + 1;
    assert!(server.asked() as u64 <= allowed, "{} in {:?}", server.asked(), begun.elapsed());
}

/// Whoever was on the way could hold back what was revoked.
#[tokio::test]
async fn what_was_revoked_was_asked_for_in_clear_where_the_issuer_said_so() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let at = |host: &str| format!("http://{host}:{port}/");
    let metadata = json!({
        "issuer": at("127.0.0.1"), "authorization_endpoint": at("127.0.0.1"), "jwks_uri": format!("{}keys", at("127.0.0.1")),
        "revoked_tokens_endpoint": format!("{}revoked", at("0.0.0.0")),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
        .route("/keys", get(async || Json(json!({ "keys": [] }))))
        .route("/revoked", get(async || Json(json!({ "revoked": [] }))));
    tokio::spawn(async { axum::serve(listener, router).await });
    let verifier = Verifier::follow(Settings::new(at("127.0.0.1"), "api")).unwrap();
    let judged = verifier.verify(&AccessToken::new("any"), evergrant_native::now()).await;
    assert_eq!(judged.unwrap_err(), NotAccepted::IssuerUnknown);
}

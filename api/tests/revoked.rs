//! What is taken back stops to count within seconds: a token, all tokens of a grant, and all tokens of a key (row B7 of the
//! articles on refresh tokens).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::ClientId;
use evergrant_issuer::keys::{KeyRing, Withdrawn};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{API, Api, Issuer, TestKey, access_token, eventually};

async fn is_refused(api: &Api, token: &AccessToken, why: &str) -> bool {
    let answer = api.read(token).await;
    assert!(answer.status == 200 || answer.description().contains(why), "{answer:?}");
    answer.status == 401
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_no_other() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let (one, other) = (issuer.token().await, issuer.token().await);
    for token in [&one, &other] {
        assert_eq!(api.read(token).await.status, 200);
    }
    issuer.revoke(one.secret()).await;
    eventually("the token is refused", async || is_refused(&api, &one, "has been revoked").await).await;
    assert_eq!(api.read(&other).await.status, 200);
    // An API that is started later knows it too, and so does one whose issuer has gone.
    let later = Api::following(&issuer).await;
    assert!(is_refused(&later, &one, "has been revoked").await, "from its first answer on");
    let _stopped = issuer.kill().await;
    for api in [&api, &later] {
        assert!(is_refused(api, &one, "has been revoked").await);
        assert_eq!(api.read(&other).await.status, 200);
    }
}

#[tokio::test]
async fn with_a_refresh_token_every_access_token_of_its_grant_goes() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let fields = [
        ("grant_type", "password"),
        ("username", "test"),
        ("password", "test"),
        ("audience", API),
        ("scope", "openid read:reports offline_access"),
    ];
    let (first, other) = (issuer.tokens(&fields).await, issuer.tokens(&fields).await);
    let refresh_token = first["refresh_token"].as_str().unwrap();
    let second = issuer.tokens(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    let tokens = [access_token(&first), access_token(&second)];
    for token in &tokens {
        assert_eq!(api.read(token).await.status, 200);
    }
    issuer.revoke(second["refresh_token"].as_str().unwrap()).await;
    for token in &tokens {
        eventually("the token is refused", async || is_refused(&api, token, "has been revoked").await).await;
    }
    assert_eq!(api.read(&access_token(&other)).await.status, 200);
}

#[tokio::test]
async fn with_a_clients_key_everything_it_signed_goes() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let token = issuer.token().await;
    assert_eq!(api.read(&token).await.status, 200);
    let provider = &issuer.provider;
    let withdrawn = Withdrawn::Client(ClientId::new("testclient"));
    KeyRing::withdraw(&*provider.store, &withdrawn).await.unwrap();
    provider.notice().await.unwrap();
    eventually("the token is refused", async || is_refused(&api, &token, "does not publish").await).await;
    // The client has a new key with its next token, and nobody has to wait for it.
    assert_eq!(api.read(&issuer.token().await).await.status, 200);
}

/// An API that had just started knew the issuer's keys, and not yet what was revoked.
#[tokio::test]
async fn a_revoked_token_counted_until_the_list_had_come() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let identifier = format!("http://{}/", listener.local_addr().unwrap());
    let at = |path: &str| format!("{identifier}{path}");
    let metadata = Json(json!({
        "issuer": identifier, "authorization_endpoint": at("authorize"), "jwks_uri": at("jwks"),
        "revoked_tokens_endpoint": at("revoked"),
    }));
    let (key, works) = (TestKey::new("k"), Arc::new(AtomicBool::new(false)));
    let (keys, tells) = (Json(key.published()), Arc::clone(&works));
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || metadata))
        .route("/jwks", get(async move || keys))
        .route(
            "/revoked",
            get(async move || match tells.load(Ordering::Relaxed) {
                true => Ok(Json(json!({"revoked": [{"jti": "j", "exp": 32_503_680_000_i64}]}))),
                false => Err(StatusCode::INTERNAL_SERVER_ERROR),
            }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    let token = key.token(&json!({
        "iss": identifier, "aud": API, "sub": "s", "client_id": "c", "iat": 1, "exp": 32_503_680_000_i64, "jti": "j",
        "scope": "read:reports",
    }));
    let api = Api::with(Api::settings(&identifier)).await;
    assert_eq!(api.read(&token).await.status, 503);
    works.store(true, Ordering::Relaxed);
    eventually("the token is refused", async || {
        let answer = api.read(&token).await;
        assert!(answer.status == 503 || answer.description().contains("has been revoked"), "{answer:?}");
        answer.status == 401
    })
    .await;
}

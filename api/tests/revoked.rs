//! What is taken back stops to count within seconds: a token, all tokens of a grant, and all tokens of a key (row B7 of the
//! articles on refresh tokens).

use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::ClientId;
use evergrant_issuer::keys::{KeyRing, Withdrawn};

use crate::support::{API, Api, Issuer, access_token, eventually};

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
    eventually("the token is refused", async || is_refused(&later, &one, "has been revoked").await).await;
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

//! Tokens that somebody else made, or that were made for something else: real signatures, each wrong in one way.

use aws_lc_rs::hmac;
use evergrant_api::Verifier;
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::jwt::{self, Header};
use serde_json::{Value, json};

use crate::support::{API, Api, Issuer, TestKey};

const ISSUER: &str = "https://issuer.example/";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ann", "aud": API, "client_id": "app", "iat": 1, "exp": 32_503_680_000_i64, "jti": "j",
        "scope": "read:reports",
    })
}

async fn trusting(key: &TestKey) -> Api {
    Api::of(Verifier::with_keys(Api::settings(ISSUER), key.published())).await
}

#[tokio::test]
async fn only_the_issuers_own_key_counts() {
    let (ours, theirs) = (TestKey::new("k"), TestKey::new("k"));
    let api = trusting(&ours).await;
    assert_eq!(api.read(&ours.token(&claims())).await.status, 200);
    let answer = api.read(&theirs.token(&claims())).await;
    assert_eq!(
        (answer.status, answer.description().as_str()),
        (401, "The access token provided has a wrong signature.")
    );
    let answer = api.read(&TestKey::new("unknown").token(&claims())).await;
    assert_eq!(answer.status, 401);
    assert!(answer.description().contains("does not publish"));
}

#[tokio::test]
async fn a_claim_that_was_changed_after_signing_is_noticed_also_when_the_token_is_known() {
    let key = TestKey::new("k");
    let api = trusting(&key).await;
    let mut narrow = claims();
    narrow["scope"] = json!("openid");
    let signed = key.token(&narrow);
    assert_eq!(api.read(&signed).await.status, 403);
    let wide = jwt::signing_input(&key.header(), &claims()).unwrap();
    let signature = signed.secret().rsplit('.').next().unwrap();
    let answer = api.read(&AccessToken::new(format!("{wide}.{signature}"))).await;
    assert_eq!(
        (answer.status, answer.description().as_str()),
        (401, "The access token provided has a wrong signature.")
    );
}

#[tokio::test]
async fn no_signature_and_a_mac_made_with_the_public_key_are_refused() {
    let key = TestKey::new("k");
    let api = trusting(&key).await;
    let unsigned = Header { alg: "none".into(), ..key.header() };
    let unsigned = format!("{}.", jwt::signing_input(&unsigned, &claims()).unwrap());

    let mac = Header { alg: "HS256".into(), ..key.header() };
    let input = jwt::signing_input(&mac, &claims()).unwrap();
    let public = serde_json::to_vec(&key.jwk()).unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), input.as_bytes());
    for token in [unsigned, jwt::compact(&input, tag.as_ref())] {
        let answer = api.read(&AccessToken::new(token)).await;
        assert_eq!(answer.status, 401);
        assert!(answer.description().contains("algorithm that is not accepted"));
    }
}

#[tokio::test]
async fn a_key_is_used_with_its_own_algorithm_alone() {
    let key = TestKey::new("k");
    let api = trusting(&key).await;
    let header = Header { alg: "RS256".into(), ..key.header() };
    assert_eq!(api.read(&key.signed(&header, &claims())).await.status, 401);
}

#[tokio::test]
async fn tokens_for_something_else_are_refused() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let fields = [("grant_type", "password"), ("username", "test"), ("password", "test"), ("scope", "openid")];
    let tokens = issuer.tokens(&fields).await;
    for (name, why) in [("id_token", "is not an access token"), ("access_token", "is for another API")] {
        let token = AccessToken::new(tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")));
        let answer = api.read(&token).await;
        assert_eq!(answer.status, 401, "{name}");
        assert!(answer.description().contains(why), "{answer:?}");
    }
    let garbage = api.read(&AccessToken::new("garbage")).await;
    assert_eq!((garbage.status, garbage.json()["error"].as_str()), (401, Some("invalid_token")));
}

#[tokio::test]
async fn both_signature_algorithms_of_the_issuer_are_checked() {
    for algorithm in [jwt::Algorithm::Es256, jwt::Algorithm::Rs256] {
        let issuer = Issuer::changed(|config| config.signing_alg = algorithm).await;
        let api = Api::following(&issuer).await;
        assert_eq!(api.read(&issuer.token().await).await.status, 200, "{algorithm}");
    }
}

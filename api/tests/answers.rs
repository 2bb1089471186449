//! What is answered: to a good token, to none, to one that is not enough, and to a page of another origin (RFC 6750 §3).

use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::challenge::Challenge;
use reqwest::Method;

use crate::support::{API, Api, Issuer, access_token};

const REALM: &str = "Bearer realm=\"http://localhost:3002/\"";

#[tokio::test]
async fn a_good_token_opens_what_its_scope_allows() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let token = issuer.token().await;
    for _ in 0..2 {
        let answer = api.read(&token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "testclient"));
    }
    let lower_case = format!("bearer   {}", token.secret());
    assert_eq!(api.get("/any", &[("authorization", &lower_case)]).await.status, 200);
}

#[tokio::test]
async fn without_a_token_there_is_a_challenge_and_no_error() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let token = issuer.token().await;
    let query = format!("/read?access_token={}", token.secret());
    for (path, headers) in [
        ("/read", &[][..]),
        ("/read", &[("authorization", "Basic dGVzdDp0ZXN0")]),
        ("/read", &[("authorization", "Bearerx y")]),
        (query.as_str(), &[]),
    ] {
        let answer = api.get(path, headers).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), Some(REALM));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn what_no_token_can_be_and_two_tokens_are_bad_requests() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let good = format!("Bearer {}", issuer.token().await.secret());
    for headers in [
        &[("authorization", "Bearer")][..],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer a b")],
        &[("authorization", "Bearer \"a\"")],
        &[("authorization", good.as_str()), ("authorization", good.as_str())],
    ] {
        let answer = api.get("/read", headers).await;
        assert_eq!(answer.status, 400, "{headers:?}");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert!(!answer.description().is_empty());
    }
}

#[tokio::test]
async fn a_token_that_is_not_enough_is_told_what_would_be() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let header = format!("Bearer {}", issuer.token().await.secret());
    let answer = api.get("/write", &[("authorization", &header)]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["error"], "insufficient_scope");
    assert_eq!(
        answer.header("www-authenticate").unwrap(),
        format!(
            "{REALM}, error=\"insufficient_scope\", error_description=\"The scope read:reports write:reports is needed.\", \
             scope=\"read:reports write:reports\""
        )
    );
}

#[tokio::test]
async fn who_signed_in_too_long_ago_is_asked_to_do_so_again() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let person = [("grant_type", "password"), ("username", "test"), ("password", "test"), ("audience", API)];
    let sign_in = [&person[..], &[("scope", "read:reports offline_access")]].concat();
    let pay =
        async |token: &AccessToken| api.get("/pay", &[("authorization", &format!("Bearer {}", token.secret()))]).await;
    let ago = 300 + 61;
    issuer.clock.shift(-ago);
    let earlier = issuer.tokens(&sign_in).await;
    issuer.clock.shift(ago);
    let refresh_token = earlier["refresh_token"].as_str().unwrap();
    let renewed = issuer.tokens(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    let renewed = access_token(&renewed);
    assert_eq!(api.read(&renewed).await.status, 200, "it is good for the rest");
    let answer = pay(&renewed).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &"insufficient_user_authentication".into()));
    let challenge = Challenge::find(answer.header("www-authenticate").unwrap()).unwrap();
    // What the app then says to the issuer (RFC 9470 §4).
    assert_eq!(challenge.parameters().get("max_age").as_deref(), Some("300"));
    assert_eq!(pay(&access_token(&issuer.tokens(&sign_in).await)).await.status, 200, "signed in just now");
    assert_eq!(pay(&issuer.token().await).await.status, 401, "nobody signed in for this one");
}

#[tokio::test]
async fn an_expired_token_is_refused_in_the_words_of_the_article() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    // A day and a minute ago, by the issuer's clock: longer than the token lasts, tolerance included.
    issuer.clock.shift(-(86_400 + 61));
    let token = issuer.token().await;
    let answer = api.read(&token).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate").unwrap(),
        format!("{REALM}, error=\"invalid_token\", error_description=\"The access token provided has expired.\"")
    );
    let json = answer.json();
    assert_eq!(json["error"], "invalid_token");
    assert_eq!(json["error_description"], "The access token provided has expired.");
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_read_refusals() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let app = ("origin", "http://localhost:8080");
    let asked = [app, ("access-control-request-method", "GET"), ("access-control-request-headers", "authorization")];
    let preflight = api.send(Method::OPTIONS, "/read", &asked).await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("http://localhost:8080"));
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);

    let refused = api.get("/read", &[app]).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("http://localhost:8080"));
    assert!(refused.header("access-control-expose-headers").unwrap().contains("www-authenticate"));
    assert!(refused.header("vary").unwrap().contains("origin"));

    let other = api.get("/read", &[("origin", "http://localhost:8081")]).await;
    assert_eq!(other.header("access-control-allow-origin"), None);
}

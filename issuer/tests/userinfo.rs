//! `GET|POST /userinfo`: the claims a token opens, and the errors of RFC 6750.

use std::time::Duration;

use reqwest::Method;

use crate::support::{App, Browser, CALLBACK, Server, claims, config};

async fn ask(browser: &Browser, token: &str) -> crate::support::Answer {
    let header = format!("Bearer {token}");
    browser.send(Method::GET, "/userinfo", &[("authorization", &header)], None).await
}

#[tokio::test]
async fn claims_follow_the_scope() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").tokens(&browser).await;
    let token = tokens["access_token"].as_str().unwrap();
    let expected = serde_json::json!({
        "sub": "user-ann", "name": "Ann Example", "given_name": "Ann",
        "email": "ann@example.com", "email_verified": true,
    });
    let answer = ask(&browser, token).await;
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let posted = browser.post_with("/userinfo", &[("access_token", token)], &[]).await;
    assert_eq!(posted.json(), expected);

    let tokens = App::code("app").with("scope", "openid").tokens(&browser).await;
    let answer = ask(&browser, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.json(), serde_json::json!({"sub": "user-ann"}));
}

/// No role could be tried out with it.
#[tokio::test]
async fn an_issuer_for_development_had_no_claims_of_ones_own() {
    let told = "[user.claims]\n\"https://app.example/roles\" = [\"approver\"]\n[user.access_token_claims]\nroles = [\"approver\"]\n";
    let server = Server::with(&config().replacen("[user.profile]", &format!("{told}[user.profile]"), 1)).await;
    let browser = Browser::of(&server);
    let (own, of_access_tokens, roles) = ("https://app.example/roles", "roles", serde_json::json!(["approver"]));
    let offline = App::code("app").with("scope", "openid offline_access").tokens(&browser).await;
    let refreshed = App::refresh(&browser, offline["refresh_token"].as_str().unwrap()).await.json();
    for tokens in [&offline, &refreshed] {
        let [id_token, access_token] = ["id_token", "access_token"].map(|name| tokens[name].as_str().unwrap());
        assert_eq!(claims(id_token)[own], roles);
        assert!(claims(id_token).get(of_access_tokens).is_none());
        assert_eq!(claims(access_token)[of_access_tokens], roles);
        assert!(claims(access_token).get(own).is_none());
        assert_eq!(ask(&browser, access_token).await.json(), serde_json::json!({"sub": "user-ann", own: ["approver"]}));
    }
    let answer = browser.authorize_as("bob", &App::code("app").with("prompt", "login").query()).await;
    let code = answer.sent(CALLBACK, '?').first("code").unwrap().to_owned();
    let bobs = App::redeem(&browser, "app", &code).await.json();
    assert!(claims(bobs["id_token"].as_str().unwrap()).get(own).is_none());
    let fields = [("grant_type", "client_credentials"), ("client_id", "server"), ("client_secret", "s3cret")];
    let in_its_own_name = browser.post_with("/oauth/token", &fields, &[]).await.json();
    assert!(claims(in_its_own_name["access_token"].as_str().unwrap()).get(of_access_tokens).is_none());
}

/// Some clients call every body JSON, also one that is empty.
#[tokio::test]
async fn a_post_with_its_token_in_the_header_was_refused_for_the_type_of_its_body() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").with("scope", "openid").tokens(&browser).await;
    let header = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let json = ("content-type", "application/json");
    let answer = browser.send(Method::POST, "/userinfo", &[("authorization", &header), json], None).await;
    assert_eq!((answer.status, answer.json()), (200, serde_json::json!({"sub": "user-ann"})));
    assert_eq!(browser.send(Method::POST, "/userinfo", &[json], None).await.status, 415);
}

#[tokio::test]
async fn no_token_is_asked_for_one_and_told_no_error() {
    let server = Server::start().await;
    let answer = Browser::of(&server).get("/userinfo").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="evergrant""#));
    let in_query = Browser::of(&server).get("/userinfo?access_token=x").await;
    assert_eq!(in_query.status, 401, "never from the query");
}

#[tokio::test]
async fn a_token_that_does_not_do_is_refused_in_the_words_of_rfc_6750() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").tokens(&browser).await;
    let token = tokens["access_token"].as_str().unwrap();
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    for wrong in ["nonsense", forged.as_str(), tokens["id_token"].as_str().unwrap()] {
        let answer = ask(&browser, wrong).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
    }
    let header = format!("Bearer {token}");
    let twice = browser.post_with("/userinfo", &[("access_token", token)], &[("authorization", &header)]).await;
    assert_eq!((twice.status, twice.json()["error"].as_str().unwrap()), (400, "invalid_request"));

    server.clock.advance(Duration::from_secs(601));
    let expired = ask(&browser, token).await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["error_description"], "The access token provided has expired.");
}

#[tokio::test]
async fn a_token_without_openid_lacks_the_scope() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("token").with("scope", "profile");
    let sent = browser.authorize_as("ann", &app.query()).await.sent(CALLBACK, '#');
    let answer = ask(&browser, sent.first("access_token").unwrap()).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["error"], "insufficient_scope");
}

#[tokio::test]
async fn another_issuers_token_is_not_ours() {
    let server = Server::start().await;
    let other = Server::start().await;
    let tokens = App::code("app").tokens(&Browser::of(&other)).await;
    let answer = ask(&Browser::of(&server), tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 401);
}

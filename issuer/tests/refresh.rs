//! `POST /oauth/token` with `grant_type=refresh_token`: who gets one, what it brings, and what is refused.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Answer, App, Browser, Server, claims};

/// Signs in with offline access; the refresh token.
pub(crate) async fn first_token(browser: &Browser) -> String {
    text(&App::offline("app").tokens(browser).await, "refresh_token")
}

pub(crate) fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned()
}

/// Refreshes, and expects that it works; the token to go on with.
pub(crate) async fn next(browser: &Browser, refresh_token: &str) -> String {
    let answer = App::refresh(browser, refresh_token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "refresh_token")
}

pub(crate) fn assert_refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_refresh_token_brings_new_tokens_about_the_same_sign_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let first = App::offline("app").tokens(&browser).await;
    server.clock.advance(Duration::from_secs(100));
    let answer = App::refresh(&browser, &text(&first, "refresh_token")).await;
    let second = answer.json();
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["scope"], first["scope"]);
    assert_eq!(second["expires_in"], 40, "the API's lifetime for browsers");
    let [before, after] = [&first, &second].map(|tokens| claims(&text(tokens, "id_token")));
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["nonce"], Value::Null);
    assert!(after["iat"].as_i64() >= before["iat"].as_i64().map(|iat| iat + 100));
    let [before, after] = [&first, &second].map(|tokens| claims(&text(tokens, "access_token")));
    assert_ne!(before["jti"], after["jti"]);
    assert_eq!((&before["aud"], &before["scope"]), (&after["aud"], &after["scope"]));
}

#[tokio::test]
async fn without_offline_access_in_all_three_places_there_is_none() {
    let server = Server::start().await;
    let offline = App::offline("app");
    for (why, app) in [
        ("not asked for", offline.clone().with("scope", "openid read:reports")),
        ("the API allows none", offline.clone().with("audience", "https://other.example/")),
        ("the client has no such grant", App::offline("trusted")),
    ] {
        let tokens = app.tokens(&Browser::of(&server)).await;
        assert_eq!(tokens["refresh_token"], Value::Null, "{why}");
        assert!(!text(&tokens, "scope").contains("offline_access"), "{why}");
    }
    let browser = Browser::of(&server);
    let fields = [("grant_type", "refresh_token"), ("client_id", "trusted"), ("refresh_token", "any")];
    assert_refused(&browser.post_with("/oauth/token", &fields, &[]).await, "unauthorized_client");
}

#[tokio::test]
async fn offline_access_is_asked_for_once() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let online = App::offline("app").with("scope", "openid email read:reports");
    online.tokens(&browser).await;
    let answer = browser.get(&format!("/authorize?{}", App::offline("app").query())).await;
    let page = answer.location().unwrap();
    assert!(page.starts_with("/consent?"), "{page}");
    assert!(browser.get(&page).await.body.contains("while you are away"));
    first_token(&browser).await;
    let again = browser.get(&format!("/authorize?{}", App::offline("app").with("prompt", "none").query())).await;
    assert!(again.location().unwrap().contains("code="), "remembered");
}

#[tokio::test]
async fn without_rotation_the_token_stays_and_its_idle_limit_moves() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::offline("server").fresh_code(&browser).await;
    let secret = [("client_id", "server"), ("client_secret", "s3cret")];
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", crate::support::VERIFIER),
        ("redirect_uri", crate::support::CALLBACK),
    ];
    let tokens = browser.post_with("/oauth/token", &[&redeem[..], &secret].concat(), &[]).await.json();
    let token = text(&tokens, "refresh_token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    for _ in 0..3 {
        server.clock.advance(Duration::from_secs(900));
        let answer = browser.post_with("/oauth/token", &[&refresh[..], &secret].concat(), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["refresh_token"], Value::Null);
    }
    server.clock.advance(Duration::from_secs(1000));
    let answer = browser.post_with("/oauth/token", &[&refresh[..], &secret].concat(), &[]).await;
    assert_refused(&answer, "invalid_grant");
}

#[tokio::test]
async fn another_client_can_neither_use_nor_end_it() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "server"),
        ("client_secret", "s3cret"),
        ("refresh_token", token.as_str()),
    ];
    assert_refused(&browser.post_with("/oauth/token", &fields, &[]).await, "invalid_grant");
    next(&browser, &token).await;
}

#[tokio::test]
async fn less_may_be_asked_for_and_more_costs_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let with_scope = async |token: &str, scope: &str| {
        let fields =
            [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token), ("scope", scope)];
        browser.post_with("/oauth/token", &fields, &[]).await
    };
    assert_refused(&with_scope(&token, "openid write:reports").await, "invalid_scope");
    let less = with_scope(&token, "read:reports").await.json();
    assert_eq!(claims(&text(&less, "access_token"))["scope"], "read:reports");
    assert_eq!(less["id_token"], Value::Null);
    assert_refused(&with_scope(&token, "openid write:reports").await, "invalid_scope");
    let all = App::refresh(&browser, &text(&less, "refresh_token")).await.json();
    assert!(text(&all, "scope").contains("openid"), "the token keeps what was granted");
}

#[tokio::test]
async fn a_token_for_another_api_than_was_granted_is_refused_and_costs_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let for_api = async |token: &str, name: &str, value: &str| {
        let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token), (name, value)];
        browser.post_with("/oauth/token", &fields, &[]).await
    };
    for other in ["https://other.example/", "https://unknown.example/"] {
        for name in ["resource", "audience"] {
            assert_refused(&for_api(&token, name, other).await, "invalid_target");
        }
    }
    let same = for_api(&token, "resource", "https://api.example/").await.json();
    assert_eq!(claims(&text(&same, "access_token"))["aud"], "https://api.example/");
}

#[tokio::test]
async fn what_is_not_a_refresh_token_is_refused() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let other_family = format!("AAAA{}", &token[4..]);
    for wrong in ["x", &token[1..], &format!("{token}A"), &other_family] {
        assert_refused(&App::refresh(&browser, wrong).await, "invalid_grant");
    }
    assert_refused(&App::refresh(&browser, "").await, "invalid_request");
    next(&browser, &token).await;
}

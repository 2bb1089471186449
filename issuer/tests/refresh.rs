//! `POST /oauth/token` with `grant_type=refresh_token`: rotation, replay, lifetimes, and what ends a family.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Answer, App, Browser, Server, claims, config};

/// Signs in with offline access; the refresh token.
async fn first_token(browser: &Browser) -> String {
    text(&App::offline("app").tokens(browser).await, "refresh_token")
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned()
}

/// Refreshes, and expects that it works; the token to go on with.
async fn next(browser: &Browser, refresh_token: &str) -> String {
    let answer = App::refresh(browser, refresh_token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "refresh_token")
}

fn with_reuse_interval(seconds: u32) -> String {
    config().replace("refresh_tokens = { idle", &format!("refresh_tokens = {{ reuse_interval = {seconds}, idle"))
}

fn assert_refused(answer: &Answer, error: &str) {
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
async fn a_replay_within_the_interval_brings_the_same_successor() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let successor = next(&browser, &token).await;
    server.clock.advance(Duration::from_secs(2));
    assert_eq!(next(&browser, &token).await, successor, "a lost answer");
    next(&browser, &successor).await;
}

#[tokio::test]
async fn a_later_replay_ends_its_family_and_no_other() {
    let server = Server::start().await;
    let (browser, phone) = (Browser::of(&server), Browser::of(&server));
    let (token, other_family, other_device) =
        (first_token(&browser).await, first_token(&browser).await, first_token(&phone).await);
    let successor = next(&browser, &token).await;
    server.clock.advance(Duration::from_secs(3));
    assert_refused(&App::refresh(&browser, &token).await, "invalid_grant");
    assert_refused(&App::refresh(&browser, &successor).await, "invalid_grant");
    next(&browser, &other_family).await;
    next(&phone, &other_device).await;
}

#[tokio::test]
async fn a_replay_ends_the_family_once_its_successor_was_used_however_soon() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let oldest = first_token(&browser).await;
    let older = next(&browser, &oldest).await;
    let newest = next(&browser, &older).await;
    assert_refused(&App::refresh(&browser, &oldest).await, "invalid_grant");
    assert_refused(&App::refresh(&browser, &newest).await, "invalid_grant");
}

#[tokio::test]
async fn of_a_hundred_uses_at_once_all_get_one_successor() {
    let server = Server::with(&with_reuse_interval(60)).await;
    let browser = Arc::new(Browser::of(&server));
    let token = first_token(&browser).await;
    let uses: Vec<_> = (0..100)
        .map(|_| {
            let (browser, token) = (Arc::clone(&browser), token.clone());
            tokio::spawn(async move { next(&browser, &token).await })
        })
        .collect();
    let mut successors = Vec::new();
    for used in uses {
        successors.push(used.await.unwrap());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
    next(&browser, &successors[0]).await;
}

#[tokio::test]
async fn of_a_hundred_uses_at_once_one_wins_where_no_replay_is_forgiven() {
    let server = Server::with(&with_reuse_interval(0)).await;
    let browser = Arc::new(Browser::of(&server));
    let token = first_token(&browser).await;
    let uses: Vec<_> = (0..100)
        .map(|_| {
            let (browser, token) = (Arc::clone(&browser), token.clone());
            tokio::spawn(async move { App::refresh(&browser, &token).await.status })
        })
        .collect();
    let mut winners = 0;
    for used in uses {
        winners += usize::from(used.await.unwrap() == 200);
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn an_unused_family_ends_and_a_used_one_lives_until_the_absolute_limit() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let unused = first_token(&browser).await;
    server.clock.advance(Duration::from_secs(1000));
    assert_refused(&App::refresh(&browser, &unused).await, "invalid_grant");

    let mut token = first_token(&browser).await;
    for _ in 0..5 {
        server.clock.advance(Duration::from_secs(990));
        token = next(&browser, &token).await;
    }
    server.clock.advance(Duration::from_secs(50));
    assert_refused(&App::refresh(&browser, &token).await, "invalid_grant");
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
async fn a_replayed_code_ends_the_family_it_began() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::offline("app").fresh_code(&browser).await;
    let token = text(&App::redeem(&browser, "app", &code).await.json(), "refresh_token");
    assert_refused(&App::redeem(&browser, "app", &code).await, "invalid_grant");
    assert_refused(&App::refresh(&browser, &token).await, "invalid_grant");
}

#[tokio::test]
async fn it_outlives_the_session_in_which_it_was_granted() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    browser.get(&format!("/oidc/logout?id_token_hint={}", text(&tokens, "id_token"))).await;
    next(&browser, &text(&tokens, "refresh_token")).await;
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

#[tokio::test]
async fn families_outlive_the_process_and_a_stolen_copy_holds_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&with_reuse_interval(60), &database, 0, false).await;
    let browser = Browser::of(&server);
    let used = first_token(&browser).await;
    let token = next(&browser, &used).await;
    let port = server.kill().await;
    let server = Server::launch(&with_reuse_interval(60), &database, port, false).await;
    assert_eq!(next(&browser, &used).await, token, "the interval is not over");
    let current = next(&browser, &token).await;
    server.provider.sweep().await.unwrap();
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let holds = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    assert!(holds(b"user-ann"), "the search finds what is there");
    for token in [&used, &token, &current] {
        use base64::Engine as _;
        let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap();
        assert!(!holds(token.as_bytes()) && !holds(&decoded[..32]) && !holds(&decoded[32..]));
    }
}

#[tokio::test]
async fn a_family_that_is_over_is_swept_away_with_its_grant_and_a_live_one_is_not() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let over = first_token(&browser).await;
    server.clock.advance(Duration::from_secs(900));
    let live = first_token(&browser).await;
    server.clock.advance(Duration::from_secs(900));
    server.provider.sweep().await.unwrap();
    assert_refused(&App::refresh(&browser, &over).await, "invalid_grant");
    next(&browser, &live).await;
}

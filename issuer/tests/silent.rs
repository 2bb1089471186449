//! `GET /authorize?prompt=none` and the other prompts: every outcome, and who may frame it.

use std::time::Duration;

use crate::support::{App, Browser, CALLBACK, Server};

async fn silent_error(browser: &Browser, app: &App) -> Option<String> {
    let query = app.clone().with("prompt", "none").query();
    let answer = browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(answer.status, 303);
    answer.sent(CALLBACK, '?').first("error").map(str::to_owned)
}

#[tokio::test]
async fn each_outcome() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    assert_eq!(silent_error(&browser, &app).await.as_deref(), Some("login_required"));

    app.tokens(&browser).await;
    let query = app.clone().with("prompt", "none").query();
    let sent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
    assert!(sent.first("code").is_some(), "signed in and allowed");
    assert_eq!(sent.first("iss"), Some(server.issuer().as_str()));

    let wider = app.with("audience", "https://api.example/").with("scope", "openid read:reports");
    assert_eq!(silent_error(&browser, &wider).await.as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn three_silent_renewals_in_a_row_bring_new_tokens_each_time() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    let mut tokens = vec![app.tokens(&browser).await];
    for _ in 0..3 {
        server.clock.advance(Duration::from_secs(400));
        tokens.push(app.clone().with("prompt", "none").tokens(&browser).await);
    }
    tokens.dedup_by_key(|tokens| tokens["access_token"].clone());
    assert_eq!(tokens.len(), 4);
}

#[tokio::test]
async fn a_silent_answer_may_be_framed_by_the_clients_origins_alone() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let good = App::code("app").with("prompt", "none");
    let wrong = good.clone().with("scope", "fly");
    for app in [good, wrong] {
        let answer = browser.get(&format!("/authorize?{}", app.query())).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert_eq!(policy, "default-src 'none'; frame-ancestors http://localhost:8080");
        assert_eq!(answer.header("x-frame-options"), None);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn an_idle_session_ends_and_a_used_one_lives_until_the_absolute_limit() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    app.tokens(&browser).await;
    // Idle limit 3600 s, absolute limit 36000 s.
    for _ in 0..11 {
        server.clock.advance(Duration::from_secs(3200));
        assert_eq!(silent_error(&browser, &app).await, None);
    }
    server.clock.advance(Duration::from_secs(1000));
    assert_eq!(silent_error(&browser, &app).await.as_deref(), Some("login_required"), "absolute");

    app.tokens(&browser).await;
    server.clock.advance(Duration::from_secs(3601));
    assert_eq!(silent_error(&browser, &app).await.as_deref(), Some("login_required"), "idle");
}

#[tokio::test]
async fn max_age_asks_again_when_the_sign_in_is_too_old() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    app.tokens(&browser).await;
    let recent = app.clone().with("max_age", "100");
    assert_eq!(silent_error(&browser, &recent).await, None);
    server.clock.advance(Duration::from_secs(102));
    assert_eq!(silent_error(&browser, &recent).await.as_deref(), Some("login_required"));
    let zero = app.with("max_age", "0");
    assert_eq!(silent_error(&browser, &zero).await.as_deref(), Some("login_required"));
    // With a person there, it is served: the new sign-in counts, and is not asked for twice.
    let tokens = zero.tokens(&browser).await;
    let claims = crate::support::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["auth_time"], claims["iat"]);
}

#[tokio::test]
async fn login_and_select_account_show_the_sign_in_page_to_somebody_signed_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    app.tokens(&browser).await;
    for prompt in ["login", "select_account"] {
        let answer = browser.get(&format!("/authorize?{}", app.clone().with("prompt", prompt).query())).await;
        assert!(answer.location().unwrap().starts_with("/sign-in?"), "{prompt}");
        let answered = browser.sign_in(&answer.interaction().unwrap(), "ann").await;
        assert!(answered.sent(CALLBACK, '?').first("code").is_some(), "{prompt}");
    }
}

#[tokio::test]
async fn id_token_hint_demands_that_very_person() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    let tokens = app.tokens(&browser).await;
    let hinting = app.clone().with("id_token_hint", tokens["id_token"].as_str().unwrap());
    server.clock.advance(Duration::from_secs(2000));
    assert_eq!(silent_error(&browser, &hinting).await, None, "an expired hint is still a hint");

    let other = Browser::of(&server);
    other.authorize_as("bob", &app.query()).await;
    assert_eq!(silent_error(&other, &hinting).await.as_deref(), Some("login_required"));
    // Bob signs in although Ann was meant: the client gets an answer about nobody.
    let sent = other.authorize_as("bob", &hinting.query()).await.sent(CALLBACK, '?');
    assert_eq!(sent.first("error"), Some("login_required"));
}

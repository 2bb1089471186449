//! A family of refresh tokens: how it rotates, forgives, ends, and lasts.

use std::sync::Arc;
use std::time::Duration;

use crate::refresh::{assert_refused, first_token, next, text};
use crate::support::{App, Browser, Server, config};

fn with_reuse_interval(seconds: u32) -> String {
    config().replace("refresh_tokens = { idle", &format!("refresh_tokens = {{ reuse_interval = {seconds}, idle"))
}

#[tokio::test]
async fn a_replay_within_the_interval_brings_the_same_successor() {
    let server = Server::with(&with_reuse_interval(60)).await;
    let browser = Browser::of(&server);
    let token = first_token(&browser).await;
    let successor = next(&browser, &token).await;
    server.clock.advance(Duration::from_secs(30));
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

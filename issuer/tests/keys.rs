//! Signing keys change without anybody noticing: published before they sign, and for as long as anything is signed with them.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use evergrant_core::protocol::ClientId;
use evergrant_issuer::keys::{KeyRing, Withdrawn};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{issuer, started};
use crate::support::{App, Browser, Server, config};

async fn published(browser: &Browser) -> Vec<String> {
    let keys = browser.get("/.well-known/jwks.json").await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &Value) -> String {
    let header = token.as_str().unwrap();
    evergrant_core::protocol::jwt::Unverified::parse(header).unwrap().header.kid.unwrap()
}

async fn id_token(browser: &Browser) -> Value {
    App::code("app").tokens(browser).await["id_token"].clone()
}

#[tokio::test]
async fn old_and_new_overlap() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let before = id_token(&browser).await;
    let old = kid(&before);
    let provider = &server.provider;
    let added = KeyRing::rotate(&*provider.store, &provider.config, server.clock.now()).await.unwrap();
    provider.sweep().await.unwrap();
    let new = added.first().unwrap().clone();
    assert_eq!(published(&browser).await, [new.clone(), old.clone()]);
    assert_eq!(kid(&id_token(&browser).await), old, "not before everybody can know it");

    server.clock.advance(Duration::from_secs(300));
    let after = id_token(&browser).await;
    assert_eq!(kid(&after), new);
    for token in [&before, &after] {
        App::validate(&server, "app", token.as_str().unwrap(), None, None).await.unwrap();
    }
    // The longest-lived token here, for the other API, lasts a day.
    server.clock.advance(Duration::from_secs(86_390));
    provider.sweep().await.unwrap();
    assert_eq!(published(&browser).await, [new.clone(), old]);
    server.clock.advance(Duration::from_secs(20));
    provider.sweep().await.unwrap();
    assert_eq!(published(&browser).await, std::slice::from_ref(&new));
    assert_eq!(kid(&id_token(&browser).await), new);
}

/// After a key that a clock made which was ahead, until that day, the command named keys and stored none.
#[tokio::test]
async fn rotating_by_command_named_a_key_that_there_never_was() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let (provider, now) = (&server.provider, server.clock.now());
    let rotate = async |at| KeyRing::rotate(&*provider.store, &provider.config, at).await.unwrap().remove(0);
    let ahead = rotate(now + Duration::from_secs(1_000_000)).await;
    let named = rotate(now).await;
    provider.notice().await.unwrap();
    assert_eq!(published(&browser).await[..2], [ahead, named.clone()]);
    server.clock.advance(Duration::from_secs(300));
    assert_eq!(kid(&id_token(&browser).await), named);
}

/// With a key of its own for `trusted`.
fn with_own_key() -> String {
    config().replace(r#"client_id = "trusted""#, "client_id = \"trusted\"\nown_signing_key = true")
}

async fn userinfo(browser: &Browser, token: &Value) -> u16 {
    let header = format!("Bearer {}", token.as_str().unwrap());
    browser.send(Method::GET, "/userinfo", &[("authorization", &header)], None).await.status
}

#[tokio::test]
async fn a_clients_own_key_is_withdrawn_with_all_it_signed_and_nothing_else() {
    let server = Server::with(&with_own_key()).await;
    let browser = Browser::of(&server);
    let provider = &server.provider;
    let own = App::code("trusted").tokens(&browser).await;
    let others = App::offline("app").tokens(&browser).await;
    let old = kid(&own["access_token"]);
    assert_eq!(kid(&own["id_token"]), old);
    assert_ne!(kid(&others["access_token"]), old);
    assert_eq!(published(&browser).await.len(), 2);
    App::validate(&server, "trusted", own["id_token"].as_str().unwrap(), None, None).await.unwrap();
    assert_eq!(userinfo(&browser, &own["access_token"]).await, 200);

    let withdrawn = Withdrawn::Client(ClientId::new("trusted"));
    assert_eq!(KeyRing::withdraw(&*provider.store, &withdrawn).await.unwrap(), std::slice::from_ref(&old));
    provider.notice().await.unwrap();
    assert!(!published(&browser).await.contains(&old));
    assert_eq!(userinfo(&browser, &own["access_token"]).await, 401);
    assert_eq!(userinfo(&browser, &others["access_token"]).await, 200);
    let next = App::code("trusted").tokens(&browser).await;
    assert!(published(&browser).await.contains(&kid(&next["access_token"])), "a new one from the next token on");
    assert_eq!(userinfo(&browser, &next["access_token"]).await, 200);

    let by_name = Withdrawn::Kid(kid(&others["access_token"]));
    KeyRing::withdraw(&*provider.store, &by_name).await.unwrap();
    provider.notice().await.unwrap();
    assert_eq!(userinfo(&browser, &others["access_token"]).await, 401);
    assert_eq!(userinfo(&browser, &next["access_token"]).await, 200);
    assert_eq!(App::refresh(&browser, others["refresh_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn keys_change_by_schedule_once_for_all_issuers_on_one_store() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let scheduled = config().replace("[lifetimes]", "[keys]\nrotate_every = 1000\noverlap = 100\n\n[lifetimes]");
    let one = Server::launch(&scheduled, &database, 0, false).await;
    let other = Server::launch(&scheduled, &database, 0, false).await;
    let (browser, elsewhere) = (Browser::of(&one), Browser::of(&other));
    let first = published(&browser).await;
    assert_eq!((first.len(), published(&elsewhere).await), (1, first.clone()));
    for server in [&one, &other] {
        server.clock.advance(Duration::from_secs(1001));
    }
    let (this, that) = tokio::join!(one.provider.sweep(), other.provider.sweep());
    this.and(that).unwrap();
    one.provider.notice().await.unwrap();
    let both = published(&browser).await;
    assert_eq!((both.len(), &both[1]), (2, &first[0]));
    assert_eq!(kid(&id_token(&browser).await), first[0], "not before everybody can know the new one");
    for server in [&one, &other] {
        server.clock.advance(Duration::from_secs(100));
        server.provider.sweep().await.unwrap();
    }
    assert_eq!(published(&elsewhere).await, both, "it is not due again");
    for browser in [&browser, &elsewhere] {
        assert_eq!(kid(&id_token(browser).await), both[0]);
    }
}

/// None ever left, where the next came before the tokens of the one before had expired: each new one put off all removals.
#[tokio::test]
async fn keys_that_change_more_often_than_tokens_last_stayed_published_for_ever() {
    const HALF_A_DAY: u64 = 43_200;
    let scheduled = config().replace("[lifetimes]", "[keys]\nrotate_every = 43200\noverlap = 100\n\n[lifetimes]");
    let server = Server::with(&scheduled).await;
    let browser = Browser::of(&server);
    let mut signed_with = Vec::new();
    for _ in 0..8 {
        server.clock.advance(Duration::from_secs(HALF_A_DAY));
        server.provider.sweep().await.unwrap();
        server.clock.advance(Duration::from_secs(100));
        signed_with.push(kid(&id_token(&browser).await));
        server.provider.sweep().await.unwrap();
        // Tokens last a day here at the most: those of the last two keys are good, and those of the one before nearly.
        let published = published(&browser).await;
        let good: Vec<String> = signed_with.iter().rev().take(3).cloned().collect();
        assert_eq!(published[..good.len()], good, "{signed_with:?}");
        assert!(published.len() <= 4, "{} are published", published.len());
    }
}

#[tokio::test]
async fn whoever_has_the_published_keys_is_told_so() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let path = "/.well-known/jwks.json";
    let answer = browser.get(path).await;
    let known = [("if-none-match", answer.header("etag").unwrap())];
    assert_eq!(
        answer.header("cache-control"),
        Some("public, max-age=5"),
        "a key that is withdrawn is soon in no cache"
    );
    assert_eq!(browser.send(Method::GET, path, &known, None).await.status, 304);
    KeyRing::rotate(&*server.provider.store, &server.provider.config, server.clock.now()).await.unwrap();
    server.provider.notice().await.unwrap();
    assert_eq!(browser.send(Method::GET, path, &known, None).await.status, 200);
}

/// The demo's issuer on a file, by its own command.
struct Demo {
    directory: TempDir,
}

impl Demo {
    const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml");

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = issuer(arguments);
        command.args(["--config", Self::CONFIG, "--database"]).arg(self.directory.path().join("issuer.sqlite3"));
        command
    }

    fn start(&self) -> (Child, Browser) {
        let (child, url) = started(self.command(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close"]), Stdio::null());
        (child, Browser::at(&url))
    }

    /// What a command prints, line by line; the command must succeed.
    fn printed(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[tokio::test]
async fn the_command_adds_one_for_each_use_of_a_key() {
    let demo = Demo { directory: tempfile::tempdir().unwrap() };
    let (child, browser) = demo.start();
    let old = published(&browser).await;
    end(child);
    let added = demo.printed(&["rotate-keys"]);
    assert_eq!(added.len(), 2, "everybody's, and the one of testclient");
    let (child, browser) = demo.start();
    let all = published(&browser).await;
    assert_eq!(all.len(), 4);
    assert!(added.iter().chain(&old).all(|kid| all.contains(kid)), "{all:?}");
    end(child);
}

#[tokio::test]
async fn a_key_withdrawn_by_command_is_gone_from_a_running_issuer_within_seconds() {
    let demo = Demo { directory: tempfile::tempdir().unwrap() };
    let (child, browser) = demo.start();
    let fields = [
        ("client_id", "testclient"),
        ("client_secret", "secret"),
        ("grant_type", "password"),
        ("username", "test"),
        ("password", "test"),
        ("scope", "openid"),
    ];
    let token = browser.post_with("/oauth/token", &fields, &[]).await.json()["access_token"].clone();
    assert_eq!(userinfo(&browser, &token).await, 200);
    assert_eq!(demo.printed(&["withdraw-key", "--client", "testclient"]), [kid(&token)]);
    let withdrawn = Instant::now();
    while published(&browser).await.contains(&kid(&token)) {
        assert!(withdrawn.elapsed() < Duration::from_secs(20), "it is still published");
        tokio::task::yield_now().await;
    }
    assert_eq!(userinfo(&browser, &token).await, 401);
    let token = browser.post_with("/oauth/token", &fields, &[]).await.json()["access_token"].clone();
    assert_eq!(userinfo(&browser, &token).await, 200);

    let unknown = demo.command(&["withdraw-key", "--client", "evergrant-app"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("no such key"));
    end(child);
}

/// In another directory than the issuer's, it had made a database of its own, and said that the keys were changed.
#[test]
fn a_command_that_found_no_database_changed_the_keys_of_a_new_one() {
    let demo = Demo { directory: tempfile::tempdir().unwrap() };
    let sign_out = ["sign-out-person", "--subject", "user|1f0c7d52"];
    for command in [&["rotate-keys"][..], &["withdraw-key", "--client", "testclient"], &sign_out] {
        let output = demo.command(command).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("there is no database") && said.contains("issuer.sqlite3"), "{said}");
    }
    assert_eq!(std::fs::read_dir(demo.directory.path()).unwrap().count(), 0);
}

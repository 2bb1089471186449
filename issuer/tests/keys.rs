//! Signing keys change without anybody noticing: published before they sign, and for as long as anything is signed with them.

use std::process::Stdio;
use std::time::Duration;

use evergrant_issuer::keys::KeyRing;
use serde_json::Value;

use crate::process::{issuer, started};
use crate::support::{App, Browser, Server};

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

#[tokio::test]
async fn the_command_adds_one_for_each_algorithm_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml");
    let start = || {
        let mut command = issuer(&["--config", demo, "--listen", "127.0.0.1:0", "--exit-on-stdin-close", "--database"]);
        command.arg(&database);
        started(command, Stdio::null())
    };
    let (mut child, url) = start();
    let old = published(&Browser::at(&url)).await;
    drop(child.stdin.take());
    child.wait().unwrap();

    let rotated = issuer(&["rotate-keys", "--config", demo, "--database"]).arg(&database).output().unwrap();
    assert!(rotated.status.success(), "{rotated:?}");
    let added = String::from_utf8(rotated.stdout).unwrap();
    let (mut child, url) = start();
    assert_eq!(published(&Browser::at(&url)).await, [added.trim_end(), old[0].as_str()]);
    drop(child.stdin.take());
    child.wait().unwrap();
}

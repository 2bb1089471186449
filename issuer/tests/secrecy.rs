//! No secret reaches a log or a `Debug` text.

use std::fs::File;

use crate::process::{issuer, started};
use crate::support::{App, Browser, CALLBACK, Device, PASSWORD, Postgres, Server, VERIFIER, config};

#[tokio::test]
async fn the_log_of_a_whole_visit_holds_no_secret_even_at_its_most_talkative() {
    assert_nothing_leaks(&["--database", ":memory:"], &[]).await;
}

#[tokio::test]
async fn the_log_of_a_visit_with_postgres_holds_no_secret_either() {
    const DATABASE_PASSWORD: &str = "hunter2-of-the-database";
    let database = Postgres::shared().database().await;
    let role = database.create_owner("talkative", DATABASE_PASSWORD).await;
    let url = database.url_over_tcp(&format!("{role}:{DATABASE_PASSWORD}"), "127.0.0.1");
    assert_nothing_leaks(&["--database-url", &url], &[DATABASE_PASSWORD, "PRIVATE KEY"]).await;
}

/// `store` are the flags that name the database, `its_secrets` what it has of its own to hide.
async fn assert_nothing_leaks(store: &[&str], its_secrets: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let (file, log) = (directory.path().join("issuer.toml"), directory.path().join("log"));
    std::fs::write(&file, config()).unwrap();
    let mut command = issuer(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close"]);
    command.args(store).arg("--config").arg(&file).env("RUST_LOG", "trace");
    let (mut child, url) = started(command, File::create(&log).unwrap().into());

    let browser = Browser::at(&url);
    let tokens = App::offline("app").tokens(&browser).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refreshed = App::refresh(&browser, refresh_token).await.json();
    let successor = refreshed["refresh_token"].as_str().unwrap();
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", successor)], &[]).await;
    App::refresh(&browser, refresh_token).await;
    let implicit = App::implicit("id_token token").query();
    let sent = browser.authorize_as("ann", &implicit).await.sent(CALLBACK, '#');
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    let device_tokens = device.poll(&browser).await.json();
    let code = App::code("app").fresh_code(&browser).await;
    App::redeem(&browser, "trusted", &code).await;
    let token = tokens["access_token"].as_str().unwrap();
    let header = format!("Bearer {token}");
    browser.post_with("/userinfo", &[], &[("authorization", &header)]).await;
    let session = browser.cookie("evergrant-session").unwrap();
    let hint = tokens["id_token"].as_str().unwrap();
    browser.get(&format!("/oidc/logout?id_token_hint={hint}")).await;
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());

    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("/authorize") && log.contains("/oauth/token") && log.contains("303"), "{log}");
    for secret in [
        PASSWORD,
        VERIFIER,
        &code,
        &session,
        &browser.cookie("evergrant-browser").unwrap(),
        sent.first("access_token").unwrap(),
        token,
        refresh_token,
        successor,
        hint,
        &device.device_code,
        &device.user_code,
        &device.user_code.replace('-', ""),
        device_tokens["access_token"].as_str().unwrap(),
        device_tokens["refresh_token"].as_str().unwrap(),
        "state=",
        "interaction=",
    ]
    .iter()
    .chain(its_secrets)
    {
        assert!(!log.contains(secret), "in the log: {secret}");
    }
}

#[tokio::test]
async fn debug_texts_hold_no_secret() {
    let server = Server::start().await;
    let text = format!("{:?}", server.provider);
    assert!(
        text.contains("ClientSecretHash(") && text.contains("PasswordHash(") && text.contains("SigningKey"),
        "{text}"
    );
    let config = &server.provider.config;
    let keys = server.provider.store.signing_keys().await.unwrap();
    let of_people = config.users.iter().map(|person| person.password_hash.fingerprint().as_bytes().to_vec());
    let of_clients = config.clients.iter().flat_map(|client| &client.secret_hashes).map(|hash| {
        let text = hash.to_text();
        let hex = text.strip_prefix("sha256:").unwrap();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    });
    let secrets: Vec<Vec<u8>> = keys.iter().map(|key| key.pkcs8.clone()).chain(of_people).chain(of_clients).collect();
    assert!(secrets.len() >= 4, "a key, two people and a client");
    assert!(secrets.iter().all(|secret| shows(&format!("{secret:?}"), secret)), "what a derived Debug prints is seen");
    assert!(!secrets.iter().any(|secret| shows(&text, secret)), "{text}");
    assert!(!text.contains("$argon2id"), "{text}");
}

/// Whether `text` has these bytes: as `Debug` writes them in one line, or in hex.
fn shows(text: &str, bytes: &[u8]) -> bool {
    let decimal = format!("{bytes:?}");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.contains(&decimal) || text.to_lowercase().contains(&hex)
}

//! What was acknowledged survives the end of the process.

use crate::support::{App, Browser, CALLBACK, Device, Server, config};

#[tokio::test]
async fn sessions_codes_consents_and_keys_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    let code = app.fresh_code(&browser).await;
    let used = app.fresh_code(&browser).await;
    let tokens = App::redeem(&browser, "app", &used).await.json();
    let keys = browser.get("/.well-known/jwks.json").await.body;

    let port = server.kill().await;
    let server = Server::launch(&config(), &database, port, false).await;
    assert_eq!(browser.get("/.well-known/jwks.json").await.body, keys);
    let id_token = tokens["id_token"].as_str().unwrap();
    App::validate(&server, "app", id_token, None, None).await.unwrap();
    assert_eq!(App::redeem(&browser, "app", &code).await.status, 200, "an unused code");
    assert_eq!(App::redeem(&browser, "app", &used).await.status, 400, "a used one");
    let silent = browser.get(&format!("/authorize?{}", app.with("prompt", "none").query())).await;
    assert!(silent.sent(CALLBACK, '?').has("code"), "session and consent");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone_and_holds_no_secret_in_clear() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    let code = App::code("app").fresh_code(&browser).await;
    let session = browser.cookie("evergrant-session").unwrap();
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        bytes.extend(std::fs::read(&path).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("user-ann"), "the search finds what is there");
    assert!(!holds(&code) && !holds(&session) && !holds(&device.device_code));
    let hash = server.provider.config.users[0].password_hash.as_phc();
    assert!(hash.split('$').all(|part| part.is_empty() || !holds(part)), "neither the hash nor its salt");
}

/// SQLite goes on with a file that was removed, and everything seemed well until the next start.
#[cfg(unix)]
#[tokio::test]
async fn a_database_that_was_removed_or_replaced_was_called_healthy() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    let health = async || browser.get("/healthz").await.status;
    assert_eq!(health().await, 200);
    let aside = directory.path().join("aside.sqlite3");
    std::fs::rename(&database, &aside).unwrap();
    assert_eq!(health().await, 503);
    std::fs::copy(&aside, &database).unwrap();
    assert_eq!(health().await, 503);
    assert!(server.provider.notice().await.unwrap_err().to_string().contains("start it anew"));
    std::fs::rename(&aside, &database).unwrap();
    assert_eq!(health().await, 200);
}

#[tokio::test]
async fn what_is_over_is_swept_away_and_the_rest_is_not() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    app.tokens(&browser).await;
    server.clock.advance(std::time::Duration::from_secs(3000));
    server.provider.sweep().await.unwrap();
    let silent = browser.get(&format!("/authorize?{}", app.clone().with("prompt", "none").query())).await;
    assert!(silent.sent(CALLBACK, '?').has("code"), "the session is not over");
    server.clock.advance(std::time::Duration::from_secs(40_000));
    server.provider.sweep().await.unwrap();
    assert!(browser.get("/").await.body.contains("Nobody is signed in"));
}

//! `evergrant-issuer sign-out-person`: whoever runs an issuer ends what one person is signed in with, while it serves.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::process::{issuer, started};
use crate::support::{App, Browser, CALLBACK, Postgres, config};

/// Longer than an issuer takes to notice on a slow machine, and an end to waiting.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

/// What says which database is meant.
type Database = [String; 2];

fn sign_out(file: &PathBuf, database: &Database, subject: &str) -> Output {
    issuer(&["sign-out-person", "--subject", subject]).arg("--config").arg(file).args(database).output().unwrap()
}

/// What it says of somebody who is there.
fn ended(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap().trim_end().to_owned()
}

/// What it says of somebody who is not.
fn refused(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

async fn silent_error(browser: &Browser) -> Option<String> {
    let query = App::offline("app").with("prompt", "none").query();
    browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?').first("error").map(str::to_owned)
}

async fn a_person_is_signed_out_while_the_issuer_serves(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuer.toml");
    std::fs::write(&file, config()).unwrap();
    let mut serve = issuer(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close"]);
    serve.arg("--config").arg(&file).args(&database);
    let (mut child, url) = started(serve, Stdio::null());
    let [laptop, phone, bobs] = [(); 3].map(|()| Browser::at(&url));
    let tokens = App::offline("app").tokens(&laptop).await;
    App::code("app").tokens(&phone).await;
    bobs.authorize_as("bob", &App::offline("app").query()).await;

    assert_eq!(ended(&sign_out(&file, &database, "user-ann")), "2 sessions and 1 refresh token ended");
    for browser in [&laptop, &phone] {
        assert_eq!(silent_error(browser).await.as_deref(), Some("login_required"));
    }
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(App::refresh(&laptop, refresh_token).await.json()["error"], "invalid_grant");
    let began = Instant::now();
    let grant_id = crate::support::claims(tokens["access_token"].as_str().unwrap())["grant_id"].clone();
    while !laptop.get("/oauth/revoked").await.body.contains(grant_id.as_str().unwrap()) {
        assert!(began.elapsed() < NOTICED_WITHIN, "the access token still counts");
        tokio::task::yield_now().await;
    }
    assert_eq!(silent_error(&bobs).await, None);

    assert_eq!(ended(&sign_out(&file, &database, "user-ann")), "0 sessions and 0 refresh tokens ended");
    let said = refused(&sign_out(&file, &database, "user-eve"));
    assert!(said.contains("nobody has the sub user-eve"), "{said}");
    let said = refused(&sign_out(&file, &database, "ann"));
    assert!(said.contains("their sub is user-ann"), "{said}");
    // Whom the configuration has no longer.
    App::offline("app").tokens(&phone).await;
    std::fs::write(&file, config().replace("user-ann", "user-anna")).unwrap();
    assert_eq!(ended(&sign_out(&file, &database, "user-ann")), "1 session and 1 refresh token ended");
    assert!(refused(&sign_out(&file, &database, "user-ann")).contains("nobody has the sub user-ann"));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[tokio::test]
async fn with_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3").display().to_string();
    a_person_is_signed_out_while_the_issuer_serves(["--database".to_owned(), database]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_its_postgresql() {
    let database = Postgres::shared().database().await;
    a_person_is_signed_out_while_the_issuer_serves(["--database-url".to_owned(), database.url()]).await;
}

//! A sign-out, or a consent that is withdrawn, at the very moment in which something is granted: it is waited for, and nothing outlives
//! it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Answer, App, Browser, CALLBACK, Database, Device, Postgres, Server, config, field};

/// Longer than anything here takes on a slow machine, and an end to waiting for what never comes.
const PATIENCE: Duration = Duration::from_secs(30);

async fn issuer(database: &Database) -> Server {
    Server::on(Arc::new(database.open().await.unwrap()), &config(), 0, false).await
}

/// What is answered to somebody whose session is being ended, and has ended when their request comes to write something.
async fn while_all_sign_out(database: &Database, asking: impl Future<Output = Answer>) -> Answer {
    while_all_goes_from(database, "session", asking).await
}

/// The same with any table.
async fn while_all_goes_from(database: &Database, table: &str, asking: impl Future<Output = Answer>) -> Answer {
    let mut ends = database.connect().await;
    let ending = ends.transaction().await.unwrap();
    assert!(ending.execute(&format!("DELETE FROM {table}"), &[]).await.unwrap() > 0);
    let end = async {
        somebody_waits(database).await;
        ending.commit().await.unwrap();
    };
    tokio::join!(asking, end).0
}

/// Returns when somebody waits for what is locked.
async fn somebody_waits(database: &Database) {
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until_there_are(database, waiting, true).await;
}

/// Returns when there are rows, or none.
async fn until_there_are(database: &Database, sql: &str, some: bool) {
    let (looks, began) = (database.connect().await, Instant::now());
    while looks.query(sql, &[]).await.unwrap().is_empty() == some {
        assert!(began.elapsed() < PATIENCE, "{sql}");
        tokio::task::yield_now().await;
    }
}

/// The browser was gone when the database answered, and with it the sign-out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_closed_the_page_as_soon_as_they_signed_out_stayed_signed_in() {
    let database = Postgres::shared().database().await;
    let issuer = issuer(&database).await;
    for everywhere in [true, false] {
        let browser = Browser::of(&issuer);
        let id_token = App::code("trusted").tokens(&browser).await["id_token"].as_str().unwrap().to_owned();
        let form_token = field(&browser.get("/account").await, "form_token");
        let signing_out = async {
            match everywhere {
                true => {
                    let fields = [("form_token", form_token.as_str()), ("everywhere", "yes")];
                    browser.post("/account/sign-out", &fields).await
                }
                false => browser.get(&format!("/oidc/logout?id_token_hint={id_token}")).await,
            }
        };
        let mut keeps = database.connect().await;
        let keeping = keeps.transaction().await.unwrap();
        keeping.query("SELECT 1 FROM session FOR UPDATE", &[]).await.unwrap();
        tokio::select! {
            _ = signing_out => panic!("it was not waited for"),
            () = somebody_waits(&database) => {}
        }
        // Until the issuer has seen that the browser is gone.
        for _ in 0..20 {
            Browser::of(&issuer).get("/livez").await;
        }
        keeping.commit().await.unwrap();
        until_there_are(&database, "SELECT 1 FROM session", false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_while_a_request_is_granted_is_asked_to_sign_in_and_an_iframe_is_told() {
    let database = Postgres::shared().database().await;
    let issuer = issuer(&database).await;
    for (app, separator) in [(App::code("trusted"), '?'), (App::implicit("id_token token"), '#')] {
        let browser = Browser::of(&issuer);
        browser.authorize_as("ann", &app.query()).await;
        let shown = format!("/authorize?{}", app.query());
        let answer = while_all_sign_out(&database, browser.get(&shown)).await;
        assert!(answer.location().unwrap().starts_with("/sign-in?"), "{:?}", answer.location());

        browser.authorize_as("ann", &app.query()).await;
        let silent = format!("/authorize?{}", app.clone().with("prompt", "none").query());
        let answer = while_all_sign_out(&database, browser.get(&silent)).await;
        assert_eq!(answer.sent(CALLBACK, separator).first("error"), Some("login_required"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_withdraws_a_consent_while_a_request_is_granted_is_asked_again_and_an_iframe_is_told() {
    let database = Postgres::shared().database().await;
    let issuer = issuer(&database).await;
    for (app, separator) in [(App::code("app"), '?'), (App::implicit("id_token token"), '#')] {
        let browser = Browser::of(&issuer);
        browser.authorize_as("ann", &app.query()).await;
        let shown = format!("/authorize?{}", app.query());
        let answer = while_all_goes_from(&database, "consent", browser.get(&shown)).await;
        let page = answer.location().unwrap();
        assert!(page.starts_with("/consent?"), "{page}");
        assert_eq!(browser.get(&page).await.status, 200);

        browser.authorize_as("ann", &app.query()).await;
        let silent = format!("/authorize?{}", app.clone().with("prompt", "none").query());
        let answer = while_all_goes_from(&database, "consent", browser.get(&silent)).await;
        assert_eq!(answer.sent(CALLBACK, separator).first("error"), Some("consent_required"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_not_allowed_by_who_signs_out_at_that_moment() {
    let database = Postgres::shared().database().await;
    let issuer = issuer(&database).await;
    let browser = Browser::of(&issuer);
    let device = Device::start(&browser).await;
    let page = device.asked(&browser, "ann").await;
    let answer = while_all_sign_out(&database, Device::decide(&browser, &page, "allow")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("This page is out of date"), "{}", answer.body);
    assert_eq!(device.polled(&browser).await, "authorization_pending");
}

//! A database that is gone for a while: requests are told to come back, and what comes back works by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;
use evergrant_issuer::secret::SecretHash;
use evergrant_issuer::store::Session;
use evergrant_issuer::{PostgresStore, Store as _};

use crate::support::{Answer, App, Browser, Condition, Link, Postgres, Server, config};

/// Longer than anything here takes on a slow machine, and an end to waiting for what never comes.
const PATIENCE: Duration = Duration::from_secs(60);

fn assert_told_to_come_back(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert!(!answer.body.to_lowercase().contains("postgres"), "{}", answer.body);
}

/// Refreshes as a client does that is told to come back.
async fn refresh_at_last(browser: &Browser, token: &str) -> String {
    let began = Instant::now();
    loop {
        let answer = App::refresh(browser, token).await;
        if answer.status == 200 {
            return answer.json()["refresh_token"].as_str().unwrap().to_owned();
        }
        assert_told_to_come_back(&answer);
        assert!(began.elapsed() < PATIENCE, "it does not recover");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_lost_is_answered_with_503_and_found_again() {
    let server = Postgres::shared();
    let database = server.database().await;
    let link = Link::to(&server.socket()).await;
    let store = PostgresStore::open(&database.url_behind(link.port).parse().unwrap()).await.unwrap();
    // Whoever is not told what became of a refresh token asks again.
    let forgiving = config().replace("refresh_tokens = { idle", "refresh_tokens = { reuse_interval = 600, idle");
    let issuer = Server::on(Arc::new(store), &forgiving, 0, false).await;
    let browser = Browser::of(&issuer);
    let tokens = App::offline("app").tokens(&browser).await;
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();

    for condition in [Condition::Cut, Condition::Silent, Condition::Cut] {
        link.becomes(condition);
        assert_told_to_come_back(&App::refresh(&browser, &token).await);
        assert_told_to_come_back(&browser.get(&format!("/authorize?{}", App::code("app").query())).await);
        assert_eq!(browser.get("/healthz").await.status, 503);
        // What needs no database goes on: keys are published, and tokens that were issued are good.
        assert_eq!(browser.get("/.well-known/jwks.json").await.status, 200);
        let issued = format!("/secret?access_token={}", tokens["access_token"].as_str().unwrap());
        assert!(browser.get(&issued).await.status < 500);

        link.becomes(Condition::Sound);
        token = refresh_at_last(&browser, &token).await;
        assert_eq!(browser.get("/healthz").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_are_replaced() {
    let database = Postgres::shared().database().await;
    let issuer = Server::on(Arc::new(database.open().await.unwrap()), &config(), 0, false).await;
    let browser = Browser::of(&issuer);
    let tokens = App::offline("app").tokens(&browser).await;
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    refresh_at_last(&browser, tokens["refresh_token"].as_str().unwrap()).await;
}

/// A connection whose prepared statements were gone, or whose server had become one that only reads, stayed in use and failed
/// for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_of_no_more_use_were_used_again_and_again() {
    let database = Postgres::shared().database().await;
    let store = database.open().await.unwrap();
    let begin = async |sid: &str| {
        let now = UnixTime::from_seconds(1_800_000_000);
        let session = Session {
            id: SecretHash::of(sid),
            sid: sid.to_owned(),
            subject: Subject::new("ann"),
            device: String::new(),
            password: None,
            auth_time: now,
            idle_until: now,
            absolute_until: now,
        };
        store.start_session(session, None).await
    };
    for (number, spoil) in ["DEALLOCATE ALL", "SET default_transaction_read_only = on"].into_iter().enumerate() {
        database
            .execute(&format!(
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE '{spoil}'; RETURN new; END $$;
                 CREATE TRIGGER spoil BEFORE INSERT ON session FOR EACH ROW EXECUTE FUNCTION spoil()"
            ))
            .await;
        begin(&format!("spoils-{number}")).await.unwrap();
        database.execute("DROP TRIGGER spoil ON session; DROP FUNCTION spoil()").await;
        let refused = begin(&format!("refused-{number}")).await.unwrap_err().to_string();
        assert!(refused.contains("26000") || refused.contains("25006"), "{refused}");
        begin(&format!("works-{number}")).await.unwrap();
    }
}

//! `GET /healthz` and `GET /livez`: what a process can do, told apart from whether it answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{App, Browser, Postgres, Server, config};

/// A store that is written again is seen to be within seconds.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

async fn health(browser: &Browser) -> (u16, String) {
    let answer = browser.get("/healthz").await;
    (answer.status, answer.body)
}

async fn becomes(browser: &Browser, status: u16, words: &str) {
    let began = Instant::now();
    while health(browser).await != (status, format!("{words}\n")) {
        assert!(began.elapsed() < SEEN_WITHIN, "{:?}", health(browser).await);
        tokio::task::yield_now().await;
    }
}

/// What needs no write goes on, and a new process would be no better.
async fn it_still_answers(browser: &Browser) {
    assert_eq!(browser.get("/livez").await.body, "ok\n");
    assert_eq!(browser.get("/.well-known/jwks.json").await.status, 200);
    assert_eq!(browser.get(&format!("/authorize?{}", App::code("app").query())).await.status, 503);
}

/// Whoever asked handed it sign-ins that all failed.
#[tokio::test]
async fn a_file_that_could_not_be_written_was_called_healthy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &path, 0, false).await;
    let browser = Browser::of(&server);
    let file = rusqlite::Connection::open(&path).unwrap();
    let tables = ["health", "interaction"];
    for table in tables {
        file.execute_batch(&format!(
            "CREATE TRIGGER {table}_full BEFORE INSERT ON {table}
             BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        ))
        .unwrap();
    }
    assert_eq!(health(&browser).await, (503, "the store cannot be written\n".to_owned()));
    it_still_answers(&browser).await;
    tables.iter().for_each(|table| file.execute_batch(&format!("DROP TRIGGER {table}_full")).unwrap());
    becomes(&browser, 200, "ok").await;
}

/// As after a failover to one that only reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_could_not_be_written_was_called_healthy() {
    let database = Postgres::shared().database().await;
    let server = Server::on(Arc::new(database.open().await.unwrap()), &config(), 0, false).await;
    let browser = Browser::of(&server);
    let reads_only = async |is_so: &str| {
        let client = database.connect().await;
        // Each by itself: a batch is one transaction, and begins as the one before left it.
        for sql in [
            "SET default_transaction_read_only = off",
            &format!("ALTER DATABASE {} SET default_transaction_read_only = {is_so}", database.name()),
            // Connections keep what they began with.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        ] {
            client.batch_execute(sql).await.unwrap();
        }
    };
    reads_only("on").await;
    becomes(&browser, 503, "the store cannot be written").await;
    it_still_answers(&browser).await;
    // One that is started anew meanwhile comes as far.
    let another = Server::on(Arc::new(database.open().await.unwrap()), &config(), 0, false).await;
    it_still_answers(&Browser::of(&another)).await;
    reads_only("off").await;
    becomes(&browser, 200, "ok").await;
}

#[tokio::test]
async fn many_who_ask_cost_one_write_every_few_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &path, 0, false).await;
    let browser = Browser::of(&server);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "CREATE TABLE written (at INTEGER);
         CREATE TRIGGER count_writes AFTER INSERT ON health BEGIN INSERT INTO written VALUES (new.written_at); END;
         CREATE TRIGGER count_more_writes AFTER UPDATE ON health BEGIN INSERT INTO written VALUES (new.written_at); END",
    )
    .unwrap();
    let began = Instant::now();
    for _ in 0..200 {
        assert_eq!(health(&browser).await.0, 200);
    }
    let written: u64 = file.query_row("SELECT count(*) FROM written", [], |row| row.get::<_, u32>(0)).unwrap().into();
    assert!(written >= 1 && written <= 1 + began.elapsed().as_secs() / 5, "{written} in {:?}", began.elapsed());
}

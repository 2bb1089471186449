//! The program itself: it sends without being asked to, also what a command has ended, and its log says who does not answer, once.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Receiver, config, hears, sid, told_at};
use crate::process::{issuer, started};
use crate::support::{App, Browser, Postgres};

/// Longer than an issuer takes to notice on a slow machine, and an end to waiting.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

async fn in_a_while<T>(what: &str, asked: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = asked().await {
            return found;
        }
        assert!(began.elapsed() < NOTICED_WITHIN, "{what}");
        tokio::task::yield_now().await;
    }
}

/// The program, serving, with its log in a file.
struct Process {
    child: Child,
    url: String,
    directory: tempfile::TempDir,
    database: [String; 2],
}

impl Process {
    fn start(receiver: &Receiver, database: [String; 2], log: &str) -> Self {
        Self::with(&told_at(&config(), receiver), database, log)
    }

    fn with(config: &str, database: [String; 2], log: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("issuer.toml"), config).unwrap();
        let mut serve = issuer(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close", "--config"]);
        serve.arg(directory.path().join("issuer.toml")).args(&database).env("RUST_LOG", log);
        let (child, url) = started(serve, File::create(directory.path().join("log")).unwrap().into());
        Self { child, url, directory, database }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn a_person_who_is_signed_out_by_command_is_signed_out_of_applications(database: [String; 2]) {
    let receiver = Receiver::start().await;
    let process = Process::start(&receiver, database, "info");
    let browser = Browser::at(&process.url);
    let sid = sid(&App::offline("app").tokens(&browser).await);
    let mut command = issuer(&["sign-out-person", "--subject", "user-ann", "--config"]);
    command.arg(process.path("issuer.toml")).args(&process.database).stdin(Stdio::null());
    assert!(command.output().unwrap().status.success());
    let token = in_a_while("the client is not told", async || receiver.take().pop()).await;
    assert_eq!(super::about(&token), hears("app", &sid));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_heard_with_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuer.sqlite3").display().to_string();
    a_person_who_is_signed_out_by_command_is_signed_out_of_applications(["--database".to_owned(), file]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_heard_with_postgres() {
    let database = Postgres::shared().database().await;
    let database = ["--database-url".to_owned(), database.url()];
    a_person_who_is_signed_out_by_command_is_signed_out_of_applications(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_says_who_does_not_answer_once_and_holds_no_logout_token() {
    let receiver = Receiver::start().await;
    let process = Process::start(&receiver, ["--database".to_owned(), ":memory:".to_owned()], "trace");
    receiver.answers(500);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let browser = Browser::at(&process.url);
        App::code("app").tokens(&browser).await;
        browser.get("/v2/logout?client_id=app").await;
        sent.push(in_a_while("the client is not told", async || receiver.take().pop()).await);
    }
    let said = |log: &str| log.matches("the client cannot be told that a session is over").count();
    in_a_while("nothing is said", async || (said(&process.log()) > 0).then_some(())).await;
    receiver.answers(400);
    let browser = Browser::at(&process.url);
    App::code("app").tokens(&browser).await;
    browser.get("/v2/logout?client_id=app").await;
    let refusal = "may go on with a session that is over: it answers 400 Bad Request";
    in_a_while("no refusal is said", async || process.log().contains(refusal).then_some(())).await;
    let log = process.log();
    assert_eq!(said(&log), 1, "{log}");
    assert!(log.contains("client_id=\"app\"") && log.contains("it answers 500 Internal Server Error"), "{log}");
    for token in sent {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!log.contains(signature) && !log.contains(&super::claims(&token)["jti"].as_str().unwrap().to_owned()));
    }
}

/// Its connections are taken, and nothing comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_answers_holds_up_neither_the_person_nor_another_client() {
    let (silent, receiver) = (TcpListener::bind("127.0.0.1:0").unwrap(), Receiver::start().await);
    let config = told_at(&config(), &receiver)
        .replace(&format!("{}\"", receiver.url), &format!("http://{}/\"", silent.local_addr().unwrap()));
    let process = Process::with(&config, ["--database".to_owned(), ":memory:".to_owned()], "info");
    let browser = Browser::at(&process.url);
    App::code("app").tokens(&browser).await;
    let sid = super::sign_in_at_server(&browser).await;
    let began = Instant::now();
    browser.get("/v2/logout?client_id=app").await;
    let token = in_a_while("the client is not told", async || receiver.take().pop()).await;
    assert!(began.elapsed() < Duration::from_secs(9), "it waited for the other's answer");
    assert_eq!(super::about(&token), hears("server", &sid));
    let said = "the client cannot be told that a session is over, which is tried again: it does not answer in time";
    in_a_while("nothing is said", async || process.log().contains(said).then_some(())).await;
}

//! The program as a person or a parent process meets it: its one line, its sentences, its log, its end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::support::Issuer;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml");

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evergrant-api"));
    command.args(flags).env_remove("RUST_LOG").env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn refused(flags: &[&str]) -> Output {
    command(flags).stdin(Stdio::null()).output().unwrap()
}

/// Starts it on a free port, and reads the line that says which.
fn start(issuer: &str, flags: &[&str]) -> (Child, String) {
    let always = ["--config", DEMO, "--listen", "localhost:0", "--exit-on-stdin-close", "--issuer", issuer];
    let mut child = command(&always).args(flags).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("evergrant-api is listening on ").unwrap().trim_end().to_owned();
    (child, url)
}

/// Ends it as its parent would, and returns what it logged.
fn end(mut child: Child) -> String {
    drop(child.stdin.take());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success(), "{log}");
    log
}

#[tokio::test]
async fn it_lists_expenses_and_logs_when_the_token_was_issued_and_never_the_token() {
    let issuer = Issuer::start().await;
    let (child, url) = start(&issuer.identifier, &[]);
    let token = issuer.token().await;
    let get = async |path: &str| {
        let request = reqwest::Client::new().get(format!("{url}{path}")).bearer_auth(token.secret());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/", "/expenses"] {
        let (status, body) = get(path).await;
        assert_eq!(status, 200, "{body}");
        let report: Value = serde_json::from_str(&body).unwrap();
        let expenses = report["expenses"].as_array().unwrap();
        let sum: i64 = expenses.iter().map(|expense| expense["cents"].as_i64().unwrap()).sum();
        assert_eq!((report["total"]["cents"].as_i64(), &report["total"]["currency"]), (Some(sum), &"EUR".into()));
        assert_eq!(expenses[0]["date"], "2026-10-05");
        for name in ["who", "what", "currency"] {
            assert!(expenses[0][name].is_string(), "{name}");
        }
        assert!(report["token_issued_at"].is_i64());
    }
    let without = reqwest::get(format!("{url}/expenses")).await.unwrap();
    assert_eq!(without.status(), 401);

    let log = end(child);
    let today = &issuer.clock.now().to_string()[..10];
    assert!(log.contains(&format!("issued_at={today}T")), "{log}");
    assert!(!log.contains(token.secret()) && !log.contains(token.secret().rsplit('.').next().unwrap()), "{log}");
}

#[tokio::test]
async fn an_expired_token_is_logged_with_both_clocks() {
    let issuer = Issuer::start().await;
    let (child, url) = start(&issuer.identifier, &["--clock-tolerance", "0"]);
    issuer.clock.shift(-86_401);
    let token = issuer.token().await;
    let answer = reqwest::Client::new().get(&url).bearer_auth(token.secret()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let log = end(child);
    assert!(log.contains("has expired. By the issuer's clock it was issued at 20"), "{log}");
    assert!(log.contains("this server's clock says 20"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_issuer_is_logged_once_and_so_is_its_end() {
    let issuer = Issuer::start().await;
    let (mut child, url) = start(&issuer.identifier, &[]);
    let token = issuer.token().await;
    let status =
        async |token: &str| reqwest::Client::new().get(&url).bearer_auth(token).send().await.unwrap().status().as_u16();
    assert_eq!(status(token.secret()).await, 200);
    let stopped = issuer.kill().await;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let outage = lines.find(|line| line.contains("WARN")).unwrap();
    assert!(outage.contains("tokens are judged by what it said last"), "{outage}");
    let issuer = stopped.restart().await;
    let next = lines.find(|line| !line.contains("accepted")).unwrap();
    assert!(next.contains("answers again"), "{next}");
    assert_eq!(status(issuer.token().await.secret()).await, 200);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn it_answers_on_both_loopbacks_and_is_healthy_without_an_issuer() {
    let (child, url) = start("http://localhost:1/", &[]);
    let port = url.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "[::1]"] {
        let answer = reqwest::get(format!("http://{host}:{port}/healthz")).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "ok"));
    }
    end(child);
}

#[test]
fn what_cannot_work_is_explained_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("api.toml");
    std::fs::write(&file, "issuer = \"http://issuer.example/\"\naudience = \"a\"\ncurrency = \"EUR\"\n").unwrap();
    let file = file.display().to_string();
    for (flags, sentence) in [
        (&["--config", "/no/such/file"][..], "cannot read /no/such/file"),
        (&["--config", &file, "--listen", "localhost:0"], "begins with https://"),
        (&["--config", DEMO, "--app-origin", "*"], "name each app exactly"),
        (&["--config", DEMO, "--listen", "3002"], "HOST:PORT"),
        (&[], "--config"),
    ] {
        let output = refused(flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{flags:?}");
        assert!(said.contains(sentence), "{flags:?}: {said}");
    }
}

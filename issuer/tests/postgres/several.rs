//! Two issuers on one database, behind one name: whatever one does counts at the other.

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use evergrant_core::protocol::jwt::Unverified;
use reqwest::Method;
use tempfile::TempDir;

use crate::process::{issuer, started};
use crate::support::{App, Browser, CALLBACK, Database, Device, Postgres, config};

/// Longer than a second process takes to notice on a slow machine, and an end to waiting.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

/// Two processes, ended with this.
struct Pair {
    database: Database,
    directory: TempDir,
    urls: [String; 2],
    processes: Vec<Child>,
}

impl Pair {
    async fn start() -> Self {
        let database = Postgres::shared().database().await;
        let directory = tempfile::tempdir().unwrap();
        let forgiving = config().replace("refresh_tokens = { idle", "refresh_tokens = { reuse_interval = 600, idle");
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = ports.map(|listener| listener.local_addr().unwrap().port());
        let urls = ports.map(|port| format!("http://127.0.0.1:{port}"));
        std::fs::write(
            directory.path().join("issuer.toml"),
            forgiving.replace("http://127.0.0.1:1/", &format!("{}/", urls[0])),
        )
        .unwrap();
        let mut pair = Self { database, directory, urls, processes: Vec::new() };
        // Both at once, on a database that neither has seen.
        let commands =
            ports.map(|port| pair.command(&["--listen", &format!("127.0.0.1:{port}"), "--exit-on-stdin-close"]));
        let starts = commands.map(|command| std::thread::spawn(|| started(command, Stdio::null())));
        pair.processes = starts.into_iter().map(|start| start.join().unwrap().0).collect();
        pair
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = issuer(arguments);
        command.arg("--config").arg(self.directory.path().join("issuer.toml"));
        command.args(["--database-url", &self.database.url()]);
        command
    }

    fn browsers(&self) -> [Browser; 2] {
        [0, 1].map(|which| Browser::at(&self.urls[which]))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for process in &mut self.processes {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

async fn keys(browser: &Browser) -> String {
    browser.get("/.well-known/jwks.json").await.body
}

async fn userinfo(browser: &Browser, access_token: &str) -> u16 {
    let header = format!("Bearer {access_token}");
    browser.send(Method::GET, "/userinfo", &[("authorization", &header)], None).await.status
}

/// Asks again and again, but not forever.
async fn in_a_while(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < NOTICED_WITHIN, "{what}");
        tokio::task::yield_now().await;
    }
}

/// Signs in with every step at the other issuer than the one before; the code, and the browser as it is then.
async fn sign_in_across(pair: &Pair) -> (String, Browser) {
    let query = App::code("app").with("scope", "openid offline_access").query();
    let first = Browser::at(&pair.urls[0]);
    let asked = first.get(&format!("/authorize?{query}")).await;
    let second = first.sent_to(&pair.urls[1]);
    let signed_in = second.sign_in(&asked.interaction().unwrap(), "ann").await;
    let first = second.sent_to(&pair.urls[0]);
    let decided = first.decide(&signed_in.interaction().unwrap(), "allow").await;
    (decided.sent(CALLBACK, '?').first("code").unwrap().to_owned(), first)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_asks_at_one_is_allowed_at_the_other_and_polls_at_both() {
    let pair = Pair::start().await;
    let [one, other] = pair.browsers();
    let device = Device::start(&one).await;
    assert_eq!(device.polled(&other).await, "authorization_pending");
    assert_eq!(device.polled(&one).await, "slow_down");
    device.allow(&other, "ann").await;
    assert_eq!(device.polled(&one).await, "tokens");
    assert_eq!(device.polled(&other).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_goes_on_at_whichever_issuer_answers() {
    let pair = Pair::start().await;
    let [one, other] = pair.browsers();
    assert_eq!(keys(&one).await, keys(&other).await, "the first key was made once");
    let (code, browser) = sign_in_across(&pair).await;
    let tokens = App::redeem(&other, "app", &code).await.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!((userinfo(&one, access_token).await, userinfo(&other, access_token).await), (200, 200));

    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for browser in [&one, &other, &one, &one, &other, &other] {
        token = App::refresh(browser, &token).await.json()["refresh_token"].as_str().unwrap().to_owned();
    }
    // A code that was used at one is replayed at the other: all that it brought is over at both.
    assert_eq!(App::redeem(&one, "app", &code).await.status, 400);
    assert_eq!(App::refresh(&other, &token).await.status, 400);
    in_a_while("the access token is still good", async || {
        userinfo(&one, access_token).await == 401 && userinfo(&other, access_token).await == 401
    })
    .await;

    let silent = format!("/authorize?{}", App::code("app").with("scope", "openid").with("prompt", "none").query());
    let elsewhere = browser.sent_to(&pair.urls[1]);
    assert!(elsewhere.get(&silent).await.sent(CALLBACK, '?').has("code"));
    let hint = tokens["id_token"].as_str().unwrap();
    browser.get(&format!("/oidc/logout?id_token_hint={hint}")).await;
    assert_eq!(elsewhere.get(&silent).await.sent(CALLBACK, '?').first("error"), Some("login_required"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_uses_at_two_issuers_all_get_one_successor() {
    let pair = Pair::start().await;
    let (code, _) = sign_in_across(&pair).await;
    let browsers = pair.browsers().map(Arc::new);
    let tokens = App::redeem(&browsers[0], "app", &code).await.json();
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let mut uses = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (browser, token) = (Arc::clone(&browsers[number % 2]), token.clone());
        uses.spawn(async move { App::refresh(&browser, &token).await });
    }
    let answers = uses.join_all().await;
    let mut successors: Vec<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.json()["refresh_token"].as_str().unwrap().to_owned()
        })
        .collect();
    successors.sort();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_eq!(App::refresh(&browsers[1], &successors[0]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_changed_by_command_change_at_both_within_seconds() {
    let pair = Pair::start().await;
    let [one, other] = pair.browsers();
    let rotated = pair.command(&["rotate-keys"]).output().unwrap();
    assert!(rotated.status.success(), "{rotated:?}");
    let new = String::from_utf8(rotated.stdout).unwrap().trim_end().to_owned();
    for browser in [&one, &other] {
        in_a_while("the new key is not published", async || keys(browser).await.contains(&new)).await;
    }
    let (code, _) = sign_in_across(&pair).await;
    let tokens = App::redeem(&one, "app", &code).await.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&other, access_token).await, 200);

    let old = Unverified::parse(access_token).unwrap().header.kid.unwrap();
    assert_ne!(old, new, "a new key is published before it signs");
    let withdrawn = pair.command(&["withdraw-key", "--kid", &old]).output().unwrap();
    assert!(withdrawn.status.success(), "{withdrawn:?}");
    in_a_while("the withdrawn key still counts", async || {
        userinfo(&one, access_token).await == 401 && userinfo(&other, access_token).await == 401
    })
    .await;
    let tokens = App::refresh(&other, tokens["refresh_token"].as_str().unwrap()).await.json();
    assert_eq!(
        userinfo(&one, tokens["access_token"].as_str().unwrap()).await,
        200,
        "both go on with the one that is left"
    );
}

//! Killed at any moment, it starts again: what was acknowledged is there, and what was used stays used.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use evergrant_issuer::secret::entropy;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::process::{issuer, started};
use crate::support::{PASSWORD, Postgres, config};

const KILLS: usize = 50;
const CHAINS: usize = 4;

/// A client whose lost answers are forgiven, and one whose are not.
const CLIENTS: &str = r#"
[[client]]
client_id = "forgiving"
name = "Forgiving"
type = "public"
grants = ["password", "refresh_token"]
default_scope = "offline_access"
refresh_tokens = { reuse_interval = 3600 }

[[client]]
client_id = "strict"
name = "Strict"
type = "public"
grants = ["password", "refresh_token"]
default_scope = "offline_access"
refresh_tokens = { reuse_interval = 0 }
"#;

/// One family, as its client knows it.
#[derive(Clone)]
struct Chain {
    client_id: &'static str,
    used: Option<String>,
    current: String,
}

/// The refresh token of an answer; `None` when it was a refusal, an error when there was no answer.
async fn ask(url: &str, fields: &[(&str, &str)]) -> Result<Option<String>, reqwest::Error> {
    let body = evergrant_core::protocol::params::encode(fields.iter().copied());
    let request = reqwest::Client::new().post(format!("{url}/oauth/token"));
    let answer = request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await?;
    let tokens: serde_json::Value = serde_json::from_str(&answer.text().await?).unwrap();
    Ok(tokens["refresh_token"].as_str().map(str::to_owned))
}

async fn refresh(url: &str, client_id: &str, token: &str) -> Result<Option<String>, reqwest::Error> {
    ask(url, &[("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)]).await
}

async fn begin(url: &str, client_id: &'static str, number: usize) -> Chain {
    // Several people: the limits on guessing count by person.
    let username = format!("person-{number}");
    let fields =
        [("grant_type", "password"), ("client_id", client_id), ("username", username.as_str()), ("password", PASSWORD)];
    let current = ask(url, &fields).await.unwrap().unwrap();
    Chain { client_id, used: None, current }
}

/// Refreshes until nobody answers any more; what was acknowledged until then.
async fn refresh_until_killed(url: String, mut chain: Chain, acknowledged: Arc<AtomicU32>, told: Arc<Notify>) -> Chain {
    while let Ok(answer) = refresh(&url, chain.client_id, &chain.current).await {
        let next = answer.expect("the newest token is good");
        chain.used = Some(std::mem::replace(&mut chain.current, next));
        acknowledged.fetch_add(1, Ordering::Relaxed);
        told.notify_one();
    }
    chain
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_used_is_good_again_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    kill_again_and_again(&["--database", database.to_str().unwrap()]).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_used_is_good_again_in_postgres() {
    let database = Postgres::shared().database().await;
    kill_again_and_again(&["--database-url", &database.url()]).await;
}

/// `store` are the flags that name the database.
async fn kill_again_and_again(store: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuer.toml");
    let mut text = config() + CLIENTS;
    let hash = text.split("password_hash = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for number in 0..KILLS {
        text += &format!(
            "\n[[user]]\nusername = \"person-{number}\"\npassword_hash = \"{hash}\"\nsub = \"person-{number}\"\n"
        );
    }
    std::fs::write(&file, text).unwrap();
    let start = || {
        let mut command = issuer(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close"]);
        command.arg("--config").arg(&file).args(store);
        started(command, Stdio::null())
    };

    let mut forgiving: Vec<Chain> = Vec::new();
    for number in 0..KILLS {
        let (mut child, url) = start();
        while forgiving.len() < CHAINS {
            forgiving.push(begin(&url, "forgiving", number).await);
        }
        let strict = begin(&url, "strict", number).await;
        let (acknowledged, told) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let mut chains = JoinSet::new();
        for chain in forgiving.drain(..).chain([strict]) {
            chains.spawn(refresh_until_killed(url.clone(), chain, Arc::clone(&acknowledged), Arc::clone(&told)));
        }
        // A moment that differs each time, and always under load.
        let enough = 10 + u32::from(entropy().unwrap()[0] % 40);
        while acknowledged.load(Ordering::Relaxed) < enough {
            told.notified().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let (mut child, url) = start();
        for mut chain in chains.join_all().await {
            if chain.client_id == "strict" {
                if let Some(used) = &chain.used {
                    assert_eq!(refresh(&url, "strict", used).await.unwrap(), None, "a used token was good again");
                }
            } else {
                let next = refresh(&url, chain.client_id, &chain.current).await.unwrap();
                chain.used = Some(std::mem::replace(&mut chain.current, next.expect("an acknowledged token is lost")));
                forgiving.push(chain);
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

//! The three commands of the article on refresh tokens, as they stand there, with `curl` against the program and its demo.

use std::fs::File;
use std::process::Command;

use serde_json::Value;

use crate::process::{issuer, started};

const BASIC: &str = "Authorization: Basic dGVzdGNsaWVudDpzZWNyZXQ=";

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").arg("--silent").args(arguments).output().expect("curl is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn password_secret_expiry_and_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut command = issuer(&["--database", ":memory:", "--listen", "localhost:0", "--exit-on-stdin-close"]);
    command.args([
        "--config",
        concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml"),
        "--access-token-lifetime",
        "3600",
        "--dev",
    ]);
    let (mut child, url) = started(command, File::create(&log).unwrap().into());
    let host = url.strip_prefix("http://").unwrap();
    let endpoint = format!("{host}/oauth/token");

    let login = curl(&["-X", "POST", "-H", BASIC, "-d", "grant_type=password&username=test&password=test", &endpoint]);
    let tokens: Value = serde_json::from_str(&login).unwrap();
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    let token = text(&tokens, "access_token");
    let secret = |token: &str| curl(&[&format!("{host}/secret?access_token={token}")]);
    assert_eq!(secret(&token), "Secret area\n");

    curl(&["-d", "advance=7200", &format!("{host}/dev/clock")]);
    let expired: Value = serde_json::from_str(&secret(&token)).unwrap();
    assert_eq!(expired["error_description"], "The access token provided has expired.");

    let body = format!("refresh_token={}&grant_type=refresh_token", text(&tokens, "refresh_token"));
    let refreshed: Value = serde_json::from_str(&curl(&["-X", "POST", "-H", BASIC, "-d", &body, &endpoint])).unwrap();
    assert_eq!(secret(&text(&refreshed, "access_token")), "Secret area\n");

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("came in a query"), "{log}");
    // Whoever runs the issuer did not see why somebody was refused.
    let refusal = "invalid_token: The access token provided has expired.";
    assert!(log.lines().any(|line| line.contains("path=\"/secret\" status=401") && line.contains(refusal)), "{log}");
    for secret in [&token, &text(&tokens, "refresh_token"), "=test"] {
        assert!(!log.contains(secret), "in the log: {secret}");
    }
}

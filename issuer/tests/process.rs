//! The program itself: what it prints, what it refuses, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml");

pub(crate) fn issuer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evergrant-issuer"));
    command.args(arguments);
    command
}

fn demo(arguments: &[&str]) -> Command {
    let mut command = issuer(&["--config", DEMO, "--database", ":memory:"]);
    command.args(arguments);
    command
}

/// Starts it and waits for its one line; the address in it.
pub(crate) fn started(mut command: Command, log: Stdio) -> (Child, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("evergrant-issuer is listening on ").unwrap();
    (child, address.trim_end().to_owned())
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn it_says_where_it_listens_and_both_addresses_of_localhost_answer() {
    let (mut child, address) =
        started(demo(&["--listen", "localhost:0", "--access-token-lifetime", "15"]), Stdio::null());
    let port = address.rsplit(':').next().unwrap();
    let url = format!("http://127.0.0.1:{port}/.well-known/openid-configuration");
    let metadata = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(metadata.contains(&format!(r#""issuer":"http://localhost:{port}/""#)), "{metadata}");
    let v6 = reqwest::get(format!("http://[::1]:{port}/healthz")).await;
    assert_eq!(v6.unwrap().text().await.unwrap(), "ok\n");
    // Only with --exit-on-stdin-close does it end with its starter.
    drop(child.stdin.take());
    assert_eq!(reqwest::get(format!("{address}/healthz")).await.unwrap().status(), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_ends_with_standard_input_when_asked_to_and_with_sigterm() {
    let (mut child, _) = started(demo(&["--listen", "localhost:0", "--exit-on-stdin-close"]), Stdio::null());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());

    let (mut child, _) = started(demo(&["--listen", "localhost:0"]), Stdio::null());
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_changes_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = demo(&["--listen", &format!("localhost:{port}")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output);
    let sentence = message.lines().last().unwrap();
    assert!(sentence.contains(&format!("Port {port} is taken")) && sentence.contains("--listen"), "{message}");
}

#[test]
fn developers_shortcuts_stay_on_this_machine() {
    let output = demo(&["--dev", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("--dev") && text(&output).contains("loopback"), "{}", text(&output));
}

/// What it logs when it starts with this configuration, and ends.
fn log_of(listen: &str, config: &str, arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let (path, log) = (directory.path().join("issuer.toml"), directory.path().join("log"));
    std::fs::write(&path, config).unwrap();
    let stderr = std::fs::File::create(&log).unwrap();
    let mut command = issuer(&["--listen", listen, "--exit-on-stdin-close", "--config"]);
    command.arg(&path).args(arguments);
    let (mut child, _) = started(command, stderr.into());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn the_demos_secrets_and_a_public_address_without_tls_are_spoken_of() {
    let log_of = |listen: &str, config: &str| log_of(listen, config, &["--database", ":memory:"]);
    let demo = std::fs::read_to_string(DEMO).unwrap();
    let public = log_of("0.0.0.0:0", &demo);
    assert!(public.contains("travel in clear") && public.contains("demo are in use on a public address"), "{public}");
    let behind_tls = demo.replace("http://localhost:3000/", "https://issuer.example/");
    let unsaid = log_of("127.0.0.1:0", &behind_tls);
    assert!(unsaid.contains("set [limits] behind_proxy"), "{unsaid}");
    let said = log_of("0.0.0.0:0", &behind_tls.replace("[lifetimes]", "[limits]\nbehind_proxy = true\n\n[lifetimes]"));
    assert!(!said.contains("travel in clear") && !said.contains("set [limits]"), "{said}");
    let private = log_of("127.0.0.1:0", &demo);
    assert!(private.contains("keep this to this machine") && !private.contains("WARN"), "{private}");
}

/// The proxy in front of it hands on what comes from anywhere, and calls it what it listens on.
#[test]
fn developers_shortcuts_of_an_issuer_behind_a_proxy_were_not_spoken_of() {
    let behind_tls =
        std::fs::read_to_string(DEMO).unwrap().replace("http://localhost:3000/", "https://issuer.example/");
    for (arguments, is_said) in [(&["--database", ":memory:", "--dev"][..], true), (&["--database", ":memory:"], false)]
    {
        let log = log_of("127.0.0.1:0", &behind_tls, arguments);
        assert_eq!(log.contains("--dev lets anybody sign in as anyone"), is_said, "{log}");
    }
}

/// As one is that was put back from a copy: the signing keys are in it.
#[cfg(unix)]
#[test]
fn a_database_that_others_may_read_was_not_spoken_of() {
    use std::os::unix::fs::PermissionsExt as _;

    let demo = std::fs::read_to_string(DEMO).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let arguments = ["--database", database.to_str().unwrap()];
    for (mode, is_said) in [(None, false), (Some(0o644), true), (Some(0o600), false)] {
        if let Some(mode) = mode {
            std::fs::set_permissions(&database, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let log = log_of("127.0.0.1:0", &demo, &arguments);
        assert_eq!(log.contains("may be read by others"), is_said, "{mode:?} {log}");
    }
}

#[tokio::test]
async fn what_apis_poll_buried_everything_else_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let stderr = std::fs::File::create(&log).unwrap();
    let (mut child, address) = started(demo(&["--listen", "localhost:0", "--exit-on-stdin-close"]), stderr.into());
    for path in [".well-known/jwks.json", "oauth/revoked", "healthz", "livez", "metrics", "account"] {
        reqwest::get(format!("{address}/{path}")).await.unwrap();
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let log = std::fs::read_to_string(log).unwrap();
    let answered: Vec<_> = log.lines().filter(|line| line.contains("answered in")).collect();
    assert!(matches!(answered[..], [line] if line.contains("/account")), "{log}");
}

#[test]
fn an_unknown_key_ends_it_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("issuer.toml");
    std::fs::write(&path, "issuer = \"http://localhost:3000/\"\nspeling = 1\n").unwrap();
    let output = issuer(&["--check-config", "--config", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output);
    assert!(message.contains("speling") && message.contains("line 2") && message.contains("issuer.toml"), "{message}");
}

#[test]
fn check_and_print_answer_without_serving() {
    let checked = demo(&["--check-config"]).output().unwrap();
    assert!(checked.status.success());
    let printed = demo(&["--print-config", "--app-origin", "http://localhost:9080"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("http://localhost:9080/callback") && !printed.contains("argon2"), "{printed}");
}

#[test]
fn hashes_are_made_from_standard_input() {
    let hashed = |command: &str, input: &str| {
        let mut child = issuer(&[command]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        child.wait().unwrap();
        output
    };
    assert!(hashed("hash-password", "sesame\n").starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(
        hashed("hash-secret", "secret\n"),
        "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n"
    );
}

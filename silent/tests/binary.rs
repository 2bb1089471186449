//! The program as a person or a parent process meets it: its one line, its sentences, its end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const APP: &str = "--app-origin=http://localhost:8080";

/// No step here takes a second; a wait this long means that it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evergrant-silent"));
    command.args(flags).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn refused(flags: &[&str]) -> Output {
    command(flags).stdin(Stdio::null()).output().unwrap()
}

/// Starts the server and reads the line that says where it listens.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

fn wait(mut child: Child) -> (ExitStatus, String) {
    let mut stderr = child.stderr.take().unwrap();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        done.send((child.wait().unwrap(), log))
    });
    ended.recv_timeout(PATIENCE).expect("the server still runs")
}

#[test]
fn the_ready_line_names_the_port_that_answers() {
    let (mut child, line) = start(&mut command(&["--listen=localhost:0", APP]));
    let url = line.strip_prefix("evergrant-silent is listening on ").unwrap().trim_end().to_owned();
    assert!(url.starts_with("http://localhost:") && !url.ends_with(":0"), "{line}");
    let answer = ureq::get(format!("{url}/healthz")).call().unwrap();
    assert_eq!(answer.status(), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_changes_it() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let output = refused(&[&format!("--listen=localhost:{port}"), APP]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("Port {port} is taken: stop what listens there, or choose another with --listen localhost:PORT.\n")
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_closed_standard_input_ends_the_server_where_that_was_asked_for() {
    let (mut child, _) = start(&mut command(&["--listen=localhost:0", APP, "--exit-on-stdin-close"]));
    drop(child.stdin.take());
    let (status, log) = wait(child);
    assert!(status.success(), "{status}: {log}");
}

#[test]
fn without_that_flag_a_closed_standard_input_means_nothing() {
    let (mut child, line) = start(command(&["--listen=localhost:0", APP]).stdin(Stdio::null()));
    let url = line.strip_prefix("evergrant-silent is listening on ").unwrap().trim_end();
    for _ in 0..3 {
        assert_eq!(ureq::get(format!("{url}/healthz")).call().unwrap().status(), 200);
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn termination_and_interruption_end_it_without_failure() {
    for signal in ["-TERM", "-INT"] {
        let (child, line) = start(&mut command(&["--listen=localhost:0", APP]));
        // An idle connection, as browsers keep them, does not hold the server up.
        let address = line.trim_end().rsplit_once("//").unwrap().1.replace("localhost", "127.0.0.1");
        let _idle = std::net::TcpStream::connect(address).unwrap();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let (status, log) = wait(child);
        assert!(status.success(), "{signal} {status}: {log}");
    }
}

#[test]
fn the_log_never_holds_an_authorization_response() {
    let flags = ["--listen=localhost:0", APP, "--exit-on-stdin-close"];
    let (mut child, line) = start(command(&flags).env("RUST_LOG", "trace"));
    let url = line.strip_prefix("evergrant-silent is listening on ").unwrap().trim_end().to_owned();
    ureq::get(format!("{url}/silent?code=code-of-a-person&state=s")).call().unwrap();
    drop(child.stdin.take());
    let (_, log) = wait(child);
    assert!(log.contains("/silent"), "the request is not in the log: {log}");
    assert!(!log.contains("code-of-a-person"), "{log}");
}

#[test]
fn flags_that_cannot_work_are_explained() {
    for (flags, sentence) in [
        (&["--app-origin=*"][..], "name each app exactly"),
        (&["--app-origin=http://localhost:8080/app"], "write it as http://localhost:8080"),
        (&["--app-origin=localhost:8080"], "not an origin"),
        (&[], "--app-origin"),
        (&[APP, "--listen=3001"], "HOST:PORT"),
        (&[APP, "--app-dir=/no/such/directory"], "holds no index.html"),
    ] {
        let output = refused(flags);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{flags:?}");
        assert!(stderr.contains(sentence), "{flags:?}: {stderr}");
    }
}

//! The program as whoever starts it meets it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo.toml");

/// Nobody answers at port 9, the discard service.
fn web_app_without_issuer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evergrant-webapp"));
    command.args(["--config", DEMO, "--listen", "localhost:0", "--exit-on-stdin-close"]);
    command.args(["--issuer", "http://localhost:9/"]);
    command
}

fn direct() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// What is in its log after somebody wanted to sign in.
async fn asked_to_sign_in(mut command: Command) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("evergrant-webapp is listening on ").unwrap().trim_end();
    assert_eq!(direct().get(format!("{url}/sign-in")).send().await.unwrap().status(), 503);
    drop(child.stdin.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

/// "error sending request" was all, also where a certificate was not trusted.
#[tokio::test]
async fn the_log_did_not_say_why_the_issuer_could_not_be_reached() {
    let log = asked_to_sign_in(web_app_without_issuer()).await;
    assert!(log.contains("could not be reached: Connection refused"), "{log}");
}

/// What went to an issuer on this machine, in clear and with the client's secret in it, went to the machine's proxy.
#[tokio::test]
async fn a_proxy_was_told_what_is_for_an_issuer_on_this_machine() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut asking, _) = proxy.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&mut asking).read_line(&mut line).unwrap();
        asking.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        line
    });
    let mut command = web_app_without_issuer();
    command.env("http_proxy", &address).env_remove("no_proxy");
    asked_to_sign_in(command).await;

    // This is all that it is ever asked.
    direct().get(format!("{address}/")).send().await.unwrap();
    assert_eq!(asked.join().unwrap(), "GET / HTTP/1.1\r\n");
}

//! What is written for other web servers says what this server does.

use std::{fs, path::Path};

use clap::Parser;
use evergrant_silent::{Options, run};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::server::{Answer, NAVIGATION, Running, built_app};

const APP: &str = "--app-origin=http://localhost:8080";

/// An app that is configured, and what is written for it.
fn exported() -> (TempDir, TempDir) {
    let (app, to) = (built_app(), tempfile::tempdir().unwrap());
    let config = r#"{"issuer": "http://localhost:3000/", "silent_redirect_uri": "http://localhost:3001/silent"}"#;
    fs::write(app.path().join("config.json"), config).unwrap();
    let flags = [format!("--app-dir={}", app.path().display()), format!("--export={}", to.path().display())];
    let flags = ["evergrant-silent", APP].into_iter().chain(flags.iter().map(String::as_str));
    Runtime::new().unwrap().block_on(run(Options::try_parse_from(flags).unwrap())).unwrap();
    (app, to)
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap()
}

/// The lines below one that begins a block, up to the end of that block.
fn block<'a>(text: &'a str, begins: &str, ends: &str) -> &'a str {
    let (_, rest) = text.split_once(begins).unwrap_or_else(|| panic!("no {begins} in {text}"));
    rest.split(ends).next().unwrap()
}

fn assert_says(block: &str, answer: &Answer, names: &[&str]) {
    for name in names {
        let value = answer.header(name);
        let always = if value.contains("immutable") { "" } else { " always" };
        let said = [format!("{name}: {value}\n"), format!("add_header {name} \"{value}\"{always};\n")];
        assert!(said.iter().any(|line| block.contains(line)), "{name}: {value}\nis not in\n{block}");
    }
}

const PAGE: [&str; 4] =
    ["content-security-policy", "cross-origin-opener-policy", "x-content-type-options", "referrer-policy"];
const SILENT: [&str; 4] = ["content-security-policy", "cache-control", "x-content-type-options", "referrer-policy"];

#[test]
fn nginx_is_told_the_headers_of_each_kind_of_file() {
    let (app, to) = exported();
    let server = Running::with_app(app.path());
    let nginx = read(to.path(), "nginx.conf");
    assert!(nginx.contains(&format!("root \"{}\";", app.path().display())), "{nginx}");
    let page = server.fetch("/session", &[NAVIGATION]);
    for pages in ["location / {\n", "location = /index.html {\n"] {
        let block = block(&nginx, pages, "\n}");
        assert_says(&format!("{block}\n"), &page, &PAGE);
        assert_says(&format!("{block}\n"), &page, &["cache-control"]);
    }
    let file = |path: &str| server.fetch(path, &[]);
    let cached = ["cache-control", "x-content-type-options", "referrer-policy"];
    assert_says(block(&nginx, "location ~ \"-[0-9a-f]{13,16}", "\n}"), &file("/app-0123456789abcdef.js"), &cached);
    assert_says(block(&nginx, "location ~ \"\\.", "\n}"), &file("/config.json"), &cached);
    let silent = block(&nginx, "location = /silent {\n", "\n}");
    assert_says(silent, &file("/silent"), &SILENT);
    assert!(silent.contains("access_log off;"), "a log would hold authorization responses: {silent}");
}

#[test]
fn caches_in_front_of_nginx_could_hand_compressed_files_to_everybody() {
    let (app, to) = exported();
    let served = Running::with_app(app.path()).fetch("/app-0123456789abcdef.js", &[]);
    assert!(served.header("vary").contains("accept-encoding"));
    // Without it nginx sends no `Vary` beside `gzip_static`.
    assert!(read(to.path(), "nginx.conf").contains("\ngzip_vary on;\n"));
}

#[test]
fn hosts_that_read_headers_from_a_file_are_told_each_header_once() {
    let (app, to) = exported();
    let server = Running::with_app(app.path());
    let rules = read(to.path(), "app/_headers");
    let every_path = block(&rules, "/*\n", "\n/");
    assert_says(&format!("{every_path}\n"), &server.fetch("/", &[NAVIGATION]), &PAGE);
    assert!(!every_path.contains("cache-control"), "it would be put together with that of a file");
    for name in ["/app-0123456789abcdef.js\n", "/app-0123456789abcdef_bg.wasm\n"] {
        assert!(block(&rules, name, "\n/").contains("  cache-control: public, max-age=31536000, immutable"), "{rules}");
    }
    assert!(!rules.contains(".br"), "{rules}");
}

#[test]
fn the_silent_page_is_written_as_it_is_served() {
    let (app, to) = exported();
    let served = Running::with_app(app.path()).fetch("/silent", &[]);
    assert_eq!(read(to.path(), "silent/silent.html"), served.body);
    let rules = read(to.path(), "silent/_headers");
    for path in ["/silent\n", "/silent.html\n"] {
        assert_says(&format!("{}\n", block(&rules, path, "\n/")), &served, &SILENT);
    }
}

#[test]
fn without_an_app_nothing_is_written() {
    assert!(Options::try_parse_from(["evergrant-silent", APP, "--export=somewhere"]).is_err());
    let flags = ["evergrant-silent", APP, "--export=x", "--app-dir=no-such-directory"];
    let refused = Runtime::new().unwrap().block_on(run(Options::try_parse_from(flags).unwrap()));
    assert!(refused.unwrap_err().to_string().contains("no-such-directory"));
    assert!(!Path::new("x").exists());
}

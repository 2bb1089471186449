//! The content security policy of the app's page follows the files it is made from.

use std::fs;

use crate::server::{Answer, NAVIGATION, Running, built_app};

/// One directive of a page's policy.
fn directive<'a>(page: &'a Answer, name: &str) -> &'a str {
    let policy = page.header("content-security-policy");
    let found = policy.split("; ").find_map(|d| d.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {policy}"))
}

#[test]
fn without_a_configuration_the_page_still_starts() {
    let dir = built_app();
    let page = Running::with_app(dir.path()).fetch("/", &[NAVIGATION]);
    assert_eq!(page.status, 200);
    assert_eq!(directive(&page, "default-src"), "'none'");
    assert_eq!(directive(&page, "connect-src"), "'self'");
    assert_eq!(directive(&page, "frame-src"), "'none'");
    for name in ["base-uri", "form-action", "frame-ancestors"] {
        assert_eq!(directive(&page, name), "'none'");
    }
}

#[test]
fn inline_scripts_and_styles_are_admitted_by_their_hash() {
    let dir = built_app();
    let page = Running::with_app(dir.path()).fetch("/", &[NAVIGATION]);
    // Computed with `openssl dgst -sha256 -binary | base64` from the fixture's text.
    assert_eq!(
        directive(&page, "script-src"),
        "'self' 'wasm-unsafe-eval' 'sha256-Q4hHxqGQttmukTTH56wyqRvQ6wk/S1rQ2fKzf/t5L5o='"
    );
    assert_eq!(directive(&page, "style-src"), "'self' 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='");
}

#[test]
fn the_policy_follows_a_configuration_written_later_and_changed_again() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    let config = dir.path().join("config.json");
    assert_eq!(directive(&server.fetch("/", &[NAVIGATION]), "connect-src"), "'self'");

    fs::write(
        &config,
        r#"{"issuer": "http://localhost:3000/", "client_id": "app",
            "silent_redirect_uri": "http://localhost:3001/silent"}"#,
    )
    .unwrap();
    let page = server.fetch("/session", &[NAVIGATION]);
    assert_eq!(directive(&page, "connect-src"), "'self' http://localhost:3000");
    assert_eq!(directive(&page, "frame-src"), "http://localhost:3000 http://localhost:3001");

    fs::write(&config, r#"{"issuer": "https://id.example/", "allowed_api_origins": ["https://api.example"]}"#).unwrap();
    let page = server.fetch("/", &[NAVIGATION]);
    assert_eq!(directive(&page, "connect-src"), "'self' https://id.example https://api.example");
    assert_eq!(directive(&page, "frame-src"), "'self' https://id.example");

    fs::write(&config, "{ not JSON").unwrap();
    let page = server.fetch("/", &[NAVIGATION]);
    assert_eq!((page.status, directive(&page, "connect-src")), (200, "'self'"));
}

#[test]
fn a_rebuilt_page_is_admitted_at_once() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    let before = server.fetch("/", &[NAVIGATION]);
    fs::write(dir.path().join("index.html"), "<script>rebuilt</script>").unwrap();
    let after = server.fetch("/", &[NAVIGATION]);
    assert_ne!(directive(&before, "script-src"), directive(&after, "script-src"));
}

#[test]
fn further_origins_come_from_the_command_line() {
    let dir = built_app();
    let server = Running::start(&[
        "--app-origin=http://localhost:8080",
        &format!("--app-dir={}", dir.path().display()),
        "--connect-origin=https://token.example",
    ]);
    let page = server.fetch("/", &[NAVIGATION]);
    assert_eq!(directive(&page, "connect-src"), "'self' https://token.example");
}

#[test]
fn an_app_whose_people_choose_their_issuer_may_talk_to_any_that_it_accepts() {
    let dir = built_app();
    let server = Running::start(&[
        "--app-origin=http://localhost:8080",
        &format!("--app-dir={}", dir.path().display()),
        "--any-issuer",
    ]);
    fs::write(dir.path().join("config.json"), r#"{"silent_redirect_uri": "http://localhost:3001/silent"}"#).unwrap();
    let page = server.fetch("/", &[NAVIGATION]);
    assert_eq!(directive(&page, "connect-src"), "'self' https: http://localhost:* http://127.0.0.1:*");
    assert_eq!(directive(&page, "frame-src"), "https: http://localhost:* http://127.0.0.1:* http://localhost:3001");
    assert_eq!(directive(&page, "default-src"), "'none'");
}

//! Cross-origin reads: for the named apps, and for nobody else.

use crate::server::Running;

fn server() -> Running {
    Running::start(&["--app-origin=http://localhost:8080", "--app-origin=https://app.example"])
}

#[test]
fn a_named_origin_may_read() {
    let server = server();
    for origin in ["http://localhost:8080", "https://app.example"] {
        let answer = server.fetch("/silent", &[("origin", origin)]);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert!(answer.header("vary").contains("origin"));
    }
}

#[test]
fn another_origin_may_not() {
    let server = server();
    for origin in ["http://localhost:8081", "https://localhost:8080", "https://evil.example", "null"] {
        let answer = server.fetch("/silent", &[("origin", origin)]);
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
}

#[test]
fn a_preflight_allows_get_alone() {
    let preflight = server().request(
        "OPTIONS",
        "/silent",
        &[("origin", "http://localhost:8080"), ("access-control-request-method", "GET")],
    );
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-methods"), "GET");
    assert!(!preflight.headers.contains_key("access-control-allow-credentials"));
}

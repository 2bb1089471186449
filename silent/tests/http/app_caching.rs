//! What travels, and how often: compressed files, names that never change, files that may.

use std::fs;

use crate::server::{NAVIGATION, Running, built_app};

const SCRIPT: &str = "/app-0123456789abcdef.js";

#[test]
fn the_best_compression_the_browser_takes_is_chosen() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for (accepted, encoding, body) in
        [("gzip, deflate, br, zstd", "br", "brotli script"), ("gzip", "gzip", "gzip script")]
    {
        let answer = server.fetch(SCRIPT, &[("accept-encoding", accepted)]);
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("content-type"), "text/javascript");
        assert!(
            answer
                .headers
                .get_all("vary")
                .iter()
                .any(|vary| { vary.to_str().unwrap().to_ascii_lowercase().contains("accept-encoding") })
        );
        assert_eq!(answer.body, body);
    }
    let plain = server.fetch(SCRIPT, &[("accept-encoding", "identity")]);
    assert!(!plain.headers.contains_key("content-encoding"));
    assert_eq!(plain.body, "plain script");
}

#[test]
fn files_named_by_their_content_are_kept_for_a_year() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for path in [SCRIPT, "/app-0123456789abcdef_bg.wasm"] {
        let answer = server.fetch(path, &[]);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
}

#[test]
fn the_configuration_is_asked_for_again_each_time() {
    let dir = built_app();
    fs::write(dir.path().join("config.json"), "{}").unwrap();
    let server = Running::with_app(dir.path());
    let first = server.fetch("/config.json", &[]);
    assert_eq!(first.header("cache-control"), "no-cache");
    let again = server.fetch("/config.json", &[("if-none-match", first.header("etag"))]);
    assert_eq!(again.status, 304);
}

#[test]
fn a_page_is_always_whole_because_its_policy_may_have_changed() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    let first = server.fetch("/", &[NAVIGATION]);
    let validators =
        [NAVIGATION, ("if-none-match", first.header("etag")), ("if-modified-since", first.header("last-modified"))];
    let again = server.fetch("/", &validators);
    assert_eq!((again.status, again.body), (200, first.body));
}

/// A download that was broken off, and went on after the file had changed, was put together of two.
#[test]
fn a_part_was_sent_of_another_file_than_the_one_it_was_to_complete() {
    let dir = built_app();
    fs::write(dir.path().join("config.json"), "{}").unwrap();
    let server = Running::with_app(dir.path());
    let part = ("range", "bytes=1-");
    for stale in ["\"another\"", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let answer = server.fetch("/config.json", &[part, ("if-range", stale)]);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{stale}");
    }
    assert_eq!(server.fetch("/config.json", &[part]).status, 206);
}

/// RFC 9110 §14.2: "MUST ignore a Range header field that contains a range unit it does not understand".
#[test]
fn parts_in_units_that_nobody_knows_were_refused() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    let whole = server.fetch("/favicon.svg", &[("range", "items=0-1")]);
    assert_eq!((whole.status, whole.body.as_str()), (200, "<svg/>"));
}

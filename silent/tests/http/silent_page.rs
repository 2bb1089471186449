//! The callback page: its headers, its size, and the exact origins it posts to.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::server::{Answer, Running};

const APP: &str = "--app-origin=http://localhost:8080";
const SECOND_APP: &str = "--app-origin=https://app.example";

fn script(page: &Answer) -> &str {
    let (_, after) = page.body.split_once("<script ").unwrap();
    let (_, after) = after.split_once('>').unwrap();
    after.split_once("</script>").unwrap().0
}

#[test]
fn the_page_carries_every_header_that_protects_it() {
    let server = Running::start(&[APP]);
    let page = server.fetch("/silent?code=c&state=s", &[]);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let hash = STANDARD.encode(Sha256::digest(script(&page)));
    assert_eq!(
        page.header("content-security-policy"),
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; \
             form-action 'none'; frame-ancestors http://localhost:8080"
        )
    );
}

#[test]
fn the_page_names_the_exact_origins_and_never_a_wildcard() {
    let server = Running::start(&[APP, SECOND_APP]);
    let page = server.fetch("/silent", &[]);
    let origins = "http://localhost:8080 https://app.example";
    assert!(page.body.contains(&format!("data-origins=\"{origins}\"")), "{}", page.body);
    assert!(page.header("content-security-policy").ends_with(&format!("frame-ancestors {origins}")));
    assert!(!page.body.contains('*'));
}

#[test]
fn the_script_is_the_same_for_every_list_of_apps() {
    let one = Running::start(&[APP]).fetch("/silent", &[]);
    let two = Running::start(&[APP, SECOND_APP]).fetch("/silent", &[]);
    assert_eq!(script(&one), script(&two));
}

#[test]
fn the_page_is_one_small_answer_under_both_its_names() {
    let server = Running::start(&[APP]);
    let page = server.fetch("/silent", &[]);
    assert!(page.body.len() <= 1024, "{} bytes", page.body.len());
    assert!(!page.body.contains("src="), "the page loads something more");
    assert_eq!(server.fetch("/silent.html", &[]).body, page.body);
}

#[test]
fn whose_popup_has_lost_its_app_could_not_read_on_a_phone_what_to_do() {
    let page = Running::start(&[APP]).fetch("/silent", &[]);
    assert!(page.body.contains("<meta name=\"viewport\" content=\"width=device-width\">"), "{}", page.body);
    assert!(page.body.contains("<p hidden>Close this window, and go on in the app.</p>"), "{}", page.body);
}

#[test]
fn the_response_never_comes_back_in_the_page() {
    let server = Running::start(&[APP]);
    let page = server.fetch("/silent?code=%3Cscript%3Esecret", &[]);
    assert_eq!(page.body, server.fetch("/silent", &[]).body);
}

#[test]
fn head_answers_as_get_does_without_a_body() {
    let server = Running::start(&[APP]);
    let head = server.request("HEAD", "/silent", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("cache-control"), "no-store");
}

#[test]
fn the_server_says_that_it_is_well_and_what_it_does_not_have() {
    let server = Running::start(&[APP]);
    let health = server.fetch("/healthz", &[]);
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let missing = server.fetch("/", &[]);
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("/silent"), "{}", missing.body);
    assert_eq!(server.request("POST", "/silent", &[]).status, 405);
}

#[test]
fn both_meanings_of_localhost_answer() {
    let server = Running::start(&[APP]);
    let port = server.url("").rsplit_once(':').unwrap().1.to_owned();
    for loopback in ["127.0.0.1", "[::1]"] {
        let address = format!("{loopback}:{port}");
        match std::net::TcpStream::connect(&address) {
            Ok(_) => {}
            Err(_) if loopback == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() => {}
            Err(error) => panic!("{address}: {error}"),
        }
    }
}

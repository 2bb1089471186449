//! `response_mode=web_message` and `form_post`: pages that hand the answer on, to the client alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, App, Browser, CALLBACK, STATE, Server};

fn web_message() -> App {
    App::code("app").with("response_mode", "web_message")
}

/// What stands between a tag and its end.
fn between<'a>(text: &'a str, tag: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(tag).unwrap_or_else(|| panic!("no {tag} in {text}"));
    rest.split_once(end).unwrap().0
}

fn data(answer: &Answer) -> Value {
    let json = between(&answer.body, r#"<script type="application/json" id="answer">"#, "</script>");
    serde_json::from_str(json).unwrap()
}

/// In a popup: a policy of its own for openers (HTML §7.1.3) would cut it off from the window that waits for the answer.
fn assert_keeps_its_opener(page: &Answer) {
    assert_eq!(page.header("cross-origin-opener-policy"), None);
}

/// The policy lets exactly the page's own script run, and the client's origins alone frame it.
fn assert_locked_down(answer: &Answer) {
    let script = between(&answer.body, "<script>", "</script>");
    let hash = STANDARD.encode(Sha256::digest(script));
    let policy = answer.header("content-security-policy").unwrap();
    let expected = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors http://localhost:8080"
    );
    assert_eq!(policy, expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("x-frame-options"), None);
    assert_keeps_its_opener(answer);
}

#[tokio::test]
async fn a_message_goes_to_the_one_origin_of_the_redirect_uri() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let answer = browser.get(&format!("/authorize?{}", web_message().with("prompt", "none").query())).await;
    assert_eq!(answer.status, 200);
    assert_locked_down(&answer);
    let sent = data(&answer);
    assert_eq!(sent["origin"], "http://localhost:8080");
    assert_eq!(sent["message"]["type"], "authorization_response");
    assert_eq!(sent["message"]["response"]["error"], "login_required");
    assert_eq!(sent["message"]["response"]["state"], STATE);

    let signed_in = browser.authorize_as("ann", &web_message().query()).await;
    assert!(data(&signed_in)["message"]["response"]["code"].is_string(), "as in a popup");
    let silent = browser.get(&format!("/authorize?{}", web_message().with("prompt", "none").query())).await;
    assert_locked_down(&silent);
    let response = data(&silent)["message"]["response"].clone();
    assert_eq!(response["iss"], server.issuer());
    let code = response["code"].as_str().unwrap();
    assert_eq!(App::redeem(&browser, "app", code).await.status, 200);
}

#[tokio::test]
async fn in_a_popup_the_message_comes_after_the_pages_and_also_when_the_person_says_no() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = web_message().with("prompt", "consent");
    let begun = browser.get(&format!("/authorize?{}", app.query())).await;
    let interaction = begun.interaction().unwrap();
    let signed_in = browser.sign_in(&interaction, "ann").await;
    for redirect in [begun, signed_in] {
        assert_keeps_its_opener(&redirect);
        assert_keeps_its_opener(&browser.get(&redirect.location().unwrap()).await);
    }
    let answer = browser.decide(&interaction, "deny").await;
    assert_eq!(answer.status, 200);
    assert_locked_down(&answer);
    let sent = data(&answer);
    assert_eq!(sent["origin"], "http://localhost:8080");
    assert_eq!(sent["message"]["response"]["error"], "access_denied");
    assert_eq!(sent["message"]["response"]["state"], STATE);
}

#[tokio::test]
async fn tokens_may_travel_in_a_message() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("id_token token").with("response_mode", "web_message");
    let response = data(&browser.authorize_as("ann", &app.query()).await)["message"]["response"].clone();
    let (id_token, access_token) = (response["id_token"].as_str().unwrap(), response["access_token"].as_str());
    App::validate(&server, "app", id_token, access_token, None).await.unwrap();
}

#[tokio::test]
async fn no_message_goes_to_an_origin_that_is_not_registered() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let silent_page = "http://localhost:3001/silent";
    let answer = browser.get(&format!("/authorize?{}", web_message().with("redirect_uri", silent_page).query())).await;
    let sent = answer.sent(silent_page, '?');
    assert_eq!(sent.first("error"), Some("invalid_request"));
    assert!(sent.first("error_description").unwrap().contains("registered origins"));
}

#[tokio::test]
async fn what_the_client_sent_cannot_end_the_script_it_stands_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let state = "</script><script>alert(1)</script>\"'\u{2028}";
    for mode in ["web_message", "form_post"] {
        let app = App::code("app").with("response_mode", mode).with("prompt", "none").with("state", state);
        let answer = browser.get(&format!("/authorize?{}", app.query())).await;
        assert!(!answer.body.contains("alert(1)</script>"), "{}", answer.body);
        if mode == "web_message" {
            assert_eq!(data(&answer)["message"]["response"]["state"], state);
        }
    }
}

#[tokio::test]
async fn a_form_posts_itself_to_the_redirect_uri() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app").with("response_mode", "form_post").with("response_type", "code id_token token");
    let answer = browser.authorize_as("ann", &app.query()).await;
    assert_eq!(answer.status, 200);
    assert_locked_down(&answer);
    assert!(answer.body.contains(&format!(r#"<form method="post" action="{CALLBACK}">"#)), "{}", answer.body);
    let field =
        |name: &str| between(&answer.body, &format!(r#"<input type="hidden" name="{name}" value=""#), "\"").to_owned();
    assert_eq!(field("state"), "st/&#38;ate=");
    assert!(!field("access_token").is_empty() && !field("id_token").is_empty());
    assert_eq!(App::redeem(&browser, "app", &field("code")).await.status, 200);
}

//! `POST /oauth/token`: one use, one client, one verifier, one redirect URI.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant_core::protocol::{CodeVerifier, pkce};
use evergrant_issuer::config::ClientSecretHash;
use reqwest::Method;

use crate::support::{Answer, App, Browser, CALLBACK, Server, VERIFIER, config};

const GOOD: [(&str, &str); 4] = [
    ("grant_type", "authorization_code"),
    ("client_id", "app"),
    ("code_verifier", VERIFIER),
    ("redirect_uri", CALLBACK),
];

type Fields = &'static [(&'static str, &'static str)];

/// A request with one field changed; an empty value leaves it out.
async fn redeem_with(browser: &Browser, code: &str, name: &str, value: &str) -> Answer {
    let fields: Vec<(&str, &str)> = GOOD
        .into_iter()
        .chain([("code", code)])
        .filter(|(known, _)| *known != name)
        .chain((!value.is_empty()).then_some((name, value)))
        .collect();
    browser.post_with("/oauth/token", &fields, &[]).await
}

fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.json()["error"], error, "{}", answer.body);
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_answer_is_never_stored() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::code("app").fresh_code(&browser).await;
    let answer = App::redeem(&browser, "app", &code).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["refresh_token"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_wrong_proof_uses_the_code_up() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let other_verifier = "a".repeat(43);
    for (name, value) in [
        ("code_verifier", other_verifier.as_str()),
        ("code_verifier", "short"),
        ("code_verifier", ""),
        ("redirect_uri", "http://localhost:3001/silent"),
    ] {
        let code = App::code("app").fresh_code(&browser).await;
        assert_refused(&redeem_with(&browser, &code, name, value).await, 400, "invalid_grant");
        assert_refused(&App::redeem(&browser, "app", &code).await, 400, "invalid_grant");
    }
}

/// `git-credential-oauth` takes plain base64 for its verifier, which RFC 7636 §4.1 does not have.
#[tokio::test]
async fn a_verifier_in_plain_base64_was_refused() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let verifier = "izdHayC9kFGzgExSwzg0rbaAfEW9CBtc/Ntk2XSSQy+M=";
    let challenge = pkce::challenge(&CodeVerifier::new(verifier));
    let code = App::code("app").with("code_challenge", challenge.as_str()).fresh_code(&browser).await;
    let answer = redeem_with(&browser, &code, "code_verifier", verifier).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_code_brings_no_token_for_another_api_than_it_is_for() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let api = App::code("app").with("audience", "https://api.example/");
    for (app, named, status) in [
        (&App::code("app"), "https://api.example/", 400),
        (&api, "https://other.example/", 400),
        (&api, "https://unknown.example/", 400),
        (&api, "https://api.example/", 200),
    ] {
        let code = app.fresh_code(&browser).await;
        let answer = redeem_with(&browser, &code, "resource", named).await;
        assert_eq!(answer.status, status, "{named}: {}", answer.body);
        if status != 200 {
            assert_refused(&answer, status, "invalid_target");
        }
    }
}

#[tokio::test]
async fn missing_doubled_and_unknown_parameters() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for missing in ["grant_type", "code", "redirect_uri"] {
        assert_refused(&redeem_with(&browser, "any", missing, "").await, 400, "invalid_request");
    }
    assert_refused(&redeem_with(&browser, "any", "client_id", "").await, 401, "invalid_client");
    assert_refused(&redeem_with(&browser, "any", "client_id", "nobody").await, 401, "invalid_client");
    let unknown = redeem_with(&browser, "any", "grant_type", "telepathy").await;
    assert_refused(&unknown, 400, "unsupported_grant_type");
    let mut doubled = GOOD.to_vec();
    doubled.extend([("code", "one"), ("code", "two")]);
    let answer = browser.post_with("/oauth/token", &doubled, &[]).await;
    assert_refused(&answer, 400, "invalid_request");
    assert_refused(&redeem_with(&browser, "made-up", "", "").await, 400, "invalid_grant");
}

#[tokio::test]
async fn odd_bodies_are_refused_with_their_own_status() {
    // The log of requests that developers have reads every body first.
    for server in [Server::start().await, Server::dev().await] {
        let browser = Browser::of(&server);
        let send = async |headers: &[(&str, &str)], body: Option<String>| {
            browser.send(Method::POST, "/oauth/token", headers, body).await
        };
        let json = send(&[("content-type", "application/json")], None).await;
        assert_refused(&json, 415, "invalid_request");
        assert_refused(&send(&[], Some("x".repeat(70_000))).await, 413, "invalid_request");
        assert_refused(&send(&[], Some("%ff=%fe&&&==".into())).await, 400, "invalid_request");
        assert_eq!(browser.get("/oauth/token").await.status, 405);
    }
}

#[tokio::test]
async fn a_code_expires() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::code("app").fresh_code(&browser).await;
    server.clock.advance(Duration::from_secs(61));
    assert_refused(&App::redeem(&browser, "app", &code).await, 400, "invalid_grant");
    let code = App::code("app").fresh_code(&browser).await;
    server.clock.advance(Duration::from_secs(55));
    assert_eq!(App::redeem(&browser, "app", &code).await.status, 200);
}

#[tokio::test]
async fn a_code_is_its_clients_own_and_another_cannot_spoil_it() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::code("app").fresh_code(&browser).await;
    assert_refused(&App::redeem(&browser, "trusted", &code).await, 400, "invalid_grant");
    assert_eq!(App::redeem(&browser, "app", &code).await.status, 200);
}

#[tokio::test]
async fn of_fifty_uses_at_once_one_wins_and_a_replay_ends_the_grant() {
    let server = Server::start().await;
    let browser = std::sync::Arc::new(Browser::of(&server));
    let code = App::code("app").fresh_code(&browser).await;
    let uses = (0..50).map(|_| {
        let (browser, code) = (browser.clone(), code.clone());
        tokio::spawn(async move { App::redeem(&browser, "app", &code).await.status })
    });
    let mut statuses = Vec::new();
    for used in uses.collect::<Vec<_>>() {
        statuses.push(used.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 49);
    let replayed = App::redeem(&browser, "app", &code).await;
    assert!(replayed.json()["error_description"].as_str().unwrap().contains("used before"));
}

#[tokio::test]
async fn confidential_clients_prove_themselves_by_header_or_body() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let fields = |code: &str| {
        [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
            .map(|(name, value)| (name, value.to_owned()))
            .into_iter()
            .chain([("code", code.to_owned())])
            .collect::<Vec<_>>()
    };
    // `server:s3cret` and `server:wrong`.
    const RIGHT: &str = "Basic c2VydmVyOnMzY3JldA==";
    const WRONG: &str = "Basic c2VydmVyOndyb25n";
    let cases: [(Fields, Fields, u16); 10] = [
        (&[("authorization", RIGHT)], &[], 200),
        (&[], &[("client_id", "server"), ("client_secret", "s3cret")], 200),
        (&[("authorization", WRONG)], &[], 401),
        (&[("authorization", "Basic !")], &[], 401),
        (&[], &[("client_id", "server"), ("client_secret", "wrong")], 401),
        (&[], &[("client_id", "server")], 401),
        // Flask-Dance and Python's `kubernetes` say it twice.
        (&[("authorization", RIGHT)], &[("client_id", "server"), ("client_secret", "s3cret")], 200),
        (&[("authorization", RIGHT)], &[("client_secret", "wrong")], 400),
        (&[("authorization", WRONG)], &[("client_secret", "s3cret")], 400),
        (&[("authorization", RIGHT)], &[("client_id", "app")], 400),
    ];
    for (headers, extra, status) in cases {
        let code = App::code("server").fresh_code(&browser).await;
        let fields = fields(&code);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let fields = [fields.as_slice(), extra].concat();
        let answer = browser.post_with("/oauth/token", &fields, headers).await;
        assert_eq!(answer.status, status, "{headers:?} {extra:?} {}", answer.body);
        if status == 401 {
            assert_eq!(answer.json()["error"], "invalid_client");
            assert_eq!(answer.header("www-authenticate").is_some(), !headers.is_empty());
        }
    }
}

#[tokio::test]
async fn a_secret_is_known_from_clients_that_encode_it_and_from_those_that_do_not() {
    const SECRET: &str = "p+q/r%2B:=";
    let known = |secret: &str| ClientSecretHash::of(secret).to_text();
    let server = Server::with(&config().replacen(&known("s3cret"), &known(SECRET), 1)).await;
    let browser = Browser::of(&server);
    for (sent, status) in [(SECRET, 200), ("p%2Bq%2Fr%252B%3A%3D", 200), ("p q/r+:=", 401), ("p%2Bq/r+:=", 401)] {
        let header = format!("Basic {}", STANDARD.encode(format!("server:{sent}")));
        let fields = [("grant_type", "client_credentials"), ("audience", "https://api.example/")];
        let answer = browser.post_with("/oauth/token", &fields, &[("authorization", &header)]).await;
        assert_eq!(answer.status, status, "{sent} {}", answer.body);
    }
}

#[tokio::test]
async fn pages_of_registered_origins_may_call_whatever_their_libraries_add_and_others_may_not() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let asked = "content-type,auth0-client,traceparent";
    for (origin, allowed) in [("http://localhost:8080", true), ("https://evil.example", false), ("null", false)] {
        let preflight =
            [("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", asked)];
        for path in ["/oauth/token", "/oauth/revoke", "/userinfo"] {
            let answer = browser.send(Method::OPTIONS, path, &preflight, None).await;
            assert!(answer.status < 300);
            let expected = allowed.then_some(origin);
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{origin} {path}");
            assert_eq!(answer.header("access-control-allow-headers"), Some(asked));
            // keycloak-js sends cookies along, though none is looked at.
            let expected = allowed.then_some("true");
            assert_eq!(answer.header("access-control-allow-credentials"), expected, "{origin} {path}");
        }
        let refused = browser.post_with("/oauth/token", &GOOD, &[("origin", origin)]).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.header("access-control-allow-origin"), allowed.then_some(origin));
    }
}

/// WebKit shows the pages of a Tauri app at `tauri://localhost`, and says so in what they ask.
#[tokio::test]
async fn the_page_of_an_app_in_a_webview_of_its_own_could_not_be_registered() {
    const WEBVIEW: &str = "tauri://localhost";
    let origins = format!(r#"origins = ["http://localhost:8080", "{WEBVIEW}"]"#);
    let server = Server::with(&config().replacen(r#"origins = ["http://localhost:8080"]"#, &origins, 1)).await;
    let browser = Browser::of(&server);
    let refused = browser.post_with("/oauth/token", &GOOD, &[("origin", WEBVIEW)]).await;
    assert_eq!(refused.header("access-control-allow-origin"), Some(WEBVIEW));
    let other = browser.post_with("/oauth/token", &GOOD, &[("origin", "tauri://other")]).await;
    assert_eq!(other.header("access-control-allow-origin"), None);
}

/// Some libraries leave out who asks (`DeviceClient` of Python's oauthlib, unless told), others send what a client has not.
#[tokio::test]
async fn what_a_refused_client_left_out_was_not_said() {
    const UNPROVEN: &str = "unknown client, or wrong client authentication";
    const NOT_SENT: &str = "unknown client, or one that has to send its client_secret";
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let cases: [(&str, Fields, &str); 8] = [
        ("token", &[], "client_id is missing"),
        ("revoke", &[("client_secret", "s3cret")], "client_id is missing"),
        ("token", &[("client_id", "server")], NOT_SENT),
        ("token", &[("client_id", "nobody")], NOT_SENT),
        ("token", &[("client_id", "server"), ("client_secret", "wrong")], UNPROVEN),
        ("token", &[("client_id", "nobody"), ("client_secret", "wrong")], UNPROVEN),
        ("token", &[("client_id", "app"), ("client_secret", "wrong")], "a public client has no client_secret to send"),
        ("introspect", &[("client_id", "app")], "only a client that has a secret may ask"),
    ];
    for (path, fields, told) in cases {
        let fields = [fields, &[("grant_type", "refresh_token"), ("token", "any")]].concat();
        let answer = browser.post_with(&format!("/oauth/{path}"), &fields, &[]).await;
        assert_refused(&answer, 401, "invalid_client");
        assert_eq!(answer.json()["error_description"], told, "{path} {fields:?}");
    }
}

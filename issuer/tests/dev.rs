//! `/dev`: a clock that moves, failures to order, sessions dropped, requests seen; for developers on their own machine alone.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::{Answer, App, Browser, CALLBACK, PASSWORD, STATE, Server, VERIFIER};

/// As a program does: without saying where it comes from.
async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post_with(path, fields, &[]).await
}

async fn metadata(browser: &Browser) -> serde_json::Value {
    browser.get("/.well-known/openid-configuration").await.json()
}

async fn now(browser: &Browser) -> i64 {
    browser.get("/dev/clock").await.json()["now"].as_i64().unwrap()
}

#[tokio::test]
async fn the_clock_moves_and_what_is_judged_by_it_follows() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    let before = now(&browser).await;
    let answer = post(&browser, "/dev/clock", &[("advance", "1001")]).await;
    assert!(answer.json()["now"].as_i64().unwrap() >= before + 1001);
    let refused = App::refresh(&browser, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused.json()["error"], "invalid_grant", "idle for too long");
    post(&browser, "/dev/clock", &[("advance", "-2000")]).await;
    assert!(now(&browser).await < before);
    for wrong in ["", "soon", "99999999999"] {
        assert_eq!(post(&browser, "/dev/clock", &[("advance", wrong)]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_next_request_fails_as_ordered_and_the_one_after_does_not() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let origin = [("origin", "http://localhost:8080")];
    let token = App::offline("app").tokens(&browser).await["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token.as_str())];
    let cases = [
        (vec![("status", "503")], 503, "temporarily_unavailable"),
        (vec![("error", "invalid_grant")], 400, "invalid_grant"),
        (vec![("status", "429"), ("error", "slow_down"), ("retry_after", "7")], 429, "slow_down"),
    ];
    for (order, _, _) in &cases {
        let order = [&[("endpoint", "/oauth/token")], order.as_slice()].concat();
        assert_eq!(post(&browser, "/dev/failure", &order).await.status, 204);
    }
    assert_eq!(browser.get("/healthz").await.status, 200, "another endpoint");
    for (_, status, error) in cases {
        let answer = browser.post_with("/oauth/token", &refresh, &origin).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)));
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:8080"), "a page sees it");
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("7"));
    }
    assert_eq!(post(&browser, "/oauth/token", &refresh).await.status, 200);
}

#[tokio::test]
async fn an_error_at_the_authorization_endpoint_goes_to_the_application() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let order = [("endpoint", "/authorize"), ("error", "temporarily_unavailable")];
    for (app, separator) in [(App::code("app"), '?'), (App::implicit("id_token"), '#')] {
        post(&browser, "/dev/failure", &order).await;
        let path = format!("/authorize?{}", app.with("prompt", "none").query());
        let sent = browser.get(&path).await.sent(CALLBACK, separator);
        assert_eq!((sent.first("error"), sent.first("state")), (Some("temporarily_unavailable"), Some(STATE)));
        assert_eq!(sent.first("iss"), Some(server.issuer().as_str()));
        assert_eq!(browser.get(&path).await.sent(CALLBACK, separator).first("error"), Some("login_required"));
    }
    post(&browser, "/dev/failure", &order).await;
    let elsewhere = App::code("app").with("redirect_uri", "https://evil.example/").query();
    assert_eq!(browser.get(&format!("/authorize?{elsewhere}")).await.status, 400, "only to an address of its own");
    post(&browser, "/dev/failure", &[("endpoint", "/authorize"), ("status", "503")]).await;
    let answer = browser.get(&format!("/authorize?{}", App::code("app").query())).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("temporarily_unavailable")));
}

#[tokio::test]
async fn a_delay_alone_delays_and_serves() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    post(&browser, "/dev/failure", &[("endpoint", "/healthz"), ("delay", "200")]).await;
    let asked = Instant::now();
    assert_eq!(browser.get("/healthz").await.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(200));
    for wrong in [
        vec![("endpoint", "/healthz")],
        vec![("endpoint", "healthz"), ("status", "500")],
        vec![("endpoint", "/healthz"), ("status", "200")],
        vec![("endpoint", "/healthz"), ("delay", "25001")],
        vec![("endpoint", "/healthz"), ("status", "429"), ("retry_after", "soon")],
    ] {
        assert_eq!(post(&browser, "/dev/failure", &wrong).await.status, 400, "{wrong:?}");
    }
}

/// It was taken, and happened to nobody: a test with a misspelt endpoint passed without the failure it was about.
#[tokio::test]
async fn a_failure_of_an_endpoint_that_does_not_exist_was_ordered() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    for misspelt in [
        "/token",
        "/oauth/tokens",
        "/oauth/token/",
        "/oauth/token?x=1",
        "/dev",
        "/<b>",
        "/assets/{name}",
        "//oauth/token",
    ] {
        let refused = post(&browser, "/dev/failure", &[("endpoint", misspelt), ("status", "503")]).await;
        assert_eq!(refused.status, 400, "{misspelt}");
        let named = misspelt.replace('<', "&#60;").replace('>', "&#62;");
        let sentence = format!("there is no endpoint &#34;{named}&#34;");
        assert!(refused.body.contains(&sentence), "{misspelt}: {}", refused.body);
        for known in ["/authorize ", "/oauth/token ", "/userinfo ", "/.well-known/openid-configuration "] {
            assert!(refused.body.contains(known), "{misspelt}: {}", refused.body);
        }
    }
    // Each of those that are listed can be ordered, and fails.
    let page = post(&browser, "/dev/failure", &[("endpoint", "/nothing"), ("status", "503")]).await.body;
    let (head, listed) = page.split_once("those there are: ").unwrap();
    let listed: Vec<&str> = listed.split('<').next().unwrap().split_whitespace().collect();
    assert!(listed.len() > 20, "{listed:?}");
    let stylesheet = head.split('"').find(|text| text.starts_with("/assets/")).unwrap();
    let others = ["//.well-known/jwks.json", stylesheet];
    for endpoint in listed.into_iter().filter(|path| !path.contains('{')).chain(others) {
        assert_eq!(post(&browser, "/dev/failure", &[("endpoint", endpoint), ("status", "418")]).await.status, 204);
        assert_eq!(browser.get(endpoint).await.status, 418, "{endpoint}");
        assert_ne!(browser.get(endpoint).await.status, 418, "{endpoint}");
    }
}

#[tokio::test]
async fn everyones_sessions_are_dropped() {
    let server = Server::dev().await;
    let (browser, bobs) = (Browser::of(&server), Browser::of(&server));
    let app = App::code("app");
    browser.authorize_as("ann", &app.query()).await;
    bobs.authorize_as("bob", &app.query()).await;
    assert_eq!(post(&browser, "/dev/sessions/drop", &[]).await.status, 204);
    for browser in [&browser, &bobs] {
        let answer = browser.get(&format!("/authorize?{}", app.clone().with("prompt", "none").query())).await;
        assert_eq!(answer.sent(CALLBACK, '?').first("error"), Some("login_required"));
    }
}

#[tokio::test]
async fn requests_are_seen_and_secrets_are_not() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let code = App::offline("app").fresh_code(&browser).await;
    let tokens = App::redeem(&browser, "app", &code).await.json();
    App::refresh(&browser, tokens["refresh_token"].as_str().unwrap()).await;
    let (log, page) = (browser.get("/dev/requests").await, browser.get("/dev").await);
    let all = log.json();
    let last = all.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["method"], &last["path"], &last["status"]),
        (&"POST".into(), &"/oauth/token".into(), &200.into())
    );
    let expected = serde_json::json!(["grant_type=refresh_token", "client_id=app", "refresh_token=(hidden)"]);
    assert_eq!(last["parameters"], expected);
    assert!(page.body.contains("refresh_token=(hidden)") && page.body.contains("response_type=code"));
    for secret in [PASSWORD, VERIFIER, STATE, &code, tokens["refresh_token"].as_str().unwrap()] {
        assert!(!log.body.contains(secret) && !page.body.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_apis_poll_pushed_everything_else_out_of_the_request_log() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    browser.get("/account").await;
    for path in ["/.well-known/jwks.json", "/oauth/revoked", "/healthz"] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    let log = browser.get("/dev/requests").await.json();
    let paths: Vec<_> = log.as_array().unwrap().iter().map(|request| request["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/account"]);
}

#[tokio::test]
async fn other_sites_cannot_reach_it() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let before = now(&browser).await;
    for foreign in [
        [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
        [("origin", "https://evil.example"), ("accept", "*/*")],
        // A name of somebody else's that points to this machine: all its requests are of one origin with it.
        [("sec-fetch-site", "same-origin"), ("host", "evil.example")],
    ] {
        let answer = browser.post_with("/dev/clock", &[("advance", "9000")], &foreign).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    let read = browser.send(Method::GET, "/dev/requests", &[("host", "evil.example:80")], None).await;
    assert_eq!(read.status, 403);
    assert!(now(&browser).await < before + 9000);
    let person = browser.post_with("/dev/clock", &[("advance", "60")], &[("accept", "text/html")]).await;
    assert_eq!(person.location().as_deref(), Some("/dev"), "a person goes back to the page");
}

#[tokio::test]
async fn pages_of_registered_clients_reach_the_controls_and_nothing_else() {
    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let app = [("origin", "http://localhost:8080"), ("sec-fetch-site", "same-site"), ("accept", "*/*")];
    let evil = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("accept", "*/*")];
    for (path, fields) in [
        ("/dev/clock", [("advance", "60"), ("", "")]),
        ("/dev/failure", [("endpoint", "/healthz"), ("status", "503")]),
        ("/dev/sessions/drop", [("", ""), ("", "")]),
    ] {
        let answer = browser.post_with(path, &fields, &app).await;
        assert!(answer.status < 300, "{path}: {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:8080"), "{path}");
        let refused = browser.post_with(path, &fields, &evil).await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None), "{path}");
    }
    let seen = browser.send(Method::GET, "/dev/clock", &app, None).await;
    assert_eq!(seen.header("access-control-allow-origin"), Some("http://localhost:8080"));
    for path in ["/dev", "/dev/requests"] {
        let read = browser.send(Method::GET, path, &app, None).await;
        assert_eq!(read.header("access-control-allow-origin"), None, "{path}");
    }
    let signed_in = browser.post_with("/dev/sign-in", &[("username", "ann")], &app).await;
    assert_eq!(signed_in.status, 403, "nobody is signed in by another site");
}

#[tokio::test]
async fn where_the_controls_are_is_said_where_an_issuer_says_all_about_itself() {
    let server = Server::dev().await;
    let metadata = metadata(&Browser::of(&server)).await;
    assert_eq!(metadata["dev_endpoint"], format!("{}/dev", server.url));
}

#[tokio::test]
async fn without_the_flag_there_is_none_of_it() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for path in ["/dev", "/dev/clock", "/dev/requests"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    assert_eq!(metadata(&browser).await["dev_endpoint"], serde_json::Value::Null);
    for path in ["/dev/clock", "/dev/failure", "/dev/sessions/drop"] {
        assert_eq!(post(&browser, path, &[("advance", "60")]).await.status, 404, "{path}");
    }
}

//! `GET /metrics`: counted by route, status and outcome, and open only where the configuration says so.

use crate::support::{App, Browser, Server, config};

#[tokio::test]
async fn requests_and_refresh_tokens_are_counted() {
    let server = Server::with(&config().replace("[lifetimes]", "metrics = true\n[lifetimes]")).await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    App::refresh(&browser, token).await;
    server.clock.advance(std::time::Duration::from_secs(5));
    App::refresh(&browser, token).await;
    browser.get("/made-up?with=a-secret").await;
    let answer = browser.get("/metrics").await;
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"evergrant_requests_total{route="/oauth/token",status="200"} 2"#,
        r#"evergrant_requests_total{route="/oauth/token",status="400"} 1"#,
        r#"evergrant_requests_total{route="none",status="404"} 1"#,
        r#"evergrant_request_seconds_count{route="/oauth/token"} 3"#,
        r#"evergrant_refresh_tokens_total{outcome="Accepted"} 1"#,
        r#"evergrant_refresh_tokens_total{outcome="Replayed"} 1"#,
    ] {
        assert!(answer.body.lines().any(|known| known == line), "{line} is not in\n{}", answer.body);
    }
    assert!(!answer.body.contains("made-up") && !answer.body.contains(token));
}

#[tokio::test]
async fn they_are_closed_unless_opened() {
    let server = Server::start().await;
    assert_eq!(Browser::of(&server).get("/metrics").await.status, 404);
}

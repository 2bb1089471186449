//! `/secret`: a protected resource that asks nobody, and how a token may and may not be presented to it.

use reqwest::Method;

use crate::support::{Answer, App, Browser, Server, config};

async fn with_header(browser: &Browser, path: &str, token: &str) -> Answer {
    browser.send(Method::GET, path, &[("authorization", &format!("Bearer {token}"))], None).await
}

async fn token(browser: &Browser) -> String {
    App::code("app").tokens(browser).await["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_opens_it_until_it_expires() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = token(&browser).await;
    let answer = with_header(&browser, "/secret", &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Secret area\n"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    server.clock.advance(std::time::Duration::from_secs(601));
    let answer = with_header(&browser, "/secret", &token).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error_description"], "The access token provided has expired.");
    assert!(answer.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
}

#[tokio::test]
async fn what_opens_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    assert_eq!(browser.get("/secret").await.header("www-authenticate"), Some(r#"Bearer realm="evergrant""#));
    assert_eq!(with_header(&browser, "/secret", "nonsense").await.status, 401);
    let for_api = App::offline("app").tokens(&browser).await;
    let answer = with_header(&browser, "/secret", for_api["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.json()["error_description"], "The access token provided is for another API.");
}

#[tokio::test]
async fn the_query_counts_only_where_the_configuration_says_so() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let path = format!("/secret?access_token={}", token(&browser).await);
    assert_eq!(browser.get(&path).await.status, 401);

    let server = Server::with(&config().replace("[secret_area]", "[secret_area]\nallow_query_token = true")).await;
    let browser = Browser::of(&server);
    let token = token(&browser).await;
    let path = format!("/secret?access_token={token}");
    assert_eq!(browser.get(&path).await.body, "Secret area\n");
    let twice = with_header(&browser, &path, &token).await;
    assert_eq!((twice.status, twice.json()["error"].as_str()), (400, Some("invalid_request")));
}

#[tokio::test]
async fn it_is_not_there_unless_it_is_configured() {
    let server = Server::with(&config().replace("[secret_area]", "")).await;
    assert_eq!(Browser::of(&server).get("/secret").await.status, 404);
}

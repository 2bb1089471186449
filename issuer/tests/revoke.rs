//! `POST /oauth/revoke`: what is given back is over, and nothing else is.

use reqwest::Method;

use crate::support::{Answer, App, Browser, Server};

type Fields<'a> = &'a [(&'a str, &'a str)];

async fn revoke(browser: &Browser, fields: Fields<'_>) -> Answer {
    let answer = browser.post_with("/oauth/revoke", fields, &[]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.body);
    answer
}

async fn userinfo(browser: &Browser, token: &str) -> Answer {
    let header = format!("Bearer {token}");
    browser.send(Method::GET, "/userinfo", &[("authorization", &header)], None).await
}

async fn tokens(browser: &Browser) -> [String; 3] {
    let tokens = App::offline("app").tokens(browser).await;
    ["refresh_token", "access_token", "id_token"].map(|name| tokens[name].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_refresh_token_ends_its_family_and_no_other() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let ([token, ..], [other, ..]) = (tokens(&browser).await, tokens(&browser).await);
    for _ in 0..2 {
        let answer = revoke(&browser, &[("client_id", "app"), ("token", &token)]).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(App::refresh(&browser, &token).await.json()["error"], "invalid_grant");
    assert_eq!(App::refresh(&browser, &other).await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_json_out_of_every_answer_could_not_revoke() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [token, ..] = tokens(&browser).await;
    let answer = revoke(&browser, &[("client_id", "app"), ("token", &token)]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.body, "{}");
}

#[tokio::test]
async fn a_used_refresh_token_ends_what_a_renewal_on_the_way_brought() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [token, ..] = tokens(&browser).await;
    let brought = App::refresh(&browser, &token).await.json();
    let fields = [("client_id", "app"), ("token", token.as_str()), ("token_type_hint", "refresh_token")];
    assert_eq!(revoke(&browser, &fields).await.status, 200);
    let brought = brought["refresh_token"].as_str().unwrap();
    assert_eq!(App::refresh(&browser, brought).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn an_access_token_is_refused_from_then_on_and_forgotten_when_it_expires() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [refresh, access, _] = tokens(&browser).await;
    let [_, other, _] = tokens(&browser).await;
    let hinted = [("client_id", "app"), ("token", access.as_str()), ("token_type_hint", "refresh_token")];
    assert_eq!(revoke(&browser, &hinted).await.status, 200, "a wrong hint harms nothing");
    let answer = userinfo(&browser, &access).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error_description"], "The access token provided has been revoked.");
    assert_eq!(userinfo(&browser, &other).await.status, 200);
    assert_eq!(App::refresh(&browser, &refresh).await.status, 200, "the sign-in goes on");

    server.clock.advance(std::time::Duration::from_secs(41));
    server.provider.sweep().await.unwrap();
    let answer = userinfo(&browser, &access).await;
    assert_eq!(answer.json()["error_description"], "The access token provided has expired.");
}

#[tokio::test]
async fn another_clients_tokens_stay() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [refresh, access, _] = tokens(&browser).await;
    for token in [&refresh, &access] {
        let answer = revoke(&browser, &[("client_id", "trusted"), ("token", token)]).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("unauthorized_client")));
    }
    assert_eq!(userinfo(&browser, &access).await.status, 200);
    assert_eq!(App::refresh(&browser, &refresh).await.status, 200);
}

#[tokio::test]
async fn what_is_no_such_token_is_answered_as_rfc_7009_says() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [.., id_token] = tokens(&browser).await;
    let cases: [(Fields<'_>, u16, Option<&str>); 6] = [
        (&[("client_id", "app"), ("token", "unknown")], 200, None),
        (&[("client_id", "app"), ("token", &"A".repeat(86))], 200, None),
        (&[("client_id", "app"), ("token", &id_token)], 400, Some("unsupported_token_type")),
        (&[("client_id", "app")], 400, Some("invalid_request")),
        (&[("client_id", "app"), ("token", "a"), ("token", "b")], 400, Some("invalid_request")),
        (&[("client_id", "server"), ("token", "a")], 401, Some("invalid_client")),
    ];
    for (fields, status, error) in cases {
        let answer = revoke(&browser, fields).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(error, (status != 200).then(|| answer.json()["error"].as_str().unwrap().to_owned()).as_deref());
    }
}

#[tokio::test]
async fn pages_of_registered_origins_may_call_it() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for (origin, allowed) in [("http://localhost:8080", true), ("https://evil.example", false)] {
        let fields = [("client_id", "app"), ("token", "a")];
        let answer = browser.post_with("/oauth/revoke", &fields, &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
    }
}

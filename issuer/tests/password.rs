//! `POST /oauth/token` with `grant_type=password`, for the clients that are named for it.

use serde_json::Value;

use crate::support::{Answer, Browser, PASSWORD, Server, claims};

type Fields<'a> = &'a [(&'a str, &'a str)];

async fn ask(browser: &Browser, extra: Fields<'_>) -> Answer {
    let good = [
        ("grant_type", "password"),
        ("client_id", "server"),
        ("client_secret", "s3cret"),
        ("username", "ann"),
        ("password", PASSWORD),
    ];
    let kept = good.into_iter().filter(|(name, _)| extra.iter().all(|(changed, _)| changed != name));
    let fields: Vec<(&str, &str)> = kept.chain(extra.iter().copied()).collect();
    browser.post_with("/oauth/token", &fields, &[]).await
}

#[tokio::test]
async fn user_name_and_password_bring_tokens_of_the_person() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let scope = ("scope", "openid email offline_access read:reports");
    let answer = ask(&browser, &[scope, ("audience", "https://api.example/")]).await;
    let tokens = answer.json();
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.body);
    assert_eq!(tokens["expires_in"], 4000, "a server's lifetime");
    let claims = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["aud"]), (&"user-ann".into(), &"https://api.example/".into()));
    assert!(tokens["id_token"].is_string());
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "server"),
        ("client_secret", "s3cret"),
        ("refresh_token", refresh_token),
    ];
    let refreshed = browser.post_with("/oauth/token", &fields, &[]).await.json();
    assert_eq!(refreshed["scope"], tokens["scope"]);
}

#[tokio::test]
async fn without_a_scope_the_clients_default_counts() {
    let server = Server::start().await;
    let tokens = ask(&Browser::of(&server), &[]).await.json();
    assert!(tokens["access_token"].is_string());
    assert_eq!((&tokens["refresh_token"], &tokens["id_token"]), (&Value::Null, &Value::Null));

    let config = crate::support::config()
        .replace("refresh_tokens = { rotation", "default_scope = \"offline_access\"\nrefresh_tokens = { rotation");
    let server = Server::with(&config).await;
    assert!(ask(&Browser::of(&server), &[]).await.json()["refresh_token"].is_string());
}

#[tokio::test]
async fn each_way_to_be_wrong_has_its_error() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let cases: [(Fields<'_>, u16, &str); 8] = [
        (&[("password", "wrong")], 400, "invalid_grant"),
        (&[("username", "nobody")], 400, "invalid_grant"),
        (&[("password", "")], 400, "invalid_request"),
        (&[("username", "")], 400, "invalid_request"),
        (&[("scope", "fly")], 400, "invalid_scope"),
        (&[("audience", "https://unknown.example/")], 400, "invalid_target"),
        (&[("client_secret", "wrong")], 401, "invalid_client"),
        (&[("client_id", "app"), ("client_secret", "")], 400, "unauthorized_client"),
    ];
    for (extra, status, error) in cases {
        let answer = ask(&browser, extra).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{extra:?}");
    }
    let [wrong, nobody] = [("password", "wrong"), ("username", "nobody")];
    assert_eq!(ask(&browser, &[wrong]).await.body, ask(&browser, &[nobody]).await.body);
}

#[tokio::test]
async fn guessing_is_held_back() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for _ in 0..10 {
        assert_eq!(ask(&browser, &[("password", "wrong")]).await.status, 400);
    }
    let answer = ask(&browser, &[]).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(ask(&browser, &[("username", "bob")]).await.status, 200, "somebody else");
}

#[tokio::test]
async fn the_scopes_asked_for_say_which_api_a_token_is_for() {
    let server = Server::start().await;
    let tokens = ask(&Browser::of(&server), &[("scope", "openid write:reports")]).await.json();
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["aud"], "https://api.example/", "{tokens}");
}

//! `POST /oauth/introspect`: what is said about a token, and to whom.

use serde_json::{Value, json};

use crate::support::{App, Browser, Server, config};

async fn ask(browser: &Browser, token: &str) -> Value {
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", token)];
    let answer = browser.post_with("/oauth/introspect", &fields, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn an_access_token_counts_until_it_is_revoked_or_expires() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [first, second] = [App::offline("app").tokens(&browser).await, App::offline("app").tokens(&browser).await];
    let [first, second] = [&first, &second].map(|tokens| tokens["access_token"].as_str().unwrap());
    let said = ask(&browser, first).await;
    for (name, value) in [
        ("active", json!(true)),
        ("sub", json!("user-ann")),
        ("client_id", json!("app")),
        ("aud", json!("https://api.example/")),
        ("iss", json!(server.issuer())),
        ("token_type", json!("Bearer")),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 40);
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", first)], &[]).await;
    assert_eq!(ask(&browser, first).await, json!({"active": false}));
    assert_eq!(ask(&browser, second).await["active"], true);
    server.clock.advance(std::time::Duration::from_secs(41));
    assert_eq!(ask(&browser, second).await, json!({"active": false}));
}

#[tokio::test]
async fn roles_are_said_as_the_token_has_them() {
    let told = "[user.access_token_claims]\nroles = [\"approver\"]\n[user.profile]\nname = \"Ann Example\"";
    let server = Server::with(&config().replace("[user.profile]\nname = \"Ann Example\"", told)).await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    let said = ask(&browser, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!((&said["active"], &said["roles"]), (&json!(true), &json!(["approver"])));
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let standard = ["active", "aud", "client_id", "exp", "iat", "iss", "jti", "roles", "scope", "sub", "token_type"];
    assert_eq!(names(&said), standard, "each once, and no other");
}

#[tokio::test]
async fn a_refresh_token_is_described_to_its_own_client_alone() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    assert_eq!(ask(&browser, tokens["refresh_token"].as_str().unwrap()).await, json!({"active": false}));

    let own = [("client_id", "server"), ("client_secret", "s3cret"), ("grant_type", "password")];
    let person = [("username", "ann"), ("password", crate::support::PASSWORD), ("scope", "offline_access")];
    let tokens = browser.post_with("/oauth/token", &[own, person].concat(), &[]).await.json();
    let token = tokens["refresh_token"].as_str().unwrap();
    let said = ask(&browser, token).await;
    assert_eq!((&said["active"], &said["scope"]), (&json!(true), &json!("offline_access")));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 1000);
    server.clock.advance(std::time::Duration::from_secs(1000));
    assert_eq!(ask(&browser, token).await, json!({"active": false}));
}

#[tokio::test]
async fn nothing_is_said_about_other_texts_nor_to_those_who_prove_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").tokens(&browser).await;
    for token in ["nonsense", tokens["id_token"].as_str().unwrap()] {
        assert_eq!(ask(&browser, token).await, json!({"active": false}));
    }
    let access_token = tokens["access_token"].as_str().unwrap();
    for client in [vec![("client_id", "app")], vec![("client_id", "server"), ("client_secret", "wrong")], vec![]] {
        let fields = [client.as_slice(), &[("token", access_token)]].concat();
        let answer = browser.post_with("/oauth/introspect", &fields, &[]).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{client:?}");
    }
    let fields = [("client_id", "server"), ("client_secret", "s3cret")];
    assert_eq!(browser.post_with("/oauth/introspect", &fields, &[]).await.status, 400, "no token");
}

/// Resource servers that ask for it, as mail servers do, knew nobody's name.
#[tokio::test]
async fn the_name_of_a_person_was_not_told() {
    let called = "given_name = \"Ann\"\npreferred_username = \"annie\"";
    let named = crate::support::config().replace("given_name = \"Ann\"", called);
    for (config, name) in [(crate::support::config(), "ann"), (named, "annie")] {
        let server = Server::with(&config).await;
        let browser = Browser::of(&server);
        let username = async |scope: &str| {
            let tokens = App::code("app").with("scope", scope).tokens(&browser).await;
            ask(&browser, tokens["access_token"].as_str().unwrap()).await["username"].clone()
        };
        assert_eq!(username("openid profile").await, name);
        assert_eq!(username("openid email").await, Value::Null, "the token does not say who it is");
        let own = [("client_id", "server"), ("client_secret", "s3cret")];
        let person = [("username", "ann"), ("password", crate::support::PASSWORD), ("grant_type", "password")];
        let fields = [&own[..], &person, &[("scope", "profile offline_access")]].concat();
        let tokens = browser.post_with("/oauth/token", &fields, &[]).await.json();
        assert_eq!(ask(&browser, tokens["refresh_token"].as_str().unwrap()).await["username"], name);
        let fields = [&own[..], &[("grant_type", "client_credentials"), ("audience", "https://api.example/")]].concat();
        let tokens = browser.post_with("/oauth/token", &fields, &[]).await.json();
        let said = ask(&browser, tokens["access_token"].as_str().unwrap()).await;
        assert_eq!((&said["active"], &said["username"]), (&json!(true), &Value::Null), "a client is nobody");
    }
}

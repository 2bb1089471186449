//! `POST /oauth/token` with `grant_type=client_credentials`: what a client may do in its own name.

use evergrant_core::protocol::AccessTokenClaims;
use serde_json::Value;

use crate::support::{Answer, Browser, Server, claims, config};

async fn ask(browser: &Browser, client: (&str, &str), extra: &[(&str, &str)]) -> Answer {
    let own = [("grant_type", "client_credentials"), ("client_id", client.0), ("client_secret", client.1)];
    browser.post_with("/oauth/token", &[&own, extra].concat(), &[]).await
}

const SERVER: (&str, &str) = ("server", "s3cret");

#[tokio::test]
async fn a_client_is_its_own_subject_and_gets_what_it_is_registered_for() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for scope in [None, Some(("scope", "openid offline_access read:reports write:reports"))] {
        let extra: Vec<_> = [("audience", "https://api.example/")].into_iter().chain(scope).collect();
        let tokens = ask(&browser, SERVER, &extra).await.json();
        let claims = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!((&claims["sub"], &claims["client_id"]), (&"server".into(), &"server".into()));
        assert_eq!((&claims["aud"], &claims["scope"]), (&"https://api.example/".into(), &"read:reports".into()));
        assert_eq!(claims["auth_time"], Value::Null, "no person takes part");
        assert_eq!((&tokens["refresh_token"], &tokens["id_token"]), (&Value::Null, &Value::Null));
        assert_eq!(tokens["expires_in"], 4000);
    }
}

#[tokio::test]
async fn each_way_to_be_wrong_has_its_error() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let api = ("audience", "https://api.example/");
    for (client, extra, status, error) in [
        (("server", "wrong"), vec![api], 401, "invalid_client"),
        (("app", ""), vec![api], 400, "unauthorized_client"),
        (SERVER, vec![api, ("scope", "write:reports")], 400, "invalid_scope"),
        (SERVER, vec![("scope", "read:reports")], 400, "invalid_scope"),
        (SERVER, vec![("audience", "https://unknown.example/")], 400, "invalid_target"),
    ] {
        let answer = ask(&browser, client, &extra).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{client:?} {extra:?}");
    }
}

/// RFC 8707 §2 lets a request name several.
#[tokio::test]
async fn two_resources_were_called_one_parameter_too_many() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let resource = ("resource", "https://api.example/");
    let answer = ask(&browser, SERVER, &[resource, ("resource", "https://other.example/")]).await.json();
    assert_eq!(answer["error"], "invalid_target");
    assert!(answer["error_description"].as_str().unwrap().contains("one API"), "{answer}");
    let answer = ask(&browser, SERVER, &[resource, ("scope", "a"), ("scope", "b")]).await.json();
    assert_eq!(answer["error"], "invalid_request");
}

/// RFC 6749 §3.3: a scope has a word at least.
#[tokio::test]
async fn a_token_that_allows_nothing_had_an_empty_scope() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for extra in [vec![], vec![("audience", "https://other.example/"), ("scope", "read:reports")]] {
        let tokens = ask(&browser, SERVER, &extra).await.json();
        let said = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(said.get("scope").is_some(), !extra.is_empty(), "{said}");
        assert_eq!(said["sub"], "server", "all else is there");
        assert!(serde_json::from_value::<AccessTokenClaims>(said).is_ok());
    }
}

#[tokio::test]
async fn a_scope_without_its_api_is_refused_with_what_to_add() {
    let server = Server::start().await;
    let answer = ask(&Browser::of(&server), SERVER, &[("scope", "read:reports")]).await.json();
    assert!(answer["error_description"].as_str().unwrap().contains("audience or resource"), "{answer}");
}

/// RFC 9068 §3. MSAL's confidential clients can name no API.
#[tokio::test]
async fn a_scope_of_one_api_alone_was_refused_without_its_api() {
    let other = r#"name = "Other API"
scopes = "read:reports""#;
    let server = Server::with(&config().replacen(other, r#"name = "Other API""#, 1)).await;
    let browser = Browser::of(&server);
    let tokens = ask(&browser, SERVER, &[("scope", "read:reports")]).await.json();
    assert_eq!(tokens["scope"], "read:reports", "{tokens}");
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["aud"], "https://api.example/");
    let answer = ask(&browser, SERVER, &[("scope", "write:reports")]).await;
    assert_eq!(answer.json()["error"], "invalid_scope", "it is not registered for that one");
}

#[test]
fn it_is_not_for_clients_without_a_secret() {
    let wrong = config().replacen(r#""refresh_token"]"#, r#""refresh_token", "client_credentials"]"#, 1);
    let error = evergrant_issuer::Config::parse(&wrong).unwrap_err().to_string();
    assert!(error.contains("client_credentials is for clients that have a secret"), "{error}");
}

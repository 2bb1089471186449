//! `GET /authorize` with tokens in the fragment: the legacy flow, and the hybrid.

use crate::support::{App, Browser, CALLBACK, STATE, Server, claims, config};

#[tokio::test]
async fn id_token_and_token_come_in_the_fragment_and_belong_together() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("id_token token")
        .with("audience", "https://api.example/")
        .with("scope", "openid profile read:reports");
    let sent = browser.authorize_as("ann", &app.query()).await.sent(CALLBACK, '#');
    assert_eq!(sent.first("state"), Some(STATE));
    assert_eq!(sent.first("iss"), Some(server.issuer().as_str()));
    assert_eq!(sent.first("token_type"), Some("Bearer"));
    assert_eq!(sent.first("expires_in"), Some("40"));
    assert_eq!(sent.first("code"), None);
    let access_token = sent.first("access_token").unwrap();
    let person = App::validate(&server, "app", sent.first("id_token").unwrap(), Some(access_token), None).await;
    assert!(person.unwrap().at_hash.is_some(), "OIDC Core §3.2.2.10");
    assert_eq!(claims(access_token)["aud"], "https://api.example/");
}

#[tokio::test]
async fn a_page_that_decodes_no_plus_reads_its_scope_right() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("id_token token").with("scope", "openid profile").with("state", "a b+c");
    let answer = browser.authorize_as("ann", &app.query()).await;
    let location = answer.header("location").unwrap();
    assert!(location.contains("scope=openid%20profile&") && location.contains("state=a%20b%2Bc&"), "{location}");
}

#[tokio::test]
async fn an_id_token_alone_carries_the_persons_claims() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let answer = browser.authorize_as("ann", &App::implicit("id_token").query()).await;
    let sent = answer.sent(CALLBACK, '#');
    assert_eq!((sent.first("access_token"), sent.first("expires_in")), (None, None));
    let person = App::validate(&server, "app", sent.first("id_token").unwrap(), None, None).await;
    assert_eq!(person.unwrap().display_name(), "Ann Example");
}

#[tokio::test]
async fn a_token_alone_needs_no_nonce_and_no_openid() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("token").without("nonce").with("scope", "profile");
    let sent = browser.authorize_as("ann", &app.query()).await.sent(CALLBACK, '#');
    assert_eq!(claims(sent.first("access_token").unwrap())["scope"], "profile");
    assert_eq!(sent.first("id_token"), None);
}

#[tokio::test]
async fn a_hybrid_answer_binds_code_and_token_to_the_id_token() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app").with("response_type", "code id_token token");
    let sent = browser.authorize_as("ann", &app.query()).await.sent(CALLBACK, '#');
    let (code, token) = (sent.first("code").unwrap(), sent.first("access_token").unwrap());
    let id_token = sent.first("id_token").unwrap();
    App::validate(&server, "app", id_token, Some(token), Some(code)).await.unwrap();
    assert_eq!(App::redeem(&browser, "app", code).await.status, 200);
}

#[tokio::test]
async fn each_response_type_brings_what_it_names_and_nothing_else() {
    let types = ["code", "id_token", "id_token token", "token", "code id_token", "code token", "code id_token token"];
    let named = r#"response_types = ["code", "id_token token", "id_token", "token", "code id_token token"]"#;
    assert!(config().contains(named));
    let server = Server::with(&config().replace(named, &format!("response_types = {types:?}"))).await;
    let browser = Browser::of(&server);
    for kind in types {
        let query = App::code("app").with("response_type", kind).query();
        let separator = if kind == "code" { '?' } else { '#' };
        let sent = browser.authorize_as("ann", &query).await.sent(CALLBACK, separator);
        let named = |word| kind.split(' ').any(|named| named == word);
        assert_eq!(sent.has("code"), named("code"), "{kind}");
        assert_eq!(sent.has("id_token"), named("id_token"), "{kind}");
        assert_eq!((sent.has("access_token"), sent.has("expires_in")), (named("token"), named("token")), "{kind}");
        if let Some(id_token) = sent.first("id_token") {
            let (token, code) = (sent.first("access_token"), sent.first("code"));
            let person = App::validate(&server, "app", id_token, token, code).await.unwrap();
            assert_eq!((person.at_hash.is_some(), person.c_hash.is_some()), (named("token"), named("code")), "{kind}");
        }
        if let Some(code) = sent.first("code") {
            assert_eq!(App::redeem(&browser, "app", code).await.status, 200, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_name_implicit_does_not_get_it() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::implicit("id_token token").with("client_id", "trusted");
    let sent = browser.get(&format!("/authorize?{}", app.query())).await.sent(CALLBACK, '#');
    assert_eq!(sent.first("error"), Some("unauthorized_client"));
}

#[tokio::test]
async fn rs256_is_used_where_the_configuration_says_so() {
    let config = crate::support::config().replace("issuer = \"http", "signing_alg = \"RS256\"\nissuer = \"http");
    let server = Server::with(&config).await;
    let browser = Browser::of(&server);
    let answer = browser.authorize_as("ann", &App::implicit("id_token").query()).await;
    let sent = answer.sent(CALLBACK, '#');
    let id_token = sent.first("id_token").unwrap();
    App::validate(&server, "app", id_token, None, None).await.unwrap();
    // A signature that does not fit is not accepted: the check above can fail.
    let forged = format!("{}AAAA", &id_token[..id_token.len() - 4]);
    assert!(App::validate(&server, "app", &forged, None, None).await.is_err());
}

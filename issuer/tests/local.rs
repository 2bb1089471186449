//! The issuer in the process of somebody else's test.

use std::time::Duration;

use evergrant_core::protocol::{AccessToken, ErrorCode};
use evergrant_issuer::{Config, LocalError, LocalIssuer, OrderedFailure};

use reqwest::Method;

use crate::support::{App, Browser, config};

const API: &str = "https://api.example/";

async fn started() -> LocalIssuer {
    LocalIssuer::start(Config::parse(&config()).unwrap()).await.unwrap()
}

fn browser(issuer: &LocalIssuer) -> Browser {
    Browser::at(issuer.url().trim_end_matches('/'))
}

/// The header of whoever has this token.
fn with(token: &AccessToken) -> String {
    format!("Bearer {}", token.secret())
}

#[tokio::test]
async fn each_test_has_its_own_at_a_port_of_its_own() {
    let (one, other) = tokio::join!(started(), started());
    assert_ne!(one.url(), other.url());
    for issuer in [&one, &other] {
        let metadata = browser(issuer).get("/.well-known/openid-configuration").await.json();
        assert_eq!(metadata["issuer"], issuer.url());
    }
    let url = one.url().to_owned();
    one.stop().await;
    assert!(reqwest::get(&url).await.is_err_and(|error| error.is_connect()), "it has ended");
    assert_eq!(browser(&other).get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_token_is_what_signing_in_would_have_brought() {
    let issuer = started().await;
    let asked = "openid profile read:reports unknown offline_access";
    let token = issuer.access_token("ann", "app", Some(API), asked).await.unwrap();
    let app = browser(&issuer);
    let userinfo = async || app.send(Method::GET, "/userinfo", &[("authorization", &with(&token))], None).await;
    let claims = userinfo().await.json();
    assert_eq!((&claims["sub"], &claims["name"]), (&"user-ann".into(), &"Ann Example".into()));
    let server = [("client_id", "server"), ("client_secret", "s3cret"), ("token", token.secret())];
    let said = app.post_with("/oauth/introspect", &server, &[]).await.json();
    assert_eq!((&said["active"], &said["scope"]), (&true.into(), &"openid profile read:reports".into()));
    issuer.clock().advance(Duration::from_secs(41));
    assert_eq!(userinfo().await.status, 401, "it has expired");
}

#[tokio::test]
async fn who_and_what_is_not_in_the_configuration_is_named() {
    let issuer = started().await;
    for (person, client, api, wrong) in [
        ("eve", "app", Some(API), "person \"eve\""),
        ("ann", "appp", Some(API), "client \"appp\""),
        ("ann", "app", Some("https://none.example/"), "API \"https://none.example/\""),
    ] {
        let error = issuer.access_token(person, client, api, "openid").await.unwrap_err();
        assert_eq!(error.to_string(), format!("there is no {wrong} in the configuration"));
    }
    for elsewhere in ["https://localhost/", "https://issuer.example/"] {
        let text = config().replace("http://127.0.0.1:1/", elsewhere);
        let error = LocalIssuer::start(Config::parse(&text).unwrap()).await.unwrap_err();
        assert!(matches!(&error, LocalError::NotLocal(named) if named == elsewhere), "{error}");
    }
}

#[tokio::test]
async fn failures_come_as_ordered_and_requests_are_seen() {
    let issuer = started().await;
    let busy = OrderedFailure { status: Some(503), retry_after: Some(7), ..OrderedFailure::default() };
    let refused = OrderedFailure { error: Some(ErrorCode::InvalidRequest), ..OrderedFailure::default() };
    issuer.fail_next("/userinfo", busy).unwrap();
    issuer.fail_next("/userinfo", refused).unwrap();
    let app = browser(&issuer);
    let answer = app.get("/userinfo").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("7")));
    assert_eq!(app.get("/userinfo").await.status, 400);
    assert_eq!(app.get("/userinfo").await.status, 401, "as usual");
    let statuses: Vec<u16> = issuer.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [503, 400, 401]);

    let nothing = OrderedFailure::default();
    let long = OrderedFailure { delay: Duration::from_secs(26), ..OrderedFailure::default() };
    let fine = OrderedFailure { status: Some(200), ..OrderedFailure::default() };
    for (endpoint, failure, wrong) in [
        ("/userinfo", nothing.clone(), "say what is to happen"),
        ("/userinfo", long, "at most 25000"),
        ("/userinfo", fine, "from 400 to 599"),
        ("userinfo", nothing, "is a path"),
    ] {
        let error = issuer.fail_next(endpoint, failure).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
    assert_eq!(app.get("/userinfo").await.status, 401, "nothing was ordered");
}

#[tokio::test]
async fn who_has_signed_in_there_is_known_until_all_sessions_are_ended() {
    let issuer = started().await;
    let person = browser(&issuer);
    let signed_in = App::code("app").tokens(&person).await;
    assert!(signed_in["access_token"].is_string());
    let silently = App::code("app").with("prompt", "none").query();
    let answer = person.get(&format!("/authorize?{silently}")).await;
    assert!(answer.location().unwrap().contains("code="));
    issuer.end_sessions().await.unwrap();
    let answer = person.get(&format!("/authorize?{silently}")).await;
    assert!(answer.location().unwrap().contains("error=login_required"));
}

//! What was granted under another configuration: what is taken out of it brings nothing any more.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{App, Browser, CALLBACK, PASSWORD, Server, claims, config};

/// An issuer whose configuration is changed between two starts.
struct Issuer {
    server: Server,
    config: String,
    database: PathBuf,
    _directory: TempDir,
}

impl Issuer {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("issuer.sqlite3");
        let config = config();
        let server = Server::launch(&config, &database, 0, false).await;
        Self { server, config, database, _directory: directory }
    }

    async fn with(self, config: String) -> Self {
        assert_ne!(config, self.config);
        let port = self.server.kill().await;
        Self { server: Server::launch(&config, &self.database, port, false).await, config, ..self }
    }

    async fn without_ann(self) -> Self {
        let (before, rest) = self.config.split_once("[[user]]").unwrap();
        let config = format!("{before}[[user]]{}", rest.split_once("[[user]]").unwrap().1);
        self.with(config).await
    }

    /// The first client there is.
    async fn without_app(self) -> Self {
        let (before, rest) = self.config.split_once("[[client]]").unwrap();
        let config = format!("{before}[[client]]{}", rest.split_once("[[client]]").unwrap().1);
        self.with(config).await
    }
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn introspect(browser: &Browser, token: &str) -> Value {
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", token)];
    browser.post_with("/oauth/introspect", &fields, &[]).await.json()
}

/// Introspection and the secret area took tokens for good with which nothing else worked any more.
#[tokio::test]
async fn tokens_of_somebody_who_was_taken_out_still_counted() {
    let issuer = Issuer::start().await;
    let browser = Browser::of(&issuer.server);
    let tokens = App::code("app").with("scope", "openid offline_access").tokens(&browser).await;
    let code = App::code("app").fresh_code(&browser).await;
    let server = [("client_id", "server"), ("client_secret", "s3cret")];
    let fields = [("username", "ann"), ("password", PASSWORD), ("scope", "offline_access"), ("grant_type", "password")];
    let servers_own = browser.post_with("/oauth/token", &[&server[..], &fields].concat(), &[]).await.json();
    let fields = [("grant_type", "client_credentials"), ("audience", "https://api.example/")];
    let of_no_person = browser.post_with("/oauth/token", &[&server[..], &fields].concat(), &[]).await.json();
    let access_token = text(&tokens, "access_token");
    let bearer = format!("Bearer {access_token}");
    let is_active = async |token: &str| introspect(&browser, token).await["active"] == true;
    assert!(is_active(access_token).await && is_active(text(&servers_own, "refresh_token")).await);

    let _issuer = issuer.without_ann().await;
    for path in ["/userinfo", "/secret"] {
        let answer = browser.send(Method::GET, path, &[("authorization", &bearer)], None).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_token")), "{path}");
    }
    for token in [access_token, text(&servers_own, "access_token"), text(&servers_own, "refresh_token")] {
        assert_eq!(introspect(&browser, token).await, serde_json::json!({"active": false}));
    }
    assert!(is_active(text(&of_no_person, "access_token")).await);
    assert_eq!(App::redeem(&browser, "app", &code).await.json()["error"], "invalid_grant");
    assert_eq!(App::refresh(&browser, text(&tokens, "refresh_token")).await.json()["error"], "invalid_grant");
    let query = App::code("app").with("prompt", "none").query();
    let silent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
    assert_eq!(silent.first("error"), Some("login_required"));
}

/// And on the page of where one is signed in it had no name.
#[tokio::test]
async fn tokens_of_an_application_that_was_taken_out_still_counted() {
    let issuer = Issuer::start().await;
    let browser = Browser::of(&issuer.server);
    let tokens = App::code("app").with("scope", "openid offline_access").tokens(&browser).await;
    let access_token = text(&tokens, "access_token");
    let _issuer = issuer.without_app().await;
    let bearer = format!("Bearer {access_token}");
    for path in ["/userinfo", "/secret"] {
        let answer = browser.send(Method::GET, path, &[("authorization", &bearer)], None).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_token")), "{path}");
    }
    assert_eq!(introspect(&browser, access_token).await, serde_json::json!({"active": false}));
    assert_eq!(App::refresh(&browser, text(&tokens, "refresh_token")).await.status, 401);
    let page = browser.get("/account").await.body;
    assert!(page.contains(">app<"), "{page}");
}

/// A refresh token went on bringing it until its family ended by time.
#[tokio::test]
async fn a_scope_that_was_taken_out_of_its_api_was_still_given() {
    let issuer = Issuer::start().await;
    let browser = Browser::of(&issuer.server);
    let both = App::offline("app").with("scope", "openid offline_access read:reports write:reports");
    let tokens = both.tokens(&browser).await;
    let code = both.fresh_code(&browser).await;
    let config = issuer.config.replace(" write:reports", "");
    let _issuer = issuer.with(config).await;
    let refreshed = App::refresh(&browser, text(&tokens, "refresh_token")).await.json();
    let redeemed = App::redeem(&browser, "app", &code).await.json();
    for tokens in [&refreshed, &redeemed] {
        assert_eq!(text(tokens, "scope"), "openid offline_access read:reports");
        assert_eq!(claims(text(tokens, "access_token"))["scope"], "openid offline_access read:reports");
    }
    assert_eq!(App::refresh(&browser, text(&refreshed, "refresh_token")).await.status, 200);
}

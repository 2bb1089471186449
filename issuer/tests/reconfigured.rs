//! What was granted under another configuration: what is taken out of it brings nothing any more.

use std::path::PathBuf;
use std::sync::Arc;

use evergrant_core::protocol::revoked::RevokedTokens;
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    App, Browser, CALLBACK, PASSWORD, Postgres, Server, claims, config, config_with_another_password,
};

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

/// Why nobody is signed in silently; `None` when somebody is.
async fn silent_error(browser: &Browser) -> Option<String> {
    let query = App::code("app").with("scope", "openid").with("prompt", "none").query();
    let sent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
    sent.first("error").map(str::to_owned)
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
    assert_eq!(silent_error(&browser).await.as_deref(), Some("login_required"));
}

/// Whoever knew the old one, and had signed in with it, stayed in for a week, and for good with a refresh token.
#[tokio::test]
async fn a_changed_password_left_what_was_signed_in_with_the_old_one() {
    let issuer = Issuer::start().await;
    let [browser, bobs] = [(); 2].map(|()| Browser::of(&issuer.server));
    let offline = App::code("app").with("scope", "openid offline_access");
    let tokens = offline.tokens(&browser).await;
    let code = offline.fresh_code(&browser).await;
    bobs.authorize_as("bob", &App::code("app").query()).await;
    let fields = [
        ("client_id", "server"),
        ("client_secret", "s3cret"),
        ("grant_type", "password"),
        ("username", "ann"),
        ("password", PASSWORD),
        ("scope", "offline_access"),
    ];
    let servers_own = browser.post_with("/oauth/token", &fields, &[]).await.json();

    let issuer = issuer.with(config_with_another_password()).await;
    assert_eq!(silent_error(&browser).await.as_deref(), Some("login_required"));
    assert!(browser.get("/account").await.body.contains("Nobody is signed in"));
    assert_eq!(App::redeem(&browser, "app", &code).await.json()["error"], "invalid_grant");
    assert_eq!(App::refresh(&browser, text(&tokens, "refresh_token")).await.json()["error"], "invalid_grant");
    let list = serde_json::from_str::<RevokedTokens>(&browser.get("/oauth/revoked").await.body).unwrap();
    for tokens in [&tokens, &servers_own] {
        let access_token = text(tokens, "access_token");
        assert_eq!(introspect(&browser, access_token).await, serde_json::json!({"active": false}));
        let claims = serde_json::from_value(claims(access_token)).unwrap();
        assert!(list.revoked.iter().any(|entry| entry.what.names(&claims)), "for resource servers");
    }
    assert_eq!(introspect(&browser, text(&servers_own, "refresh_token")).await, serde_json::json!({"active": false}));
    assert_eq!(silent_error(&bobs).await, None);

    let tokens = offline.tokens(&browser).await;
    let config = issuer.config.replace("Ann Example", "Ann Other");
    let _issuer = issuer.with(config).await;
    assert_eq!(silent_error(&browser).await, None, "the same hash, and otherwise another configuration");
    assert_eq!(App::refresh(&browser, text(&tokens, "refresh_token")).await.status, 200);
}

/// Until all have the new password, whoever signs in with it is so at those as well that have the old one; what the old one brings
/// there is refused where the new one is known, and everywhere in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issuers_on_one_database_learn_of_a_password_one_after_the_other() {
    let database = Postgres::shared().database().await;
    let start =
        async |config: &str, port| Server::on(Arc::new(database.open().await.unwrap()), config, port, false).await;
    let changed = config_with_another_password();
    let [first, second] = [start(&config(), 0).await, start(&config(), 0).await];
    let offline = App::code("app").with("scope", "openid offline_access");
    let is_good = async |browser: &Browser, tokens: &Value| {
        let refreshed = App::refresh(browser, text(tokens, "refresh_token")).await;
        let session = silent_error(browser).await;
        assert_eq!(refreshed.status == 200, session.is_none(), "{} {session:?}", refreshed.body);
        session.is_none().then(|| refreshed.json())
    };
    let before = Browser::of(&first);
    let tokens_before = offline.tokens(&before).await;

    let first = start(&changed, first.kill().await).await;
    let elsewhere = |browser: &Browser| browser.sent_to(&second.url);
    assert!(is_good(&elsewhere(&before), &tokens_before).await.is_none(), "where nothing is known of the new one");
    let new = Browser::of(&first);
    let tokens = offline.tokens(&new).await;
    let tokens = is_good(&elsewhere(&new), &tokens).await.unwrap();
    let old = Browser::of(&second);
    let old_tokens = offline.tokens(&old).await;
    let old_tokens = is_good(&old, &old_tokens).await.unwrap();
    assert!(is_good(&old.sent_to(&first.url), &old_tokens).await.is_none());
    let code = offline.fresh_code(&old).await;
    assert_eq!(App::redeem(&old.sent_to(&first.url), "app", &code).await.json()["error"], "invalid_grant");

    let second = start(&changed, second.kill().await).await;
    for server in [&first, &second] {
        assert!(is_good(&old.sent_to(&server.url), &old_tokens).await.is_none());
    }
    let tokens = is_good(&new, &tokens).await.unwrap();
    assert!(is_good(&new.sent_to(&second.url), &tokens).await.is_some());
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

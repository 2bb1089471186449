//! `GET /oauth/revoked`: whatever ends before its time is listed at once, in every place, and forgotten when it has expired.

use std::time::Duration;

use evergrant_core::protocol::params::encode;
use evergrant_core::protocol::revoked::{Revoked, RevokedTokens};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, App, Browser, CALLBACK, PASSWORD, Server, claims, config, field};

async fn list(browser: &Browser) -> RevokedTokens {
    let answer = browser.get("/oauth/revoked").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    serde_json::from_str(&answer.body).unwrap()
}

/// No browser gets a token here that lasts longer than ten minutes.
async fn start() -> Server {
    let other = "name = \"Other API\"\n";
    Server::with(&config().replace(other, &format!("{other}token_lifetime_for_browser_flows = 40\n"))).await
}

/// Whether the list names a token.
async fn is_listed(browser: &Browser, access_token: &str) -> bool {
    let claims = serde_json::from_value(claims(access_token)).unwrap();
    list(browser).await.revoked.iter().any(|entry| entry.what.names(&claims))
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

/// A sign-in with offline access whose tokens are for the issuer's own resources, which must all agree about them.
async fn sign_in(browser: &Browser) -> Value {
    App::code("app").with("scope", "openid offline_access").tokens(browser).await
}

/// Whether introspection, userinfo and the secret area take a token: all of them do, or none.
async fn counts(browser: &Browser, access_token: &str) -> bool {
    let header = format!("Bearer {access_token}");
    let headers = [("authorization", header.as_str())];
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", access_token)];
    let active = browser.post_with("/oauth/introspect", &fields, &[]).await.json()["active"] == true;
    for path in ["/userinfo", "/secret"] {
        let answer = browser.send(Method::GET, path, &headers, None).await;
        assert_eq!(answer.status == 200, active, "{path} {}", answer.body);
        if !active {
            assert_eq!(answer.json()["error_description"], "The access token provided has been revoked.");
        }
    }
    active
}

#[tokio::test]
async fn a_revoked_access_token_is_listed_by_itself_until_it_has_expired() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let (one, other) = (sign_in(&browser).await, sign_in(&browser).await);
    let (one, other) = (text(&one, "access_token"), text(&other, "access_token"));
    assert_eq!(list(&browser).await, RevokedTokens::default());
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", one)], &[]).await;
    let listed = list(&browser).await.revoked;
    let said = claims(one);
    assert_eq!((listed.len(), &listed[0].what), (1, &Revoked::AccessToken(text(&said, "jti").into())));
    assert_eq!(listed[0].exp, said["exp"].as_i64().unwrap());
    assert!(!counts(&browser, one).await && counts(&browser, other).await);

    // It stays while another clock may still take the token for good.
    server.clock.advance(Duration::from_secs(600 + 290));
    server.provider.sweep().await.unwrap();
    assert_eq!(list(&browser).await.revoked.len(), 1);
    server.clock.advance(Duration::from_secs(11));
    server.provider.sweep().await.unwrap();
    assert_eq!(list(&browser).await, RevokedTokens::default());
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_every_access_token_of_its_grant_along() {
    let server = start().await;
    let browser = Browser::of(&server);
    let (first, other) = (sign_in(&browser).await, sign_in(&browser).await);
    server.clock.advance(Duration::from_secs(100));
    let second = App::refresh(&browser, text(&first, "refresh_token")).await.json();
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", text(&second, "refresh_token"))], &[]).await;
    let listed = list(&browser).await.revoked;
    let newest = claims(text(&second, "access_token"));
    assert_eq!((listed.len(), &listed[0].what), (1, &Revoked::Grant(text(&newest, "grant_id").into())));
    // As long as the newest of them lasts, or a repeated one: three seconds more, the reuse interval.
    assert_eq!(listed[0].exp, newest["exp"].as_i64().unwrap() + 3);
    for tokens in [&first, &second] {
        assert!(!counts(&browser, text(tokens, "access_token")).await);
    }
    assert!(counts(&browser, text(&other, "access_token")).await);
}

#[tokio::test]
async fn a_replayed_refresh_token_and_a_replayed_code_end_what_they_brought() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let first = sign_in(&browser).await;
    let second = App::refresh(&browser, text(&first, "refresh_token")).await.json();
    App::refresh(&browser, text(&second, "refresh_token")).await;
    assert!(counts(&browser, text(&second, "access_token")).await);
    assert_eq!(App::refresh(&browser, text(&first, "refresh_token")).await.status, 400);
    assert!(!counts(&browser, text(&second, "access_token")).await);

    let code = App::code("app").fresh_code(&browser).await;
    let tokens = App::redeem(&browser, "app", &code).await.json();
    assert!(counts(&browser, text(&tokens, "access_token")).await);
    assert_eq!(App::redeem(&browser, "app", &code).await.status, 400);
    assert!(!counts(&browser, text(&tokens, "access_token")).await);
    assert_eq!(list(&browser).await.revoked.len(), 2);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_access_token_however_it_came() {
    let server = Server::start().await;
    let (browser, bobs) = (Browser::of(&server), Browser::of(&server));
    let by_code = App::code("app").tokens(&browser).await;
    let implicit = browser.authorize_as("ann", &App::implicit("token").query()).await;
    let implicit = implicit.sent(CALLBACK, '#').first("access_token").unwrap().to_owned();
    let fields = [("grant_type", "password"), ("username", "ann"), ("password", PASSWORD), ("scope", "openid")];
    let client = [("client_id", "server"), ("client_secret", "s3cret")];
    let by_password = browser.post_with("/oauth/token", &[&fields[..], &client[..]].concat(), &[]).await.json();
    let answer = bobs.authorize_as("bob", &App::implicit("token").query()).await;
    let bobs_token = answer.sent(CALLBACK, '#').first("access_token").unwrap().to_owned();
    // Long after the code itself is forgotten.
    server.clock.advance(Duration::from_secs(590));
    server.provider.sweep().await.unwrap();

    let page = browser.get("/account").await;
    browser.post("/account/sign-out", &[("form_token", &field(&page, "form_token")), ("everywhere", "yes")]).await;
    for token in [text(&by_code, "access_token"), &implicit, text(&by_password, "access_token")] {
        assert!(!counts(&browser, token).await);
    }
    assert!(counts(&browser, &bobs_token).await);
}

/// For up to two hours, where no refresh token was there to be revoked.
#[tokio::test]
async fn signing_out_left_the_access_token_good() {
    let server = Server::start().await;
    let hint = |tokens: &Value| ("id_token_hint", text(tokens, "id_token").to_owned());
    for way in ["by hint", "by hint without a cookie", "as at Auth0", "confirmed", "by somebody else"] {
        let browser = Browser::of(&server);
        let tokens = App::code("app").tokens(&browser).await;
        let offline = sign_in(&browser).await;
        let code = App::code("app").fresh_code(&browser).await;
        let (token, stays) = (text(&tokens, "access_token"), text(&offline, "access_token"));
        assert!(counts(&browser, token).await && counts(&browser, stays).await, "{way}");
        let (name, hint) = hint(&tokens);
        let ask = format!("/oidc/logout?{}", encode([(name, hint.as_str())]));
        match way {
            "by hint" => drop(browser.get(&ask).await),
            "by hint without a cookie" => drop(Browser::of(&server).get(&ask).await),
            "as at Auth0" => drop(browser.get("/v2/logout?client_id=app").await),
            "confirmed" => {
                let page = browser.get("/oidc/logout").await;
                browser.post("/sign-out", &[("form_token", &field(&page, "form_token"))]).await;
            }
            _ => {
                let query = App::code("app").with("prompt", "login").query();
                assert!(browser.authorize_as("bob", &query).await.sent(CALLBACK, '?').has("code"));
            }
        }
        assert!(!counts(&browser, token).await && is_listed(&browser, token).await, "{way}");
        assert!(counts(&browser, stays).await && !is_listed(&browser, stays).await, "{way}");
        assert_eq!(App::refresh(&browser, text(&offline, "refresh_token")).await.status, 200, "{way}");
        assert_eq!(App::redeem(&browser, "app", &code).await.status, 400, "a code that was on its way, {way}");
    }
}

#[tokio::test]
async fn who_signs_in_again_keeps_their_tokens_until_they_sign_out() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").tokens(&browser).await;
    let query = App::code("app").with("prompt", "login").query();
    assert!(browser.authorize_as("ann", &query).await.sent(CALLBACK, '?').has("code"));
    assert!(counts(&browser, text(&tokens, "access_token")).await);
    browser.get("/v2/logout?client_id=app").await;
    assert!(!counts(&browser, text(&tokens, "access_token")).await);
}

#[tokio::test]
async fn what_has_expired_anyway_is_not_listed() {
    let server = start().await;
    let browser = Browser::of(&server);
    let tokens = sign_in(&browser).await;
    // By the clocks of others, too, and had the code been redeemed at its last second.
    server.clock.advance(Duration::from_secs(60 + 600 + 300));
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", text(&tokens, "refresh_token"))], &[]).await;
    assert_eq!(list(&browser).await, RevokedTokens::default());
}

#[tokio::test]
async fn asking_again_costs_nothing_until_something_changes() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let ask = async |tag: &str| -> Answer {
        browser
            .send(Method::GET, "/oauth/revoked", &[("if-none-match", tag), ("origin", "https://any.example")], None)
            .await
    };
    let empty = ask("\"none\"").await;
    let tag = empty.header("etag").unwrap().to_owned();
    assert_eq!(empty.header("access-control-allow-origin"), Some("*"));
    let again = ask(&tag).await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag.as_str())));
    let tokens = sign_in(&browser).await;
    let access_token = text(&tokens, "access_token");
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", access_token)], &[]).await;
    assert_eq!(ask(&tag).await.status, 200);
    assert!(is_listed(&browser, access_token).await);
}

#[tokio::test]
async fn the_list_outlives_the_process_and_reaches_another_on_the_same_store() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    let (one, other) = (sign_in(&browser).await, sign_in(&browser).await);
    let second = Server::launch(&config(), &database, 0, false).await;
    let seen_there = Browser::of(&second);
    browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", text(&one, "access_token"))], &[]).await;
    second.provider.notice().await.unwrap();
    assert!(is_listed(&seen_there, text(&one, "access_token")).await);
    let port = server.kill().await;
    let server = Server::launch(&config(), &database, port, false).await;
    let browser = Browser::of(&server);
    assert!(
        !counts(&browser, text(&one, "access_token")).await && counts(&browser, text(&other, "access_token")).await
    );
}

#[tokio::test]
async fn two_processes_on_one_store_list_all_that_either_revokes_and_say_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let one = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&one);
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(sign_in(&browser).await);
    }
    let other = Server::launch(&config(), &database, 0, false).await;
    let browsers = [browser, Browser::of(&other)];
    for (number, tokens) in tokens.iter().enumerate() {
        let (here, there) = (&browsers[number % 2], &browsers[1 - number % 2]);
        let fields = [("client_id", "app"), ("token", text(tokens, "refresh_token"))];
        here.post_with("/oauth/revoke", &fields, &[]).await;
        assert!(is_listed(here, text(tokens, "access_token")).await, "{number}");
        assert!(!is_listed(there, text(tokens, "access_token")).await, "{number}");
        for server in [&one, &other] {
            server.provider.notice().await.unwrap();
        }
        assert!(is_listed(there, text(tokens, "access_token")).await, "{number}");
    }
    let [one, other] = [browsers[0].get("/oauth/revoked").await, browsers[1].get("/oauth/revoked").await];
    assert_eq!((&one.body, one.header("etag")), (&other.body, other.header("etag")));
    assert_eq!(list(&browsers[0]).await.revoked.len(), 4);
}

/// As one is that a newer version made beside this one.
#[tokio::test]
async fn a_key_that_could_not_be_read_kept_what_others_revoked_from_being_seen() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let [one, other] =
        [Server::launch(&config(), &database, 0, false).await, Server::launch(&config(), &database, 0, false).await];
    let (browser, seen_there) = (Browser::of(&one), Browser::of(&other));
    let tokens = sign_in(&browser).await;
    let sql = "INSERT INTO signing_key (kid, algorithm, pkcs8, created_at) VALUES ('new', 'ES1024', x'00', 0)";
    rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    let fields = [("client_id", "app"), ("token", text(&tokens, "access_token"))];
    browser.post_with("/oauth/revoke", &fields, &[]).await;
    assert!(other.provider.notice().await.is_err());
    assert!(is_listed(&seen_there, text(&tokens, "access_token")).await);
}

#[tokio::test]
async fn a_key_that_could_not_be_read_kept_what_is_over_from_being_removed() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let store = &server.provider.store;
    store.revoke_access_token("over".to_owned(), server.clock.now() - Duration::from_secs(600)).await.unwrap();
    let sql = "INSERT INTO signing_key (kid, algorithm, pkcs8, created_at) VALUES ('new', 'ES1024', x'00', 0)";
    rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    assert!(server.provider.sweep().await.is_err());
    assert!(!store.is_revoked("over", None).await.unwrap());
}

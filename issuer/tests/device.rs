//! `POST /oauth/device_authorization`, and what its device gets at `POST /oauth/token` (RFC 8628).

use std::sync::Arc;
use std::time::Duration;

use evergrant_issuer::{SqliteStore, Store};
use serde_json::{Value, json};

use crate::support::{App, Browser, Device, Postgres, Server, claims, config};

type Fields<'a> = &'a [(&'a str, &'a str)];

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

/// Whether its access token counts.
async fn counts(browser: &Browser, tokens: &Value) -> bool {
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", text(tokens, "access_token"))];
    browser.post_with("/oauth/introspect", &fields, &[]).await.json()["active"] == true
}

#[tokio::test]
async fn a_device_is_told_what_to_show_and_how_to_ask() {
    let server = Server::start().await;
    let Device { told, user_code, device_code } = Device::start(&Browser::of(&server)).await;
    assert_eq!((&told["expires_in"], &told["interval"]), (&json!(600), &json!(5)));
    assert_eq!(told["verification_uri"], format!("{}/device", server.url));
    assert_eq!(told["verification_uri_complete"], format!("{}/device?user_code={user_code}", server.url));
    assert_eq!(told.as_object().unwrap().len(), 6);
    let (one, other) = user_code.split_once('-').unwrap();
    let is_letters = |half: &str| half.len() == 4 && half.chars().all(|letter| "BCDFGHJKLMNPQRSTVWXZ".contains(letter));
    assert!(is_letters(one) && is_letters(other), "{user_code}");
    assert!(device_code.len() >= 43, "{device_code}");

    let config = config().replace("[lifetimes]", "[lifetimes]\ndevice_code = 90\ndevice_poll_interval = 7");
    let server = Server::with(&config).await;
    let answer = Device::ask(&Browser::of(&server), &[("scope", "openid")]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((&answer.json()["expires_in"], &answer.json()["interval"]), (&json!(90), &json!(7)));
}

#[tokio::test]
async fn each_way_to_ask_wrongly_has_its_error() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let cases: [(Fields<'_>, u16, &str); 8] = [
        (&[("client_id", "tv")], 400, "invalid_scope"),
        (&[("client_id", "tv"), ("scope", "fly")], 400, "invalid_scope"),
        (&[("client_id", "tv"), ("scope", "read:reports")], 400, "invalid_scope"),
        (&[("client_id", "tv"), ("scope", "openid"), ("audience", "https://unknown.example/")], 400, "invalid_target"),
        (&[("client_id", "app"), ("scope", "openid")], 400, "unauthorized_client"),
        (&[("client_id", "nobody"), ("scope", "openid")], 401, "invalid_client"),
        (&[("client_id", "tv"), ("client_secret", "made up"), ("scope", "openid")], 401, "invalid_client"),
        (&[("scope", "openid")], 401, "invalid_client"),
    ];
    for (fields, status, error) in cases {
        let answer = browser.post_with("/oauth/device_authorization", fields, &[]).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{fields:?}");
    }
    assert_eq!(browser.get("/oauth/device_authorization").await.status, 405);
    let wrong = Device::ask(&browser, &[("scope", "openid"), ("scope", "email")]).await;
    assert_eq!(wrong.json()["error"], "invalid_request");
}

/// A television's app may be a page.
#[tokio::test]
async fn pages_of_registered_origins_may_ask_and_no_others() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for (origin, allowed) in [("http://localhost:8080", true), ("https://evil.example", false)] {
        let asked = [("client_id", "tv"), ("scope", "openid")];
        let answer = browser.post_with("/oauth/device_authorization", &asked, &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
    }
}

#[tokio::test]
async fn without_a_scope_the_clients_default_counts() {
    let config = config().replace("name = \"Demo TV\"", "name = \"Demo TV\"\ndefault_scope = \"openid email\"");
    let server = Server::with(&config).await;
    let browser = Browser::of(&server);
    let device = Device::start_with(&browser, &[]).await;
    device.allow(&browser, "ann").await;
    assert_eq!(device.poll(&browser).await.json()["scope"], "openid email");
}

#[tokio::test]
async fn a_confidential_client_shows_its_secret_both_times() {
    let grants = r#"["authorization_code", "refresh_token", "password", "client_credentials"]"#;
    let server = Server::with(&config().replace(grants, &format!(r#"["{}"]"#, Device::GRANT_TYPE))).await;
    let browser = Browser::of(&server);
    let basic = [("authorization", "Basic c2VydmVyOnMzY3JldA==")];
    let asked = [("scope", "openid")];
    let refused = [("client_id", "server"), ("scope", "openid")];
    assert_eq!(browser.post_with("/oauth/device_authorization", &refused, &[]).await.status, 401);
    let told = browser.post_with("/oauth/device_authorization", &asked, &basic).await.json();
    let device =
        Device { device_code: text(&told, "device_code").into(), user_code: text(&told, "user_code").into(), told };
    device.allow(&browser, "ann").await;
    assert_eq!(device.poll_as("server", &browser).await.status, 401);
    let poll = [("grant_type", Device::GRANT_TYPE), ("device_code", &device.device_code)];
    assert_eq!(browser.post_with("/oauth/token", &poll, &basic).await.status, 200);
}

#[tokio::test]
async fn tokens_are_those_of_the_code_grant_and_of_the_persons_sign_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    App::code("app").fresh_code(&browser).await;
    let signed_in_at = server.clock.now().as_seconds();
    server.clock.advance(Duration::from_secs(120));
    let tokens = Device::tokens(&browser, "ann").await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(4000)), "not a browser");
    assert_eq!(tokens["scope"], "openid email offline_access read:reports");
    let (id, access) = (claims(text(&tokens, "id_token")), claims(text(&tokens, "access_token")));
    assert_eq!((&id["sub"], &id["aud"], &id["email"]), (&json!("user-ann"), &json!("tv"), &json!("ann@example.com")));
    assert_eq!((&access["aud"], &access["client_id"]), (&json!("https://api.example/"), &json!("tv")));
    for claims in [&id, &access] {
        let auth_time = claims["auth_time"].as_i64().unwrap();
        assert!((signed_in_at - 5..=signed_in_at).contains(&auth_time), "{auth_time} {signed_in_at}");
    }
    assert_eq!(id.get("nonce"), None);
    assert!(id["sid"].is_string() && counts(&browser, &tokens).await);
    let refreshed = Device::refresh(&browser, text(&tokens, "refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(claims(text(&refreshed.json(), "id_token"))["sid"], id["sid"]);

    let bare = Device::start_with(&browser, &[("scope", "email")]).await;
    bare.allow(&browser, "ann").await;
    let tokens = bare.poll(&browser).await.json();
    assert_eq!((&tokens["id_token"], &tokens["refresh_token"]), (&Value::Null, &Value::Null), "{tokens}");
}

#[tokio::test]
async fn a_device_that_polls_too_fast_is_told_and_waits_longer_each_time() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    for (seconds, expected) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (4, "slow_down"),
        (6, "slow_down"),
        (15, "authorization_pending"),
        (14, "slow_down"),
        (20, "authorization_pending"),
    ] {
        server.clock.advance(Duration::from_secs(seconds));
        assert_eq!(device.polled(&browser).await, expected, "after {seconds} s");
    }
    let told = device.poll(&browser).await.json();
    assert!(text(&told, "error_description").contains("wait 25 seconds"), "{told}");
    // Who is allowed is not made to wait (§3.5: slow_down is a kind of authorization_pending).
    device.allow(&browser, "ann").await;
    assert_eq!(device.polled(&browser).await, "tokens");
}

#[tokio::test]
async fn a_device_code_is_its_clients_own_and_good_for_one_use() {
    let other =
        config().replace("[\"authorization_code\"", &format!("[\"{}\", \"authorization_code\"", Device::GRANT_TYPE));
    let server = Server::with(&other).await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    assert_eq!(device.poll_as("app", &browser).await.json()["error"], "invalid_grant");
    assert_eq!(device.poll_as("trusted", &browser).await.json()["error"], "unauthorized_client");
    let tokens = device.poll(&browser).await.json();
    assert_eq!(device.polled(&browser).await, "invalid_grant");
    assert!(counts(&browser, &tokens).await, "a poll that was sent twice ends nothing");
    let unknown = Device { device_code: "made-up".to_owned(), ..device };
    assert_eq!(unknown.polled(&browser).await, "invalid_grant");
}

#[tokio::test]
async fn tokens_for_another_api_than_the_person_allowed_are_not_given() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    let own = [("grant_type", Device::GRANT_TYPE), ("client_id", "tv"), ("device_code", &device.device_code)];
    let fields = [&own[..], &[("resource", "https://other.example/")]].concat();
    let answer = browser.post_with("/oauth/token", &fields, &[]).await;
    assert_eq!(answer.json()["error"], "invalid_target");
}

#[tokio::test]
async fn a_device_that_was_refused_or_comes_too_late_is_told_so() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let [denied, late, unanswered] =
        [Device::start(&browser).await, Device::start(&browser).await, Device::start(&browser).await];
    let page = denied.asked(&browser, "ann").await;
    assert!(Device::decide(&browser, &page, "deny").await.body.contains("The device was refused"));
    assert_eq!(denied.polled(&browser).await, "access_denied");
    late.allow(&browser, "ann").await;
    server.clock.advance(Duration::from_secs(599));
    assert_eq!(unanswered.polled(&browser).await, "authorization_pending");
    server.clock.advance(Duration::from_secs(1));
    for device in [&late, &unanswered, &denied] {
        assert_eq!(device.polled(&browser).await, "expired_token");
    }
    server.provider.sweep().await.unwrap();
    assert_eq!(unanswered.polled(&browser).await, "expired_token", "and for a while after that");
    server.clock.advance(Duration::from_secs(600));
    server.provider.sweep().await.unwrap();
    assert_eq!(unanswered.polled(&browser).await, "invalid_grant", "nothing of it is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_polls_at_once_one_has_the_tokens() {
    of_fifty_polls_one_has_the_tokens(Arc::new(SqliteStore::in_memory().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_polls_at_once_one_has_the_tokens_over_postgresql() {
    let database = Postgres::shared().database().await;
    of_fifty_polls_one_has_the_tokens(Arc::new(database.open().await.unwrap())).await;
}

async fn of_fifty_polls_one_has_the_tokens(store: Arc<dyn Store>) {
    let server = Server::on(store, &config(), 0, false).await;
    let browser = Browser::of(&server);
    let device = Arc::new(Device::start(&browser).await);
    device.allow(&browser, "ann").await;
    let polls: Vec<_> = (0..50)
        .map(|_| {
            let (device, browser) = (Arc::clone(&device), Browser::of(&server));
            tokio::spawn(async move { device.poll(&browser).await })
        })
        .collect();
    let mut tokens = Vec::new();
    for poll in polls {
        let answer = poll.await.unwrap();
        match answer.status {
            200 => tokens.push(answer.json()),
            _ => assert_eq!(answer.json()["error"], "invalid_grant"),
        }
    }
    assert_eq!(tokens.len(), 1);
    assert_eq!(Device::refresh(&browser, text(&tokens[0], "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn codes_that_nobody_enters_are_kept_within_bounds() {
    let limits = "[limits]\nopen_interactions_per_address = 5\nopen_interactions = 3\n\n[lifetimes]";
    let server = Server::with(&config().replace("[lifetimes]", limits)).await;
    let browser = Browser::of(&server);
    let allowed = Device::start(&browser).await;
    allowed.allow(&browser, "ann").await;
    let mut devices = Vec::new();
    for _ in 0..12 {
        devices.push(Device::start(&browser).await);
    }
    let mut left = 0;
    for device in &devices {
        left += usize::from(device.polled(&browser).await == "authorization_pending");
    }
    assert_eq!(left, 4);
    assert_eq!(allowed.polled(&browser).await, "tokens", "who was answered is not pushed out");
}

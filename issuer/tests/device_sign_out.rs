//! How what a device got ends: at `/account`, by itself, with everything, with the consent, and with the password.

use serde_json::Value;

use crate::support::{Answer, App, Browser, Device, Server, config, config_with_another_password, field};

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

async fn sign_out(browser: &Browser, name: &str, value: &str) -> Answer {
    let page = browser.get("/account").await;
    let form_token = field(&page, "form_token");
    browser.post("/account/sign-out", &[("form_token", &form_token), (name, value)]).await
}

/// Whether its access token counts.
async fn counts(browser: &Browser, tokens: &Value) -> bool {
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", text(tokens, "access_token"))];
    browser.post_with("/oauth/introspect", &fields, &[]).await.json()["active"] == true
}

#[tokio::test]
async fn a_device_is_listed_and_signed_out_by_itself_and_not_with_the_browser_that_allowed_it() {
    let server = Server::start().await;
    let (browser, phone) = (Browser::of(&server), Browser::of(&server));
    let tokens = Device::tokens(&phone, "ann").await;
    App::code("app").fresh_code(&browser).await;
    let page = browser.get("/account").await;
    for words in ["<h3>Demo TV</h3>", "<strong>A device</strong>", "<bdi>Demo TV</bdi>"] {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    let (_, of_phone) = page.body.split_once("this browser").unwrap();
    let of_phone = Answer { body: of_phone.to_owned(), ..browser.get("/account").await };
    sign_out(&browser, "browser", &field(&of_phone, "browser")).await;
    assert!(phone.get("/account").await.body.contains("Nobody is signed in"));
    let refreshed = Device::refresh(&phone, text(&tokens, "refresh_token")).await;
    assert_eq!(refreshed.status, 200, "the device goes on: {}", refreshed.body);
    sign_out(&browser, "application", &field(&page, "application")).await;
    let next = refreshed.json();
    assert_eq!(Device::refresh(&phone, text(&next, "refresh_token")).await.status, 400);
    assert!(!counts(&browser, &next).await && !browser.get("/account").await.body.contains("A device"));
}

#[tokio::test]
async fn signing_out_everywhere_ends_devices_with_and_without_their_tokens() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = Device::tokens(&browser, "ann").await;
    let on_its_way = Device::start(&browser).await;
    on_its_way.allow(&browser, "ann").await;
    sign_out(&browser, "everywhere", "yes").await;
    assert_eq!(Device::refresh(&browser, text(&tokens, "refresh_token")).await.status, 400);
    assert!(!counts(&browser, &tokens).await);
    assert_eq!(on_its_way.polled(&browser).await, "access_denied");
}

#[tokio::test]
async fn what_a_device_was_allowed_is_remembered_and_can_be_withdrawn() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = Device::tokens(&browser, "ann").await;
    let page = browser.get("/account").await;
    let (_, allowed) = page.body.split_once("What you allowed").unwrap();
    assert!(allowed.contains("Demo TV") && allowed.contains("see your e-mail address"), "{allowed}");
    // Remembered, and asked all the same.
    let again = Device::start(&browser).await;
    assert!(again.asked(&browser, "ann").await.body.contains(&again.user_code));
    let form_token = field(&page, "form_token");
    browser.post("/account/withdraw", &[("form_token", &form_token), ("client_id", "tv")]).await;
    assert_eq!(Device::refresh(&browser, text(&tokens, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn a_changed_password_ends_devices_before_and_after_they_have_their_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    let tokens = Device::tokens(&browser, "ann").await;
    let on_its_way = Device::start(&browser).await;
    on_its_way.allow(&browser, "ann").await;
    let bobs = Device::start(&browser).await;
    bobs.allow(&Browser::of(&server), "bob").await;
    let port = server.kill().await;
    let _server = Server::launch(&config_with_another_password(), &database, port, false).await;
    assert_eq!(Device::refresh(&browser, text(&tokens, "refresh_token")).await.status, 400);
    assert!(!counts(&browser, &tokens).await);
    assert_eq!(on_its_way.polled(&browser).await, "access_denied");
    assert_eq!(bobs.polled(&browser).await, "tokens", "somebody else's");
}

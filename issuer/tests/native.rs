//! Apps on a device (RFC 8252): their answers go to a loopback address, at the port that the system gave them.

use crate::support::{App, Browser, Server, VERIFIER, config};

const NATIVE: &str = r#"
[[client]]
client_id = "native"
name = "Desktop App"
type = "public"
redirect_uris = ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost:8080/callback"]
"#;

/// Its pages are in a webview, and people sign in in the system's browser.
const WEBVIEW: &str = r#"
[[client]]
client_id = "webview"
name = "Desktop App"
type = "public"
redirect_uris = ["com.example.app:/callback"]
origins = ["tauri://localhost", "http://tauri.localhost"]
"#;

async fn server() -> Server {
    Server::with(&format!("{}{NATIVE}{WEBVIEW}", config())).await
}

#[tokio::test]
async fn an_app_on_a_device_is_answered_at_whatever_port_it_listens() {
    let server = server().await;
    for (callback, other) in [
        ("http://127.0.0.1:51004/callback", "http://127.0.0.1:51005/callback"),
        ("http://[::1]:51004/callback", "http://[::1]/callback"),
    ] {
        let browser = Browser::of(&server);
        let query = App::code("native").with("redirect_uri", callback).query();
        let code = || async {
            browser.authorize_as("ann", &query).await.sent(callback, '?').first("code").unwrap().to_owned()
        };
        let redeem = async |code: &str, redirect_uri: &str| {
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", "native"),
                ("code", code),
                ("code_verifier", VERIFIER),
                ("redirect_uri", redirect_uri),
            ];
            browser.post_with("/oauth/token", &fields, &[]).await
        };
        let elsewhere = redeem(&code().await, other).await;
        assert_eq!(
            (elsewhere.status, elsewhere.json()["error"].as_str()),
            (400, Some("invalid_grant")),
            "RFC 6749 §4.1.3"
        );
        let redeemed = redeem(&code().await, callback).await;
        assert_eq!(redeemed.status, 200, "{}", redeemed.body);
    }
}

#[tokio::test]
async fn what_a_person_allowed_once_is_asked_again_since_any_program_can_pose_as_the_app() {
    let server = server().await;
    for (client_id, callback) in
        [("native", "http://127.0.0.1:51004/callback"), ("webview", "com.example.app:/callback")]
    {
        let browser = Browser::of(&server);
        let request = App::code(client_id).with("redirect_uri", callback);
        assert!(browser.authorize_as("ann", &request.query()).await.sent(callback, '?').has("code"));
        let again = browser.get(&format!("/authorize?{}", request.query())).await;
        assert!(again.location().unwrap().starts_with("/consent?"), "RFC 8252 §8.6");
        let silent = browser.get(&format!("/authorize?{}", request.with("prompt", "none").query())).await;
        assert_eq!(silent.sent(callback, '?').first("error"), Some("consent_required"));
    }
}

#[tokio::test]
async fn every_other_address_is_compared_to_the_letter() {
    let server = server().await;
    let browser = Browser::of(&server);
    for uri in
        ["http://localhost:51004/callback", "http://127.0.0.1:51004/callback/", "http://127.0.0.2:51004/callback"]
    {
        let query = App::code("native").with("redirect_uri", uri).query();
        assert_eq!(browser.get(&format!("/authorize?{query}")).await.status, 400, "{uri}");
    }
}

#[tokio::test]
async fn the_port_counts_for_apps_in_a_browser_and_for_servers() {
    let registered = "http://127.0.0.1:8080/callback";
    let browser_app = config().replacen("http://localhost:8080/callback", registered, 1);
    let implicit = config().replace(
        "redirect_uris = [\"http://localhost:8080/callback\"]\nrequire_consent = false\nid_token_lifetime = 123",
        &format!("redirect_uris = [{registered:?}]\nresponse_types = [\"code\", \"id_token\"]"),
    );
    let server_app = config().replace(
        "redirect_uris = [\"http://localhost:8080/callback\"]\nrequire_consent = false\ngrants",
        &format!("redirect_uris = [{registered:?}]\nrequire_consent = false\ngrants"),
    );
    for (config, client_id) in [(browser_app, "app"), (implicit, "trusted"), (server_app, "server")] {
        let server = Server::with(&config).await;
        let browser = Browser::of(&server);
        for (uri, status) in [(registered, 303), ("http://127.0.0.1:51004/callback", 400)] {
            let query = App::code(client_id).with("redirect_uri", uri).query();
            assert_eq!(browser.get(&format!("/authorize?{query}")).await.status, status, "{client_id} {uri}");
        }
    }
}

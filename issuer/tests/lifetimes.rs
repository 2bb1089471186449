//! Access tokens last as their API says, and differently in browsers; ID tokens last as their client says.

use serde_json::Value;

use crate::support::{App, Browser, CALLBACK, Server, VERIFIER, claims};

fn lifetime(token: &Value) -> i64 {
    let claims = claims(token.as_str().unwrap());
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

#[tokio::test]
async fn access_tokens_and_id_tokens_have_lifetimes_of_their_own() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app").with("audience", "https://api.example/").with("scope", "openid read:reports");
    let tokens = app.tokens(&browser).await;
    assert_eq!(lifetime(&tokens["access_token"]), 40, "the API's, for browsers");
    assert_eq!(tokens["expires_in"], 40);
    assert_eq!(lifetime(&tokens["id_token"]), 900, "the issuer's default");

    let none = App::code("app").tokens(&browser).await;
    assert_eq!(lifetime(&none["access_token"]), 600, "no API, in a browser");
}

#[tokio::test]
async fn a_server_has_the_general_lifetime_and_a_client_its_own_for_id_tokens() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("server").with("audience", "https://api.example/").with("scope", "openid read:reports");
    let code = app.fresh_code(&browser).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "server"),
        ("client_secret", "s3cret"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
    ];
    let tokens = browser.post_with("/oauth/token", &fields, &[]).await.json();
    assert_eq!(lifetime(&tokens["access_token"]), 4000);

    let id_token = App::code("trusted").tokens(&browser).await["id_token"].clone();
    assert_eq!(lifetime(&id_token), 123);
}

//! Everything that can be sent to the issuer: any endpoint, any parameters, cookies and credentials. It never answers that
//! something broke inside.
#![no_main]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use evergrant_core::protocol::params;
use evergrant_issuer::{Clock, Config, Provider, router, store};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// Endpoint, method, who sends it, parameters by name, raw query, headers by name, raw body.
type Input = (u8, bool, [u8; 4], Vec<(u8, String)>, Option<String>, Vec<(u8, String)>, Option<Vec<u8>>);

const PATHS: [&str; 25] = [
    "/authorize",
    "/oauth/token",
    "/oauth/device_authorization",
    "/oauth/revoke",
    "/oauth/introspect",
    "/userinfo",
    "/oidc/logout",
    "/v2/logout",
    "/sign-in",
    "/consent",
    "/device",
    "/device/confirm",
    "/account",
    "/account/sign-out",
    "/account/withdraw",
    "/sign-out",
    "/secret",
    "/oauth/revoked",
    "/",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
    "/healthz",
    "/livez",
    "/assets/x",
    "/none",
];

const PARAMETERS: [&str; 35] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "audience",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "device_code",
    "user_code",
    "form_token",
    "username",
    "password",
    "client_secret",
    "token",
    "token_type_hint",
    "access_token",
    "post_logout_redirect_uri",
    "logout_hint",
    "returnTo",
    "decision",
    "csrf",
    "ui_locales",
    "interaction",
];

const HEADERS: [&str; 6] = ["authorization", "cookie", "origin", "if-none-match", "x-forwarded-for", "content-type"];

/// Words that a guess would take long to find.
const WORDS: [&str; 12] = [
    "app",
    "server",
    "code",
    "id_token token",
    "http://localhost:8080/callback",
    "openid offline_access",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "WDJB-MJHT",
    "none",
    "ann",
];

const CONFIG: &str = r#"
issuer = "http://localhost:3000/"
database = ":memory:"
[secret_area]
allow_query_token = true
[[client]]
client_id = "app"
name = "App"
type = "public"
redirect_uris = ["http://localhost:8080/callback"]
origins = ["http://localhost:8080"]
response_types = ["code", "id_token token", "id_token"]
grants = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
[[client]]
client_id = "server"
name = "Server"
type = "confidential"
secret_hashes = ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"]
redirect_uris = ["http://localhost:8080/callback"]
grants = ["authorization_code", "refresh_token", "password", "client_credentials"]
[[user]]
username = "ann"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$8XZx9+PD402/s77fK0m83A$l4+Zo4YQ6Ua0wwCVWEjMyGq1y9/jySEuoFSOSQ4gkgY"
sub = "user-ann"
"#;

thread_local! {
    static ISSUER: (Runtime, Router) = {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let router = runtime.block_on(async {
            let config = Config::parse(CONFIG).expect("a configuration");
            let store = store::open(&config).await.expect("a store in memory");
            router(Arc::new(Provider::open(config, store, Clock::system(), false).await.expect("a provider")))
        });
        (runtime, router)
    };
}

fuzz_target!(|input: Input| {
    let Some(request) = request(input) else { return };
    ISSUER.with(|(runtime, router)| {
        runtime.block_on(async {
            let Ok(answer) = router.clone().oneshot(request).await;
            assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            to_bytes(answer.into_body(), usize::MAX).await.expect("a whole answer");
        });
    });
});

fn request((path, post, peer, parameters, query, headers, body): Input) -> Option<Request<Body>> {
    let named = |names: &[&'static str], index: u8| names[usize::from(index) % names.len()];
    let parameters: Vec<(&str, String)> =
        parameters.into_iter().map(|(name, value)| (named(&PARAMETERS, name), word(value))).collect();
    let form = params::encode(parameters.iter().map(|(name, value)| (*name, value.as_str())));
    let query = query.or_else(|| (!post).then(|| form.clone())).unwrap_or_default();
    let mut request = Request::builder()
        .method(if post { "POST" } else { "GET" })
        .uri(format!("http://localhost:3000{}?{query}", named(&PATHS, path)))
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(named(&HEADERS, name), value);
    }
    let mut request = request.body(Body::from(body.unwrap_or_else(|| form.into_bytes()))).ok()?;
    // Many senders, so that not all of them are soon held back.
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
    Some(request)
}

/// One of the words for a text of one character, else the text.
fn word(value: String) -> String {
    match value.as_bytes() {
        [digit @ b'0'..=b'9'] => WORDS[usize::from(digit - b'0')].to_owned(),
        _ => value,
    }
}

//! Everything that can be sent to the web app: the posted response of a sign-in, the forms of its cookie mode, any cookies. Its
//! issuer is never there. It never answers that something broke inside.
#![no_main]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use evergrant_core::protocol::params;
use evergrant_webapp::{Config, WebApp, router};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// Path, method, parameters by name, headers by name, a pending sign-in in the cookie, raw body.
type Input = (u8, bool, Vec<(u8, String)>, Vec<(u8, String)>, Option<String>, Option<Vec<u8>>);

const PATHS: [&str; 10] = [
    "/callback",
    "/oauth/token",
    "/oauth/revoke",
    "/",
    "/sign-in",
    "/sign-out",
    "/expenses",
    "/assets/look.css",
    "/healthz",
    "/none",
];

const PARAMETERS: [&str; 16] = [
    "state",
    "code",
    "id_token",
    "iss",
    "error",
    "error_description",
    "session_state",
    "access_token",
    "expires_in",
    "grant_type",
    "client_id",
    "code_verifier",
    "redirect_uri",
    "refresh_token",
    "token",
    "form_token",
];

const HEADERS: [&str; 5] = ["cookie", "origin", "sec-fetch-site", "content-type", "authorization"];

/// A sign-in that this browser began a moment ago or long ago, as the cookie says.
const STATE: &str = "abcdefgh";

/// Nobody listens at the port of the issuer, so each try to ask it ends at once.
const CONFIG: &str = r#"
public_url = "http://localhost:3003"
issuer = "http://127.0.0.1:9/"
client_id = "web"
client_secret = "secret"
scope = "openid offline_access"
api = "http://127.0.0.1:9/"
[cookie_mode]
client_id = "app"
app_origins = ["http://localhost:8080"]
"#;

thread_local! {
    static WEB_APP: (Runtime, Router) = {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let router = runtime.block_on(async {
            router(WebApp::new(Config::parse(CONFIG).expect("a configuration")).expect("a web app"))
        });
        (runtime, router)
    };
}

fuzz_target!(|input: Input| {
    let Some(request) = request(input) else { return };
    WEB_APP.with(|(runtime, router)| {
        runtime.block_on(async {
            let Ok(answer) = router.clone().oneshot(request).await;
            assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            to_bytes(answer.into_body(), usize::MAX).await.expect("a whole answer");
        });
    });
});

fn request((path, post, parameters, headers, pending, body): Input) -> Option<Request<Body>> {
    let named = |names: &[&'static str], index: u8| names[usize::from(index) % names.len()];
    let parameters: Vec<_> =
        parameters.iter().map(|(name, value)| (named(&PARAMETERS, *name), value.as_str())).collect();
    let form = params::encode(parameters);
    let query = if post { String::new() } else { format!("?{form}") };
    let mut request = Request::builder()
        .method(if post { "POST" } else { "GET" })
        .uri(format!("http://localhost:3003{}{query}", named(&PATHS, path)))
        .header("content-type", "application/x-www-form-urlencoded");
    let body = match (pending, body) {
        (Some(pending), None) => {
            request = request.header("cookie", format!("evergrant-web-sign-in-{STATE}={pending}"));
            format!("state={STATE}&{form}").into_bytes()
        }
        (_, body) => body.unwrap_or_else(|| form.into_bytes()),
    };
    for (name, value) in headers {
        request = request.header(named(&HEADERS, name), value);
    }
    request.body(Body::from(body)).ok()
}

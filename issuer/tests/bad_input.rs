//! Bad input at every endpoint: each parameter missing, empty, doubled, oversized, of the wrong kind and wrongly encoded. The
//! answer is the one the specifications name, no redirect leads elsewhere, and nothing is ever the server's own fault.

mod requests;
mod secrets;
mod table;

use std::sync::Arc;

use evergrant_issuer::{SqliteStore, Store};
use reqwest::Method;

use self::requests::Good;
use self::table::{Endpoint, TABLE};
use crate::support::{Answer, App, Browser, CALLBACK, Postgres, Server, config};

/// Larger than any body that is read.
const TOO_LARGE: usize = 70_000;

/// Large, and still read.
const OVERSIZED: usize = 20_000;

/// What is done to one parameter, with what becomes of it on the wire.
const CHANGES: [(&str, &str); 6] = [
    ("nonsense", "nonsense"),
    ("a list", "%5B%22a%22%5D"),
    ("NUL", "a%00b"),
    ("a line break", "a%0D%0Ax-injected:%20yes"),
    ("outside of ASCII", "%C3%A9%F0%9F%A6%80"),
    ("half an escape", "%zz%"),
];

/// What came of a request, in a word: `fine`, an error code, or the kind of page.
fn outcome(server: &Server, answer: &Answer, context: &str) -> String {
    assert!(answer.status < 500, "{context}: {} {}", answer.status, answer.body);
    assert!(!answer.headers.contains_key("x-injected"), "{context}");
    if let Some(location) = answer.location() {
        let (target, sent) = location.split_once(['?', '#']).unwrap_or((&location, ""));
        let own = target.starts_with('/') && !target.starts_with("//");
        assert!(own || [CALLBACK, "http://localhost:8080/"].contains(&target), "{context}: leads to {location}");
        let error = url::form_urlencoded::parse(sent.as_bytes()).find(|(name, _)| name == "error");
        if error.is_some() {
            let issuer = url::form_urlencoded::parse(sent.as_bytes()).find(|(name, _)| name == "iss");
            assert_eq!(issuer.unwrap().1, server.issuer(), "{context}");
        }
        return error.map_or_else(|| "fine".to_owned(), |(_, code)| code.into_owned());
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    match answer.status {
        200 | 204 => "fine".to_owned(),
        413 => "too large".to_owned(),
        _ if media_type.starts_with("text/html") => {
            assert!(matches!(answer.status, 400 | 403 | 422), "{context}: {}", answer.status);
            "page".to_owned()
        }
        // RFC 6750 §3.1: without a token there is no error to name.
        401 if answer.body.is_empty() => {
            assert!(answer.headers.contains_key("www-authenticate"), "{context}");
            "no token".to_owned()
        }
        status => {
            let json = answer.json();
            let code = json["error"].as_str().unwrap_or_else(|| panic!("{context}: {}", answer.body));
            let expected = if matches!(code, "invalid_client" | "invalid_token") { 401 } else { 400 };
            assert_eq!((status, answer.header("cache-control")), (expected, Some("no-store")), "{context}: {json}");
            assert!(!json["error_description"].as_str().unwrap().is_empty(), "{context}");
            code.to_owned()
        }
    }
}

async fn send(browser: &Browser, endpoint: &Endpoint, text: &str) -> Answer {
    if endpoint.method == "GET" {
        return browser.get(&format!("{}?{text}", endpoint.path)).await;
    }
    browser.send(Method::POST, endpoint.path, &[], Some(text.to_owned())).await
}

/// One endpoint, a browser that is signed in there, and what came out otherwise than expected.
struct Trial<'a> {
    server: &'a Server,
    endpoint: &'a Endpoint,
    browser: Browser,
    surprises: Vec<String>,
}

impl Trial<'_> {
    /// Sends a good request to whose text `change` was done, and compares what comes of it.
    async fn expect(&mut self, what: &str, expected: &str, change: impl Fn(&Good) -> String) {
        let Self { server, endpoint, browser, .. } = self;
        let text = change(&Good::of(endpoint.request, browser).await);
        let context = format!("{} {} ({:?}), {what}", endpoint.method, endpoint.path, endpoint.request);
        let found = outcome(server, &send(browser, endpoint, &text).await, &context);
        if found != expected {
            self.surprises.push(format!("{context}: {found}, and not {expected}"));
        }
    }
}

async fn start() -> Server {
    start_on(Arc::new(SqliteStore::in_memory().unwrap())).await
}

async fn start_on(store: Arc<dyn Store>) -> Server {
    let limits =
        "[limits]\nsign_ins_per_person = 100000\nsign_ins_per_address = 100000\nfailures_per_client = 100000\n";
    let config = config().replace("[lifetimes]", &format!("{limits}\n[lifetimes]"));
    Server::on(store, &config, 0, true).await
}

#[tokio::test]
async fn every_parameter_of_every_endpoint() {
    try_everything(&start().await).await;
}

/// What one database stores without a word, another refuses: a NUL in a text, for one.
#[tokio::test]
async fn every_parameter_of_every_endpoint_over_postgresql() {
    let database = Postgres::shared().database().await;
    try_everything(&start_on(Arc::new(database.open().await.unwrap())).await).await;
}

async fn try_everything(server: &Server) {
    let mut surprises = Vec::new();
    for endpoint in &TABLE {
        let mut trial = Trial { server, endpoint, browser: Browser::of(server), surprises: Vec::new() };
        let good = Good::of(endpoint.request, &trial.browser).await;
        let mut told: Vec<&str> = endpoint.parameters.iter().map(|parameter| parameter.name).collect();
        let mut sent = good.names();
        told.sort_unstable();
        sent.sort_unstable();
        assert_eq!(told, sent, "{:?}: the table tells of each parameter", endpoint.request);
        trial.expect("unchanged", "fine", Good::text).await;
        for parameter in endpoint.parameters {
            let name = parameter.name;
            trial.expect(&format!("no {name}"), parameter.missing, |good| good.without(name)).await;
            trial.expect(&format!("{name} empty"), parameter.missing, |good| good.with(name, "")).await;
            trial.expect(&format!("{name} twice"), parameter.doubled, |good| good.doubled(name)).await;
            for (what, value) in CHANGES {
                trial.expect(&format!("{name}: {what}"), parameter.wrong, |good| good.with(name, value)).await;
            }
            trial.expect(&format!("{name}: not UTF-8"), endpoint.refusal(), |good| good.with(name, "%FF%FE")).await;
            let long = "x".repeat(OVERSIZED);
            trial.expect(&format!("{name}: long"), parameter.long, |good| good.with(name, &long)).await;
        }
        if endpoint.method == "POST" {
            let unread = "x".repeat(TOO_LARGE);
            trial.expect("a large body", "too large", |good| good.with("unread", &unread)).await;
        }
        surprises.extend(trial.surprises);
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

#[tokio::test]
async fn bodies_that_are_no_form_and_methods_that_are_none_of_an_endpoints() {
    let server = start().await;
    let browser = Browser::of(&server);
    let raw = reqwest::Client::new();
    for endpoint in TABLE.iter().filter(|endpoint| endpoint.method == "POST") {
        let url = format!("{}{}", server.url, endpoint.path);
        let form = "application/x-www-form-urlencoded";
        for (media_type, body, status) in [
            ("application/json", &b"{}"[..], 415),
            ("multipart/form-data; boundary=x", b"--x--", 415),
            (form, b"grant_type=\xff\xfe", 400),
        ] {
            let request = raw.post(&url).header("content-type", media_type).body(body);
            assert_eq!(request.send().await.unwrap().status(), status, "{} {media_type}", endpoint.path);
        }
        let many = (0..200).map(|n| format!("p{n}=x&")).collect::<String>();
        let answer = browser.send(Method::POST, endpoint.path, &[], Some(many)).await;
        assert_eq!(answer.status, 400, "{}", endpoint.path);
    }
    for endpoint in &TABLE {
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = browser.send(method, endpoint.path, &[], Some("a=b".to_owned())).await;
            assert_eq!(answer.status, 405, "{}", endpoint.path);
        }
    }
}

#[tokio::test]
async fn client_credentials_in_a_header_that_is_none() {
    let server = start().await;
    let browser = Browser::of(&server);
    for header in
        ["", "Basic", "Basic !!!", "Basic bm8gY29sb24=", "Basic /////w==", "Bearer abc", "Negotiate x", "\u{e9}"]
    {
        for path in ["/oauth/token", "/oauth/device_authorization", "/oauth/revoke", "/oauth/introspect"] {
            let fields = [("grant_type", "client_credentials"), ("token", "a")];
            let answer = browser.post_with(path, &fields, &[("authorization", header)]).await;
            assert_eq!(outcome(&server, &answer, header), "invalid_client", "{path} {header:?}");
            assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="evergrant""#), "{path} {header:?}");
        }
    }
}

#[tokio::test]
async fn two_authorization_headers_are_one_too_many_even_if_one_of_them_is_right() {
    let server = start().await;
    let raw = reqwest::Client::new();
    let right = "Basic c2VydmVyOnMzY3JldA==";
    for (path, first, second, status, code) in [
        ("/oauth/token", right, "Basic eDp5", 401, "invalid_client"),
        ("/oauth/token", right, right, 401, "invalid_client"),
        ("/oauth/introspect", right, "Bearer abc", 401, "invalid_client"),
        ("/userinfo", "Bearer abc", "Bearer abc", 400, "invalid_request"),
    ] {
        let request = raw.post(format!("{}{path}", server.url)).header("authorization", first);
        let request = request.header("authorization", second);
        let body = "grant_type=client_credentials&token=a";
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let json: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(json["error"], code, "{path}");
    }
}

#[tokio::test]
async fn cookies_and_names_that_nobody_gave() {
    let server = start().await;
    for cookie in ["", "x", "\u{e9}", "a=b=c", "=;=;;", &"y".repeat(4000)] {
        let browser = Browser::of(&server);
        browser.set_cookie("evergrant-session", cookie);
        browser.set_cookie("evergrant-browser", cookie);
        for path in [
            "/",
            "/account",
            "/sign-in?interaction=x",
            "/consent?interaction=x",
            "/device/confirm?interaction=x",
            "/oidc/logout",
        ] {
            outcome(&server, &browser.get(path).await, &format!("{path} {cookie:?}"));
        }
        let answer = browser.get(&format!("/authorize?{}", App::code("app").with("prompt", "none").query())).await;
        assert_eq!(outcome(&server, &answer, cookie), "login_required");
    }
    let browser = Browser::of(&server);
    for path in
        ["/nothing", "/assets/%00", "/assets/..%2f..%2fsecret", "/oauth", "/%ff", "//evil.example/", "/dev/nothing"]
    {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}

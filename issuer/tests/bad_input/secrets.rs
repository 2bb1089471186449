//! What is sent as a secret is quoted nowhere: in no answer and in no line of the log, however it was sent, whether it is good or
//! made up.

use std::fs::File;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use url::form_urlencoded;

use super::requests::Good;
use super::table::TABLE;
use super::{TOO_LARGE, send};
use crate::process::{issuer, started};
use crate::support::{Answer, Browser, Postgres, config};

/// In every secret that is made up.
const MARK: &str = "m4rk-0f-a-s3cret";

/// Parameters whose values open something, here or elsewhere.
const SECRETS: [&str; 16] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "form_token",
    "id_token",
    "id_token_hint",
    "interaction",
    "password",
    "refresh_token",
    "subject_token",
    "token",
];

/// In these the page of a form carries what the form sends back.
const CARRIED_BY_PAGES: [&str; 2] = ["form_token", "interaction"];

/// Secrets that are made up, as texts of the kinds that are taken apart.
struct MadeUp {
    of_refresh_tokens_form: String,
    of_jwts_form: String,
    basic: String,
}

impl MadeUp {
    fn new() -> Self {
        let bytes: Vec<u8> = MARK.bytes().cycle().take(64).collect();
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json.replace("MARK", MARK));
        let header = part(r#"{"alg":"ES256","typ":"at+jwt","kid":"MARK"}"#);
        let claims = part(r#"{"iss":"MARK","sub":"MARK","aud":"MARK","exp":9999999999,"iat":1,"jti":"MARK"}"#);
        Self {
            of_refresh_tokens_form: URL_SAFE_NO_PAD.encode(&bytes),
            of_jwts_form: format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&bytes)),
            basic: STANDARD.encode(format!("server:{MARK}")),
        }
    }

    /// As they stand in a query or a form.
    fn values(&self) -> [String; 7] {
        [
            MARK.to_owned(),
            self.of_refresh_tokens_form.clone(),
            self.of_jwts_form.clone(),
            format!("{MARK}%00%0D%0A{MARK}"),
            format!("{MARK}%FF"),
            format!("%zz{MARK}%"),
            MARK.repeat(1000),
        ]
    }

    fn authorizations(&self) -> [String; 7] {
        [
            format!("Basic {}", self.basic),
            format!("Basic {MARK}"),
            format!("Bearer {MARK}"),
            format!("Bearer {}", self.of_jwts_form),
            format!("Bearer {MARK} {MARK}"),
            format!("DPoP {MARK}"),
            MARK.to_owned(),
        ]
    }

    /// By what each of them would be recognised.
    fn marks(&self) -> [&str; 4] {
        [MARK, &self.of_refresh_tokens_form, &self.of_jwts_form, &self.basic]
    }
}

fn quotes(answer: &Answer, secret: &str) -> bool {
    let in_header = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).contains(secret);
    answer.body.contains(secret) || answer.headers.values().any(in_header)
}

/// The secrets among parameters that are good, as they were before they were encoded.
fn good_secrets(text: &str, but: &[&str]) -> Vec<String> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let secrets = pairs.filter(|(name, _)| SECRETS.contains(&&**name) && !but.contains(&&**name));
    secrets.map(|(_, value)| value.into_owned()).collect()
}

#[tokio::test]
async fn what_is_sent_as_a_secret_is_quoted_nowhere() {
    try_everything(&["--database", ":memory:"]).await;
}

#[tokio::test]
async fn what_is_sent_as_a_secret_is_quoted_nowhere_over_postgresql() {
    let database = Postgres::shared().database().await;
    try_everything(&["--database-url", &database.url()]).await;
}

/// `store` are the flags that name the database.
async fn try_everything(store: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let (file, log) = (directory.path().join("issuer.toml"), directory.path().join("log"));
    let limits =
        "[limits]\nsign_ins_per_person = 100000\nsign_ins_per_address = 100000\nfailures_per_client = 100000\n";
    let query_token = "[secret_area]\nallow_query_token = true\n";
    let config = config().replace("[lifetimes]", &format!("{limits}\n[lifetimes]"));
    std::fs::write(&file, config.replace("[secret_area]\n", query_token)).unwrap();
    let mut command = issuer(&["--listen", "127.0.0.1:0", "--exit-on-stdin-close", "--dev"]);
    command.args(store).arg("--config").arg(&file).env("RUST_LOG", "trace");
    let (mut child, url) = started(command, File::create(&log).unwrap().into());

    let made_up = MadeUp::new();
    let mut quoted = made_up_secrets(&url, &made_up).await;
    let (good, quoted_of_them) = good_ones(&url).await;
    quoted.extend(quoted_of_them);
    // What developers are shown of all these requests.
    let browser = Browser::at(&url);
    for path in ["/dev", "/dev/requests"] {
        let shown = browser.get(path).await;
        let secrets = made_up.marks().into_iter().chain(good.iter().map(String::as_str));
        quoted.extend(secrets.filter(|secret| quotes(&shown, secret)).map(|secret| format!("{path}: {secret}")));
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());

    let log = std::fs::read_to_string(&log).unwrap();
    // What is polled is told at the more talkative levels alone.
    assert!(log.contains("/oauth/introspect") && log.contains("jwks.json"), "{log}");
    for secret in made_up.marks().into_iter().chain(good.iter().map(String::as_str)) {
        quoted.extend(log.lines().find(|line| line.contains(secret)).map(|line| format!("in the log: {line}")));
    }
    assert!(quoted.is_empty(), "{quoted:#?}");
}

/// What quotes secrets that are made up.
async fn made_up_secrets(url: &str, made_up: &MadeUp) -> Vec<String> {
    let mut quoted = Vec::new();
    let mut judge = |answer: &Answer, context: &str| {
        assert!(answer.status < 500, "{context}: {} {}", answer.status, answer.body);
        let found = made_up.marks().into_iter().find(|mark| quotes(answer, mark));
        quoted.extend(found.map(|_| format!("{context}: {} {:?} {}", answer.status, answer.headers, answer.body)));
    };
    let stranger = Browser::at(url);
    for name in ["evergrant-session", "evergrant-browser", "another"] {
        stranger.set_cookie(name, MARK);
    }
    for endpoint in &TABLE {
        let signed_in = Browser::at(url);
        let good = Good::of(endpoint.request, &signed_in).await;
        for (name, value) in SECRETS.iter().flat_map(|name| made_up.values().map(|value| (name, value))) {
            let text = good.with(name, &value);
            let context = format!("{} {} ({:?}), {name}", endpoint.method, endpoint.path, endpoint.request);
            if endpoint.method == "POST" || text.len() < 8000 {
                judge(&send(&signed_in, endpoint, &text).await, &context);
            }
            if value == MARK {
                judge(&send(&stranger, endpoint, &text).await, &context);
                judge(&send(&signed_in, endpoint, &format!("{text}&{name}={MARK}")).await, &context);
            }
        }
    }
    let all: Vec<String> = SECRETS.iter().map(|name| format!("{name}={MARK}")).collect();
    let all = all.join("&");
    let named = format!("{MARK}={MARK}&{MARK}={MARK}");
    let paths = [
        "/",
        "/account",
        "/secret",
        "/userinfo",
        "/sign-in",
        "/consent",
        "/device",
        "/.well-known/jwks.json",
        "/nothing",
    ];
    for path in TABLE.iter().map(|endpoint| endpoint.path).chain(paths) {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS];
        for (method, text) in methods.iter().flat_map(|method| [&all, &named].map(|text| (method, text))) {
            let context = format!("{method} {path}?{text}");
            for authorization in made_up.authorizations() {
                let headers = [("authorization", authorization.as_str())];
                let with_query = format!("{path}?{text}");
                let body = (*method == Method::POST).then(|| text.clone());
                judge(&stranger.send(method.clone(), &with_query, &headers, body.clone()).await, &context);
                judge(&stranger.send(method.clone(), path, &headers, body).await, &context);
            }
        }
        let too_large = format!("{all}&unread={}", "x".repeat(TOO_LARGE));
        judge(&stranger.send(Method::POST, path, &[], Some(too_large)).await, path);
        for media_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            let request = reqwest::Client::new().post(format!("{url}{path}")).header("content-type", media_type);
            let response = request.body(format!(r#"{{"password":"{MARK}"}}"#)).send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            judge(&Answer { status, headers, body: response.text().await.unwrap() }, media_type);
        }
    }
    quoted
}

/// Secrets that are good, and what quotes them.
async fn good_ones(url: &str) -> (Vec<String>, Vec<String>) {
    let (mut secrets, mut quoted) = (Vec::new(), Vec::new());
    for endpoint in &TABLE {
        let browser = Browser::at(url);
        let text = Good::of(endpoint.request, &browser).await.text();
        let cookies: Vec<String> =
            ["evergrant-session", "evergrant-browser"].iter().filter_map(|name| browser.cookie(name)).collect();
        let answer = send(&browser, endpoint, &text).await;
        let sent = good_secrets(&text, &CARRIED_BY_PAGES);
        let found = sent.iter().chain(&cookies).find(|secret| quotes(&answer, secret));
        quoted.extend(found.map(|secret| format!("{} {}: {secret}: {}", endpoint.method, endpoint.path, answer.body)));
        secrets.extend(good_secrets(&text, &[]));
        secrets.extend(cookies);
    }
    // What nobody could mistake for a word of the log.
    secrets.retain(|secret| secret.len() > 8);
    (secrets, quoted)
}

//! Requests with everything a good one has, each made anew, because many are good for one use.

use serde_json::Value;

use crate::support::{App, Browser, CALLBACK, Device, PASSWORD, VERIFIER, field};

const API: &str = "https://api.example/";
const SERVER: [(&str, &str); 2] = [("client_id", "server"), ("client_secret", "s3cret")];

/// The kinds of requests.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    Authorize,
    Code,
    Refresh,
    Password,
    ClientCredentials,
    DeviceAuthorization,
    DeviceCode,
    Revoke,
    Introspect,
    Userinfo,
    SignIn,
    Consent,
    DeviceLink,
    Device,
    DeviceConfirm,
    Logout,
    LogoutV2,
    SignOut,
    AccountSignOut,
    AccountWithdraw,
    DevClock,
    DevFailure,
}

/// A good request: its parameters, encoded.
pub(super) struct Good(Vec<(String, String)>);

impl Good {
    /// A new one, with `browser` in the state it needs.
    pub(super) async fn of(request: Request, browser: &Browser) -> Self {
        match request {
            Request::Authorize => {
                let tokens = App::offline("app").tokens(browser).await;
                let app = App::offline("app").with("prompt", "none").with("response_mode", "query");
                let app = app.with("max_age", "1000").with("login_hint", "ann").with("resource", API);
                let app = app.with("dpop_jkt", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
                Self::read(&app.with("id_token_hint", text(&tokens, "id_token")).query())
            }
            Request::Code => {
                let code = App::code("app").with("audience", API).fresh_code(browser).await;
                Self::new(&[
                    ("grant_type", "authorization_code"),
                    ("client_id", "app"),
                    ("audience", API),
                    ("code", &code),
                    ("code_verifier", VERIFIER),
                    ("redirect_uri", CALLBACK),
                ])
            }
            Request::Refresh => {
                let tokens = App::offline("app").tokens(browser).await;
                let token = text(&tokens, "refresh_token");
                let own = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
                Self::new(&[&own[..], &[("scope", "openid"), ("audience", API)]].concat())
            }
            Request::Password => {
                let person = [("username", "ann"), ("password", PASSWORD), ("scope", "openid"), ("audience", API)];
                Self::new(&[&SERVER[..], &person, &[("grant_type", "password")]].concat())
            }
            Request::ClientCredentials => {
                let asked = [("grant_type", "client_credentials"), ("scope", "read:reports"), ("resource", API)];
                Self::new(&[&SERVER[..], &asked].concat())
            }
            Request::DeviceAuthorization => Self::new(&[("client_id", "tv"), ("scope", "openid"), ("audience", API)]),
            Request::DeviceCode => {
                let device = Device::start(browser).await;
                device.allow(browser, "ann").await;
                let own = [("grant_type", Device::GRANT_TYPE), ("client_id", "tv"), ("audience", API)];
                Self::new(&[&own[..], &[("device_code", &device.device_code)]].concat())
            }
            Request::Revoke => {
                let tokens = App::offline("app").tokens(browser).await;
                let token = text(&tokens, "refresh_token");
                Self::new(&[("client_id", "app"), ("token", token), ("token_type_hint", "refresh_token")])
            }
            Request::Introspect => {
                let tokens = App::code("app").tokens(browser).await;
                let asked = [("token", text(&tokens, "access_token")), ("token_type_hint", "access_token")];
                Self::new(&[&SERVER[..], &asked].concat())
            }
            Request::Userinfo => {
                let tokens = App::code("app").tokens(browser).await;
                Self::new(&[("access_token", text(&tokens, "access_token"))])
            }
            Request::SignIn => {
                let interaction = interaction(browser, "login").await;
                Self::new(&[("interaction", &interaction), ("username", "ann"), ("password", PASSWORD)])
            }
            Request::Consent => {
                App::code("app").fresh_code(browser).await;
                Self::new(&[("interaction", &interaction(browser, "consent").await), ("decision", "allow")])
            }
            Request::DeviceLink => Self::new(&[("user_code", "WDJB-MJHT")]),
            Request::Device => {
                let device = Device::start(browser).await;
                let token = field(&browser.get("/device").await, "form_token");
                Self::new(&[("form_token", &token), ("user_code", &device.user_code)])
            }
            Request::DeviceConfirm => {
                let page = Device::start(browser).await.asked(browser, "ann").await;
                let [interaction, token] = ["interaction", "form_token"].map(|name| field(&page, name));
                Self::new(&[("interaction", &interaction), ("form_token", &token), ("decision", "allow")])
            }
            Request::Logout => {
                let tokens = App::code("app").tokens(browser).await;
                Self::new(&[&[("id_token_hint", text(&tokens, "id_token"))], &WAY_BACK[..]].concat())
            }
            Request::LogoutV2 => {
                App::code("app").fresh_code(browser).await;
                Self::new(&[("client_id", "app"), ("returnTo", "http://localhost:8080/")])
            }
            Request::SignOut => {
                let token = form_token(browser).await;
                Self::new(&[&[("form_token", token.as_str())], &WAY_BACK[..]].concat())
            }
            Request::AccountSignOut => {
                let token = form_token(browser).await;
                Self::new(&[("form_token", &token), ("application", "any")])
            }
            Request::AccountWithdraw => {
                let token = form_token(browser).await;
                Self::new(&[("form_token", &token), ("client_id", "none")])
            }
            Request::DevClock => Self::new(&[("advance", "0")]),
            Request::DevFailure => {
                Self::new(&[("endpoint", "/metrics"), ("status", "503"), ("error", "slow_down"), ("delay", "1")])
            }
        }
    }

    /// As it is sent.
    pub(super) fn text(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn without(&self, name: &str) -> String {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect()).text()
    }

    /// With another value, encoded or not as it stands.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        format!("{}&{name}={value}", self.without(name))
    }

    /// With the same value once more.
    pub(super) fn doubled(&self, name: &str) -> String {
        let (_, value) = self.0.iter().find(|(known, _)| known == name).unwrap();
        format!("{}&{name}={value}", self.text())
    }

    fn new(fields: &[(&str, &str)]) -> Self {
        Self::read(&evergrant_core::protocol::params::encode(fields.iter().copied()))
    }

    fn read(encoded: &str) -> Self {
        let pairs = encoded.split('&').map(|pair| pair.split_once('=').unwrap());
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

const WAY_BACK: [(&str, &str); 3] =
    [("client_id", "app"), ("post_logout_redirect_uri", "http://localhost:8080/"), ("state", "s")];

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn interaction(browser: &Browser, prompt: &str) -> String {
    browser.get(&format!("/authorize?{}", App::code("app").with("prompt", prompt).query())).await.interaction().unwrap()
}

async fn form_token(browser: &Browser) -> String {
    App::code("app").fresh_code(browser).await;
    field(&browser.get("/").await, "form_token")
}

//! A device without a browser: it asks for a code, shows it, and polls (RFC 8628).

use serde_json::Value;

use super::browser::{Answer, Browser, field};

/// The client `tv`, with a code that it shows.
pub(crate) struct Device {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    /// All it was told.
    pub(crate) told: Value,
}

impl Device {
    pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

    /// Asks for the API, with offline access.
    pub(crate) async fn start(issuer: &Browser) -> Self {
        let scope = "openid email offline_access read:reports";
        Self::start_with(issuer, &[("scope", scope), ("audience", "https://api.example/")]).await
    }

    pub(crate) async fn start_with(issuer: &Browser, fields: &[(&str, &str)]) -> Self {
        let answer = Self::ask(issuer, fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.json();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { device_code: text("device_code"), user_code: text("user_code"), told }
    }

    pub(crate) async fn ask(issuer: &Browser, fields: &[(&str, &str)]) -> Answer {
        let fields = [&[("client_id", "tv")], fields].concat();
        issuer.post_with("/oauth/device_authorization", &fields, &[]).await
    }

    pub(crate) async fn poll(&self, issuer: &Browser) -> Answer {
        self.poll_as("tv", issuer).await
    }

    pub(crate) async fn poll_as(&self, client_id: &str, issuer: &Browser) -> Answer {
        let fields =
            [("grant_type", Self::GRANT_TYPE), ("client_id", client_id), ("device_code", self.device_code.as_str())];
        issuer.post_with("/oauth/token", &fields, &[]).await
    }

    /// The error code of a poll that brings nothing, or `tokens`.
    pub(crate) async fn polled(&self, issuer: &Browser) -> String {
        let answer = self.poll(issuer).await;
        match answer.status {
            200 => "tokens".to_owned(),
            400 => answer.json()["error"].as_str().unwrap().to_owned(),
            other => panic!("{other} {}", answer.body),
        }
    }

    pub(crate) async fn refresh(issuer: &Browser, refresh_token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", refresh_token)];
        issuer.post_with("/oauth/token", &fields, &[]).await
    }

    /// Enters `user_code` on the page; the answer to that.
    pub(crate) async fn enter(browser: &Browser, user_code: &str) -> Answer {
        let page = browser.get("/device").await;
        let fields = [("form_token", field(&page, "form_token")), ("user_code", user_code.to_owned())];
        browser.post("/device", &fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    }

    /// Enters the code as a person does, signing in as `username` if nobody is; the page that asks.
    pub(crate) async fn asked(&self, browser: &Browser, username: &str) -> Answer {
        let mut answer = Self::enter(browser, &self.user_code).await;
        if answer.location().is_some_and(|location| location.starts_with("/sign-in")) {
            let interaction = answer.interaction().unwrap();
            answer = browser.sign_in(&interaction, username).await;
        }
        let location = answer.location().unwrap_or_else(|| panic!("{} {}", answer.status, answer.body));
        assert!(location.starts_with("/device/confirm?"), "{location}");
        browser.get(&location).await
    }

    /// Answers on the page that asks.
    pub(crate) async fn decide(browser: &Browser, page: &Answer, decision: &str) -> Answer {
        let [interaction, form_token] = ["interaction", "form_token"].map(|name| field(page, name));
        let fields = [("interaction", interaction.as_str()), ("form_token", &form_token), ("decision", decision)];
        browser.post("/device/confirm", &fields).await
    }

    /// Everything a person does who allows it.
    pub(crate) async fn allow(&self, browser: &Browser, username: &str) {
        let page = self.asked(browser, username).await;
        let done = Self::decide(browser, &page, "allow").await;
        assert!(done.body.contains("The device is signed in"), "{} {}", done.status, done.body);
    }

    /// From nothing to the token response, allowed by `username` in `browser`.
    pub(crate) async fn tokens(browser: &Browser, username: &str) -> Value {
        let device = Self::start(browser).await;
        device.allow(browser, username).await;
        let answer = device.poll(browser).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

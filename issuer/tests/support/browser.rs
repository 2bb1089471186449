//! A browser as far as the issuer can tell: it keeps cookies, follows nothing by itself, and says where a post comes from.

use std::collections::BTreeMap;
use std::sync::Mutex;

use evergrant_core::protocol::params::{Params, encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect};
use serde_json::Value;

use super::server::{PASSWORD, Server};

pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn of(server: &Server) -> Self {
        Self::at(&server.url)
    }

    pub(crate) fn at(url: &str) -> Self {
        Self {
            http: reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap(),
            base: url.to_owned(),
            cookies: Mutex::default(),
        }
    }

    /// The same browser, sent to another issuer behind the same name.
    pub(crate) fn sent_to(&self, url: &str) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self { cookies, ..Self::at(url) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// As a form on the issuer's own page does.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.base.clone();
        let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.post_with(path, fields, &headers).await
    }

    pub(crate) async fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = encode(fields.iter().copied());
        self.send(Method::POST, path, headers, Some(body)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let mut own: HeaderMap = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            own.append(name, HeaderValue::from_str(value).unwrap());
        }
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            own.insert("cookie", HeaderValue::from_str(&cookies).unwrap());
        }
        let response = request.headers(own).send().await.unwrap();
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        };
        self.keep_cookies(&answer);
        answer
    }

    /// Goes to `/authorize` and does what a person does who agrees to everything; the answer is the one to the client.
    pub(crate) async fn authorize_as(&self, username: &str, query: &str) -> Answer {
        let mut answer = self.get(&format!("/authorize?{query}")).await;
        loop {
            let Some(token) = answer.interaction() else { return answer };
            let path = answer.location().unwrap();
            assert_eq!(self.get(&path).await.status, 200, "{path}");
            answer = if path.starts_with("/sign-in") {
                self.sign_in(&token, username).await
            } else {
                self.decide(&token, "allow").await
            };
        }
    }

    pub(crate) async fn sign_in(&self, interaction: &str, username: &str) -> Answer {
        let fields = [("interaction", interaction), ("username", username), ("password", PASSWORD)];
        self.post("/sign-in", &fields).await
    }

    pub(crate) async fn decide(&self, interaction: &str, decision: &str) -> Answer {
        let fields = [("interaction", interaction), ("decision", decision)];
        self.post("/consent", &fields).await
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.into(), value.into());
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep_cookies(&self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if cookie.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> Option<String> {
        self.header("location").map(str::to_owned)
    }

    /// The token of the interaction a redirect leads to; `None` when it leads to the client.
    pub(crate) fn interaction(&self) -> Option<String> {
        let location = self.location()?;
        let (path, query) = location.split_once('?')?;
        let params = matches!(path, "/sign-in" | "/consent").then(|| Params::parse(query).unwrap())?;
        params.first("interaction").map(str::to_owned)
    }

    /// What the client finds in the address it is sent to.
    pub(crate) fn sent(&self, redirect_uri: &str, separator: char) -> Params {
        let location = self.location().unwrap_or_else(|| panic!("no redirect, but {} {}", self.status, self.body));
        let rest = location
            .strip_prefix(redirect_uri)
            .unwrap_or_else(|| panic!("not sent to {redirect_uri}, but to {location}"));
        let rest = rest.strip_prefix(separator).unwrap_or_else(|| panic!("no {separator} in {location}"));
        Params::parse(rest).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }
}

/// The value of a hidden field of the page; the first, where there are several.
pub(crate) fn field(page: &Answer, name: &str) -> String {
    let (_, rest) = page.body.split_once(&format!(r#"name="{name}" value=""#)).expect("the field is there");
    rest.split_once('"').unwrap().0.to_owned()
}

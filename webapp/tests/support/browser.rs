//! A browser as far as servers can tell: it keeps cookies for each server, follows redirects, and fills forms in.

use std::collections::BTreeMap;
use std::sync::Mutex;

use evergrant_core::protocol::params::encode;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Url, redirect};
use serde_json::Value;

/// Cookies by origin and name.
type Cookies = BTreeMap<(String, String), String>;

pub(crate) struct Browser {
    http: Client,
    cookies: Mutex<Cookies>,
}

pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, cookies: Mutex::default() }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], None).await
    }

    /// A page's own form, without any header that says where it comes from.
    pub(crate) async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, url, &[], Some(encode(fields.iter().copied()))).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let url: Url = url.parse().unwrap();
        let mut request = self.http.request(method, url.clone());
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookie_header(&url);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { url, status, headers, body: response.text().await.unwrap() };
        self.keep_cookies(&answer);
        answer
    }

    /// Goes where redirects lead, and signs Tess in where the issuer asks, until a page comes or an address is left
    /// for `until`.
    pub(crate) async fn follow(&self, mut answer: Answer, until: &str) -> Answer {
        for _ in 0..10 {
            if let Some(location) = answer.location() {
                let next = answer.url.join(&location).unwrap();
                if !until.is_empty() && next.as_str().starts_with(until) {
                    return answer;
                }
                answer = self.get(next.as_str()).await;
            } else if let Some(interaction) = answer.field("interaction") {
                let one_click = answer.url.join("/dev/sign-in").unwrap();
                let fields = [("interaction", interaction.as_str()), ("person", "test")];
                answer = self.post(one_click.as_str(), &fields).await;
            } else {
                return answer;
            }
        }
        panic!("redirects without an end, at {}", answer.url.path());
    }

    /// Posts the form that a page posts by itself, as it stands but for what `change` changes.
    pub(crate) async fn submit(&self, page: &Answer, change: impl Fn(&mut BTreeMap<String, String>)) -> Answer {
        let mut fields = page.fields();
        change(&mut fields);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&page.between("action=\"", "\"").expect("the page has a form"), &fields).await
    }

    pub(crate) fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let origin = url.parse::<Url>().unwrap().origin().ascii_serialization();
        self.cookies.lock().unwrap().get(&(origin, name.to_owned())).cloned()
    }

    /// The names of all cookies that go to `url`.
    pub(crate) fn cookie_names(&self, url: &str) -> Vec<String> {
        let origin = url.parse::<Url>().unwrap().origin().ascii_serialization();
        self.cookies.lock().unwrap().keys().filter(|(of, _)| *of == origin).map(|(_, name)| name.clone()).collect()
    }

    pub(crate) fn set_cookie(&self, url: &str, name: &str, value: &str) {
        let origin = url.parse::<Url>().unwrap().origin().ascii_serialization();
        self.cookies.lock().unwrap().insert((origin, name.to_owned()), value.to_owned());
    }

    fn cookie_header(&self, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        let cookies = self.cookies.lock().unwrap();
        let own = cookies.iter().filter(|((of, _), _)| *of == origin);
        own.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, answer: &Answer) {
        let origin = answer.url.origin().ascii_serialization();
        for cookie in answer.set_cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let key = (origin.clone(), name.to_owned());
            let mut cookies = self.cookies.lock().unwrap();
            if cookie.contains("Max-Age=0") {
                cookies.remove(&key);
            } else {
                cookies.insert(key, value.to_owned());
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

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The value of a hidden field of the page's form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.fields().remove(name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.status))
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let hidden = self.body.split("<input type=\"hidden\" name=\"").skip(1);
        let field = |text: &str| {
            let (name, rest) = text.split_once('"')?;
            let value = rest.strip_prefix(" value=\"")?.split('"').next()?;
            Some((name.to_owned(), value.replace("&#38;", "&").replace("&#43;", "+").replace("&#61;", "=")))
        };
        hidden.filter_map(field).collect()
    }

    fn between(&self, before: &str, after: &str) -> Option<String> {
        self.body.split_once(before)?.1.split_once(after).map(|(text, _)| text.to_owned())
    }
}

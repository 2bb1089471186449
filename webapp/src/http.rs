//! Requests to the issuer and the API: no redirects, a time limit, and an answer whatever the status.

use std::error::Error as _;
use std::time::Duration;

use evergrant_core::protocol::AccessToken;
use evergrant_core::session::Failure;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// No answer of an issuer or the API comes near it, in bytes.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// Sends requests. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    over_tls: Client,
    /// For servers without TLS: they are on this machine, and no proxy has business in between.
    in_clear: Client,
}

/// What a server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new() -> reqwest::Result<Self> {
        let client = || Client::builder().timeout(LIMIT).redirect(Policy::none());
        Ok(Self { over_tls: client().build()?, in_clear: client().no_proxy().build()? })
    }

    fn to(&self, url: &str) -> &Client {
        let in_clear = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        if in_clear { &self.in_clear } else { &self.over_tls }
    }

    pub(crate) async fn get(&self, endpoint: &'static str, url: &str) -> Result<Answer, Failure> {
        send(endpoint, self.to(url).get(url)).await
    }

    pub(crate) async fn get_with_token(
        &self,
        endpoint: &'static str,
        url: &str,
        token: &AccessToken,
    ) -> Result<Answer, Failure> {
        send(endpoint, self.to(url).get(url).bearer_auth(token.secret())).await
    }

    /// Posts a form, with an `Authorization` header if there is one.
    pub(crate) async fn post_form(
        &self,
        endpoint: &'static str,
        url: &str,
        body: String,
        authorization: Option<&str>,
    ) -> Result<Answer, Failure> {
        self.post_form_within(LIMIT, endpoint, url, body, authorization).await
    }

    /// The same, with a time limit of its own.
    pub(crate) async fn post_form_within(
        &self,
        limit: Duration,
        endpoint: &'static str,
        url: &str,
        body: String,
        authorization: Option<&str>,
    ) -> Result<Answer, Failure> {
        let request = self.to(url).post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let mut request = request.timeout(limit);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        send(endpoint, request).await
    }
}

impl Answer {
    /// Tells a server that cannot answer now (429, or 500 and above) from one that did.
    pub(crate) fn unless_busy(self, endpoint: &'static str) -> Result<Self, Failure> {
        match self.status {
            429 | 500.. => Err(Failure::Busy { endpoint, status: self.status, retry_after: self.retry_after }),
            _ => Ok(self),
        }
    }
}

async fn send(endpoint: &'static str, request: RequestBuilder) -> Result<Answer, Failure> {
    let unreachable = |error: reqwest::Error| {
        tracing::warn!("{endpoint} could not be reached: {}", innermost(&error));
        Failure::Unreachable { endpoint }
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            tracing::warn!("{endpoint} sent more than {LONGEST_BODY} bytes");
            return Err(Failure::Unreachable { endpoint });
        }
    }
    Ok(Answer { status, retry_after, body })
}

/// The innermost reason says most ("Connection refused"), and has no address in it, which may hold more than the log should.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut reason) = error.source() else { return "no reason is known".to_owned() };
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); a date, which no issuer we know sends, is left alone.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

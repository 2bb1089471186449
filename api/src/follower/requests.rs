//! Requests to the issuer: no redirects, a time limit, and no more bytes than such a document can have.

use std::time::Duration;

use evergrant_core::address::Address;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::Trouble;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The longest document that is read, in bytes: some hundred thousand revoked tokens.
const LONGEST: usize = 16 * 1024 * 1024;

/// The hands of the follower.
#[derive(Debug)]
pub(super) struct Requests(Client);

/// What came of a conditional request.
pub(super) enum Answer {
    /// It is what it was.
    Unchanged,
    /// A new document.
    Document { body: Vec<u8>, etag: Option<String> },
}

impl Requests {
    pub(super) fn to(issuer: &Address) -> reqwest::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).timeout(LIMIT);
        // Without TLS the issuer is on this machine, and no proxy has business in between.
        let client = if issuer.scheme() == "http" { client.no_proxy() } else { client };
        Ok(Self(client.build()?))
    }

    /// Gets whatever is there, with its status.
    pub(super) async fn get(&self, what: &'static str, url: &str) -> Result<(u16, Vec<u8>), Trouble> {
        let response = self.0.get(url).send().await.map_err(|error| unreachable(what, &error))?;
        Ok((response.status().as_u16(), body(what, response).await?))
    }

    /// Gets a document.
    pub(super) async fn document(&self, what: &'static str, url: &Address) -> Result<Vec<u8>, Trouble> {
        match self.get(what, url.as_str()).await? {
            (200, body) => Ok(body),
            (status, _) => Err(Trouble::Status(what, status)),
        }
    }

    /// Gets a document if it is another than the one with this `ETag` (RFC 9110 §13.1.2).
    pub(super) async fn changed(
        &self,
        what: &'static str,
        url: &Address,
        etag: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let mut request = self.0.get(url.as_str());
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|error| unreachable(what, &error))?;
        match response.status().as_u16() {
            304 => Ok(Answer::Unchanged),
            200 => {
                let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                Ok(Answer::Document { body: body(what, response).await?, etag })
            }
            status => Err(Trouble::Status(what, status)),
        }
    }
}

async fn body(what: &'static str, mut response: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(what, &error))? {
        if body.len() + chunk.len() > LONGEST {
            return Err(Trouble::Unusable(what, format!("it is longer than {LONGEST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost reason says most: "Connection refused".
fn unreachable(what: &'static str, error: &reqwest::Error) -> Trouble {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    Trouble::Unreachable(what, reason.to_string())
}

//! `prompt=none` (OIDC Core §3.1.2.1): what a hidden iframe asks for a person who is signed in.

use anyhow::{Context as _, ensure};
use hyper::header::LOCATION;
use url::Url;
use url::form_urlencoded::Serializer;

use super::Exchange;
use crate::issuer::http::{Request, Response};

/// RFC 7636, Appendix B. Nobody redeems the codes.
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser in which somebody is signed in.
#[derive(Debug)]
pub(crate) struct Silent {
    request: Request,
}

impl Silent {
    /// For the endpoint at `path`.
    pub(crate) fn new(path: &str, client_id: &str, redirect_uri: &str, cookie: String) -> Self {
        let query = Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("prompt", "none")
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", "2d0f7c5e1b7a4f0d")
            .append_pair("nonce", "c1b0a6f09e6d4b52")
            .append_pair("code_challenge", CODE_CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        Self { request: Request::Get { path: format!("{path}?{query}"), cookie } }
    }
}

impl Exchange for Silent {
    fn next(&mut self) -> anyhow::Result<Request> {
        Ok(self.request.clone())
    }

    fn judge(&mut self, response: &Response) -> anyhow::Result<()> {
        let location = response.headers.get(LOCATION).context("the answer is no redirect")?.to_str()?;
        let has_code = Url::parse(location)?.query_pairs().any(|(name, value)| name == "code" && !value.is_empty());
        ensure!(has_code, "no code came: {location}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn judged(location: &str) -> anyhow::Result<()> {
        let headers = [(LOCATION, location.parse().unwrap())].into_iter().collect();
        let response = Response { status: hyper::StatusCode::FOUND, headers, body: hyper::body::Bytes::new() };
        Silent::new("/authorize", "app", "https://app.example/", String::new()).judge(&response)
    }

    #[test]
    fn only_a_code_counts() {
        assert!(judged("https://app.example/?state=1&code=x").is_ok());
        assert!(judged("https://app.example/?code=").is_err());
        let refused = judged("https://app.example/?error=login_required").unwrap_err();
        assert!(refused.to_string().contains("login_required"));
    }
}

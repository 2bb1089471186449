//! The password grant (RFC 6749 §4.3): bounded by the password hash, and meant to be.

use anyhow::bail;
use hyper::StatusCode;
use url::form_urlencoded::Serializer;

use super::Exchange;
use crate::issuer::http::{Request, Response};

/// A client that sends one person's password again and again.
#[derive(Debug)]
pub(crate) struct Password {
    request: Request,
}

impl Password {
    /// For the endpoint at `path`.
    pub(crate) fn new(path: &str, client_id: &str, username: &str, password: &str) -> Self {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "password")
            .append_pair("client_id", client_id)
            .append_pair("username", username)
            .append_pair("password", password)
            .append_pair("scope", "openid")
            .finish();
        Self { request: Request::Post { path: path.to_owned(), form } }
    }
}

impl Exchange for Password {
    fn next(&mut self) -> anyhow::Result<Request> {
        Ok(self.request.clone())
    }

    fn judge(&mut self, response: &Response) -> anyhow::Result<()> {
        if response.status != StatusCode::OK {
            bail!("a password was refused: {} {}", response.status, String::from_utf8_lossy(&response.body));
        }
        Ok(())
    }
}

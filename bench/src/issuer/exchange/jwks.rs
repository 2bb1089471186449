//! The published keys (RFC 7517 §5): the least that a server can be asked for.

use anyhow::ensure;

use super::Exchange;
use crate::issuer::http::{Request, Response};

/// An API that asks for the keys.
#[derive(Debug)]
pub(crate) struct Jwks {
    /// Where they are.
    pub(crate) path: &'static str,
}

impl Exchange for Jwks {
    fn next(&mut self) -> anyhow::Result<Request> {
        Ok(Request::Get { path: self.path.to_owned(), cookie: String::new() })
    }

    fn judge(&mut self, response: &Response) -> anyhow::Result<()> {
        ensure!(response.status.is_success() && response.body.starts_with(b"{\"keys\":[{"), "no keys came");
        Ok(())
    }
}

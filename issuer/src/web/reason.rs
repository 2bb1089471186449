//! Why a request was refused, for the log: what whoever sent it is told. Like the answer, it quotes no secret that was sent.

use std::fmt;

use axum::response::Response;
use evergrant_core::protocol::OAuthError;

/// Goes along with an answer, inside this server alone.
#[derive(Clone, Debug)]
pub(crate) struct Reason(String);

impl Reason {
    /// Adds to an answer which error it is.
    pub(crate) fn add_error(response: &mut Response, error: &OAuthError) {
        let description = error.error_description.as_deref().unwrap_or_default();
        response.extensions_mut().insert(Self(format!("{}: {description}", error.error)));
    }

    /// Adds to a page what it says.
    pub(crate) fn add_sentence(response: &mut Response, sentence: &str) {
        response.extensions_mut().insert(Self(sentence.to_owned()));
    }

    /// What was added.
    pub(crate) fn of(response: &Response) -> Option<&Self> {
        response.extensions().get()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

//! The refresh grant (RFC 6749 §6), following rotation: each token that comes is used in its turn, and none twice.

use std::collections::VecDeque;

use anyhow::{Context as _, bail, ensure};
use hyper::StatusCode;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::Exchange;
use crate::issuer::http::{Request, Response};

/// A client with some families of refresh tokens, used in turn.
#[derive(Debug)]
pub(crate) struct Refresh {
    path: &'static str,
    client_id: &'static str,
    openid: bool,
    /// The good token of each family, the one that waited longest first.
    tokens: VecDeque<String>,
    in_flight: Option<String>,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

impl Refresh {
    /// For the endpoint at `path`; `openid` says whether an ID token must come as well.
    pub(crate) fn new(path: &'static str, client_id: &'static str, openid: bool, tokens: Vec<String>) -> Self {
        Self { path, client_id, openid, tokens: tokens.into(), in_flight: None }
    }
}

impl Exchange for Refresh {
    fn next(&mut self) -> anyhow::Result<Request> {
        let token = self.tokens.pop_front().context("there is no refresh token left")?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", self.client_id)
            .append_pair("refresh_token", &token)
            .finish();
        self.in_flight = Some(token);
        Ok(Request::Post { path: self.path.to_owned(), form })
    }

    fn judge(&mut self, response: &Response) -> anyhow::Result<()> {
        let sent = self.in_flight.take().context("nothing was sent")?;
        if response.status != StatusCode::OK {
            bail!("a refresh token was refused: {} {}", response.status, String::from_utf8_lossy(&response.body));
        }
        let answer: TokenResponse = serde_json::from_slice(&response.body)?;
        ensure!(!answer.access_token.is_empty(), "the access token is empty");
        ensure!(!self.openid || answer.id_token.is_some(), "the ID token is missing");
        let successor = answer.refresh_token.context("the refresh token did not rotate")?;
        ensure!(successor != sent, "the refresh token did not rotate");
        self.tokens.push_back(successor);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(tokens: &[&str]) -> Refresh {
        Refresh::new("/token", "app", true, tokens.iter().map(|token| (*token).to_owned()).collect())
    }

    fn answer(status: StatusCode, body: &str) -> Response {
        Response { status, headers: hyper::HeaderMap::new(), body: body.to_owned().into() }
    }

    fn sent(client: &mut Refresh) -> String {
        match client.next().unwrap() {
            Request::Post { form, .. } => form.rsplit('=').next().unwrap().to_owned(),
            Request::Get { .. } => unreachable!("a refresh is a form"),
        }
    }

    #[test]
    fn each_family_goes_on_with_the_token_it_got() {
        let mut client = client(&["a1", "b1"]);
        let mut used = Vec::new();
        for successor in ["a2", "b2", "a3", "b3"] {
            used.push(sent(&mut client));
            let body = format!(r#"{{"access_token":"x","id_token":"y","refresh_token":"{successor}"}}"#);
            client.judge(&answer(StatusCode::OK, &body)).unwrap();
        }
        assert_eq!(used, ["a1", "b1", "a2", "b2"]);
        assert_eq!(client.tokens, ["a3", "b3"]);
    }

    #[test]
    fn an_answer_that_is_less_than_was_asked_for_is_none() {
        for (status, body, named) in [
            (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            (StatusCode::OK, r#"{"access_token":"x","refresh_token":"a2"}"#, "ID token"),
            (StatusCode::OK, r#"{"access_token":"x","id_token":"y"}"#, "rotate"),
            (StatusCode::OK, r#"{"access_token":"x","id_token":"y","refresh_token":"a1"}"#, "rotate"),
            (StatusCode::OK, r#"{"access_token":"","id_token":"y","refresh_token":"a2"}"#, "empty"),
        ] {
            let mut client = client(&["a1"]);
            sent(&mut client);
            let error = client.judge(&answer(status, body)).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn a_token_is_never_sent_twice() {
        let mut client = client(&["a1"]);
        sent(&mut client);
        assert!(client.next().is_err());
    }
}

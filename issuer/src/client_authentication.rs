//! Which client calls the token endpoint, and whether it is really that one (RFC 6749 §2.3).

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ClientId, ClientSecret, ErrorCode};
use url::form_urlencoded;

use crate::config::{Client, ClientType};
use crate::provider::Provider;
use crate::web::oauth_refusal::OAuthRefusal;

/// `token_endpoint_auth_methods_supported`.
pub(crate) const METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

/// The client that sent a request from `address`.
///
/// # Errors
/// `invalid_client`, the same for an unknown client and a wrong secret; `invalid_request` for two methods at once; 429 after
/// too many failures.
pub(crate) fn authenticate<'a>(
    provider: &'a Provider,
    address: IpAddr,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, OAuthRefusal> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let basic = match given.next() {
        // Which of two counts would be a guess, and something in front may have guessed otherwise.
        Some(_) if given.next().is_some() => return Err(OAuthRefusal::invalid_client(true)),
        Some(value) => {
            let credentials = value.to_str().ok().and_then(read_basic);
            Some(credentials.ok_or_else(|| OAuthRefusal::invalid_client(true))?)
        }
        None => None,
    };
    let used_basic = basic.is_some();
    let posted_id = params.filled("client_id").map(ClientId::new);
    let posted_secret = params.filled("client_secret").map(ClientSecret::new);
    if used_basic && posted_secret.is_some() {
        // RFC 6749 §2.3: "MUST NOT use more than one authentication method in each request".
        return Err(OAuthRefusal::new(ErrorCode::InvalidRequest, "the client authenticates in two ways at once"));
    }
    let (id, secret) = match basic {
        Some((id, secret)) => {
            if posted_id.is_some_and(|posted| posted != id) {
                return Err(OAuthRefusal::new(ErrorCode::InvalidRequest, "client_id names another client"));
            }
            (id, Some(secret))
        }
        None => {
            let id = posted_id.ok_or_else(|| OAuthRefusal::invalid_client(false))?;
            (id, posted_secret)
        }
    };
    let client = provider.config.client(&id);
    let known = client.map(|client| &client.client_id);
    provider.limits.authentication(address, known).map_err(OAuthRefusal::too_many)?;
    client.filter(|client| is_proven(client, secret.as_ref())).ok_or_else(|| {
        provider.limits.authentication_failed(address, known);
        OAuthRefusal::invalid_client(used_basic)
    })
}

fn is_proven(client: &Client, secret: Option<&ClientSecret>) -> bool {
    match (client.kind, secret) {
        (ClientType::Public, secret) => secret.is_none_or(|secret| secret.secret().is_empty()),
        (ClientType::Confidential, Some(secret)) => client.accepts_secret(secret),
        (ClientType::Confidential, None) => false,
    }
}

/// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
fn read_basic(header: &str) -> Option<(ClientId, ClientSecret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((ClientId::new(form_decoded(id)), ClientSecret::new(form_decoded(secret))))
}

/// Many clients forget to encode: `&` and `=` are then taken as they stand.
fn form_decoded(text: &str) -> String {
    let one_name = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(one_name.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let read = |text: &str| read_basic(&format!("Basic {}", STANDARD.encode(text)));
        assert_eq!(read("a%3Ab:c+d%26"), Some((ClientId::new("a:b"), ClientSecret::new("c d&"))));
        assert_eq!(read("app:p&q=r"), Some((ClientId::new("app"), ClientSecret::new("p&q=r"))));
        assert_eq!(read("no colon"), None);
        assert_eq!(read_basic("Bearer x"), None);
        assert_eq!(read_basic("Basic !!!"), None);
    }
}

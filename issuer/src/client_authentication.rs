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

const UNPROVEN: &str = "unknown client, or wrong client authentication";
const NOT_SENT: &str = "unknown client, or one that has to send its client_secret";

/// The client that sent a request from `address`.
///
/// # Errors
/// `invalid_client`, in the same words for an unknown client and a wrong secret; `invalid_request` for two that differ; 429
/// after too many failures, where there is a secret to guess.
pub(crate) fn authenticate<'a>(
    provider: &'a Provider,
    address: IpAddr,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, OAuthRefusal> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let basic = match given.next() {
        // Which of two counts would be a guess, and something in front may have guessed otherwise.
        Some(_) if given.next().is_some() => return Err(OAuthRefusal::invalid_client(true, UNPROVEN)),
        Some(value) => {
            let credentials = value.to_str().ok().and_then(read_basic);
            Some(credentials.ok_or_else(|| OAuthRefusal::invalid_client(true, UNPROVEN))?)
        }
        None => None,
    };
    let posted_id = params.filled("client_id").map(ClientId::new);
    let posted_secret = params.filled("client_secret").map(ClientSecret::new);
    // RFC 6749 §2.3: "MUST NOT use more than one authentication method in each request". Some clients do, and say the same twice,
    // which leaves nothing to guess.
    if let (Some((_, secrets)), Some(posted)) = (&basic, &posted_secret)
        && !secrets.contains(posted)
    {
        return Err(OAuthRefusal::new(ErrorCode::InvalidRequest, "the client sends two secrets at once"));
    }
    let used_basic = basic.is_some();
    let (id, secrets) = match basic {
        Some((id, secrets)) => {
            if posted_id.is_some_and(|posted| posted != id) {
                return Err(OAuthRefusal::new(ErrorCode::InvalidRequest, "client_id names another client"));
            }
            (id, secrets)
        }
        None => {
            let id = posted_id.ok_or_else(|| OAuthRefusal::invalid_client(false, "client_id is missing"))?;
            (id, posted_secret.into_iter().collect())
        }
    };
    let client = provider.config.client(&id);
    if let Some(client) = client.filter(|client| client.kind == ClientType::Public) {
        // There is nothing to guess: to count failures would hold back those who use it at the same address.
        let refuse = || OAuthRefusal::invalid_client(used_basic, "a public client has no client_secret to send");
        return if is_proven(client, &secrets) { Ok(client) } else { Err(refuse()) };
    }
    let known = client.map(|client| &client.client_id);
    provider.limits.authentication(address, known).map_err(OAuthRefusal::too_many)?;
    client.filter(|client| is_proven(client, &secrets)).ok_or_else(|| {
        provider.limits.authentication_failed(address, known);
        let description = if has_none(&secrets) { NOT_SENT } else { UNPROVEN };
        OAuthRefusal::invalid_client(used_basic, description)
    })
}

/// `secrets` are readings of the one that was presented; none when there was none.
fn is_proven(client: &Client, secrets: &[ClientSecret]) -> bool {
    match client.kind {
        ClientType::Public => has_none(secrets),
        ClientType::Confidential => secrets.iter().any(|secret| client.accepts_secret(secret)),
    }
}

/// An empty secret is none.
fn has_none(secrets: &[ClientSecret]) -> bool {
    secrets.iter().all(|secret| secret.secret().is_empty())
}

/// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
///
/// Many clients forget to encode, so a secret with `+` or `%` in it is read as it stands as well.
fn read_basic(header: &str) -> Option<(ClientId, Vec<ClientSecret>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let mut secrets = vec![form_decoded(secret)];
    if !secrets.iter().any(|decoded| decoded == secret) {
        secrets.push(secret.to_owned());
    }
    Some((ClientId::new(form_decoded(id)), secrets.into_iter().map(ClientSecret::new).collect()))
}

/// Of those who forget to encode, `&` and `=` are taken as they stand.
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
        let readings = |id: &str, secrets: &[&str]| {
            Some((ClientId::new(id), secrets.iter().copied().map(ClientSecret::new).collect::<Vec<_>>()))
        };
        assert_eq!(read("app:secret"), readings("app", &["secret"]));
        assert_eq!(read("a%3Ab:c+d%26"), readings("a:b", &["c d&", "c+d%26"]));
        assert_eq!(read("app:p&q=r"), readings("app", &["p&q=r"]));
        // Base64 has `+`, `/` and `=`, and a passphrase may have a colon.
        assert_eq!(read("app:p+q/r%2:="), readings("app", &["p q/r%2:=", "p+q/r%2:="]));
        assert_eq!(read("no colon"), None);
        assert_eq!(read_basic("Bearer x"), None);
        assert_eq!(read_basic("Basic !!!"), None);
    }
}

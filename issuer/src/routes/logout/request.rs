//! What a sign-out asks for, and where it may lead: to an address registered for that very client, or for any where the request
//! names none, or nowhere.

use std::fmt;

use evergrant_core::protocol::ClientId;
use evergrant_core::protocol::id_token::IdTokenClaims;
use evergrant_core::protocol::params::{self, Params};

use crate::config::Client;
use crate::provider::Provider;
use crate::tokens;
use crate::web::PageError;

/// A logout request (RP-Initiated Logout 1.0 §2) whose way back is a registered one.
pub(super) struct LogoutRequest {
    /// The claims of an ID token from here, expired or not.
    pub(super) hint: Option<IdTokenClaims>,
    pub(super) way_back: WayBack,
}

/// Where a sign-out leads.
pub(super) struct WayBack {
    pub(super) client_id: Option<ClientId>,
    pub(super) uri: Option<String>,
    pub(super) state: Option<String>,
}

impl LogoutRequest {
    pub(super) fn read(provider: &Provider, params: &Params) -> Result<Self, PageError> {
        let hint = params.filled("id_token_hint").and_then(|hint| tokens::id_token_issued_here(provider, hint));
        let client = match (&hint, params.filled("client_id")) {
            (Some(hint), Some(client_id)) if !hint.aud.contains(client_id) => {
                // §2: "the OP MUST verify that the Client Identifier matches the one used when issuing the ID Token".
                return Err(PageError::not_signed_out("client_id is not the application the ID token was issued to."));
            }
            (_, Some(client_id)) => Some(known_client(provider, client_id)?),
            (Some(hint), None) => {
                hint.aud.as_slice().first().and_then(|client_id| provider.config.client(&ClientId::new(client_id)))
            }
            (None, None) => None,
        };
        let way_back = WayBack {
            client_id: client.map(|client| client.client_id.clone()),
            uri: checked_uri(provider, client, params.filled("post_logout_redirect_uri"))?,
            state: params.filled("state").map(str::to_owned),
        };
        Ok(Self { hint, way_back })
    }
}

impl WayBack {
    /// The address with `state` on it (§3).
    pub(super) fn address(&self) -> Option<String> {
        let uri = self.uri.as_ref()?;
        let Some(state) = &self.state else {
            return Some(uri.clone());
        };
        let separator = if uri.contains('?') { '&' } else { '?' };
        Some(format!("{uri}{separator}{}", params::encode([("state", state.as_str())]).replace('+', "%20")))
    }
}

impl WayBack {
    /// The request without its hint, for another try at `path`.
    pub(super) fn asked_again(&self, path: &str) -> String {
        let client_id = self.client_id.as_ref().map(ClientId::as_str);
        let own = [
            ("client_id", client_id),
            ("post_logout_redirect_uri", self.uri.as_deref()),
            ("state", self.state.as_deref()),
        ];
        let given = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        format!("{path}?{}", params::encode(given))
    }
}

impl fmt::Debug for WayBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WayBack").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// Auth0's parameters: `client_id` and `returnTo`.
pub(super) fn way_back_of_v2(provider: &Provider, params: &Params) -> Result<WayBack, PageError> {
    let client = match params.filled("client_id") {
        Some(client_id) => Some(known_client(provider, client_id)?),
        None => None,
    };
    Ok(WayBack {
        client_id: client.map(|client| client.client_id.clone()),
        uri: checked_uri(provider, client, params.filled("returnTo"))?,
        state: None,
    })
}

fn known_client<'a>(provider: &'a Provider, client_id: &str) -> Result<&'a Client, PageError> {
    let client = provider.config.client(&ClientId::new(client_id));
    client.ok_or_else(|| PageError::not_signed_out("The application that sent you here is not registered (client_id)."))
}

fn checked_uri(provider: &Provider, client: Option<&Client>, uri: Option<&str>) -> Result<Option<String>, PageError> {
    let Some(uri) = uri else { return Ok(None) };
    let known = match client {
        Some(client) => client.returns_to(uri),
        // §3: without an ID token there has to be another way to know the address. Some libraries send nothing but it.
        None => provider.config.clients.iter().any(|client| client.returns_to(uri)),
    };
    if known {
        return Ok(Some(uri.to_owned()));
    }
    Err(PageError::not_signed_out(match client {
        Some(_) => {
            "The address to return to after signing out is not one of those registered for this application \
             (post_logout_redirect_uri)."
        }
        None => {
            "The address to return to after signing out is not registered for any application (post_logout_redirect_uri)."
        }
    }))
}

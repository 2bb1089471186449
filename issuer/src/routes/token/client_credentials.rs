//! `grant_type=client_credentials`: a client gets tokens in its own name (RFC 6749 §4.4).

use evergrant_core::protocol::Scope;
use evergrant_core::protocol::token::TokenResponse;

use super::Call;
use crate::authorize;
use crate::tokens;
use crate::web::oauth_refusal::OAuthRefusal;

/// No refresh token goes along (§4.4.3): the client can ask again, and nobody has to be there.
pub(super) fn redeem(call: &Call<'_>) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, params, proven, now, .. } = *call;
    let asked = params.filled("scope").map(Scope::parse);
    let api = authorize::api_or_that_of(&provider.config, params, asked.as_ref().unwrap_or(&Scope::default()))?;
    let allowed = api.map(|api| api.scopes.intersection(&client.own_scope)).unwrap_or_default();
    let scope = asked.as_ref().map_or_else(|| allowed.clone(), |asked| asked.intersection(&allowed));
    if asked.is_some() && scope.is_empty() {
        return Err(authorize::no_scope().into());
    }
    let audience = api.map(|api| api.identifier.as_str());
    let issued = tokens::client_access_token(provider, client, audience, scope.clone(), proven, now)?;
    Ok(TokenResponse {
        access_token: issued.token,
        token_type: call.token_type(),
        expires_in: Some(issued.expires_in),
        refresh_token: None,
        scope: Some(scope).filter(|scope| !scope.is_empty()),
        id_token: None,
    })
}

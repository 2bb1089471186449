//! `POST /oauth/revoke`: a client gives a token back (RFC 7009).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::ErrorCode;
use evergrant_core::protocol::params::Params;
use serde_json::Map;

use crate::config::Client;
use crate::provider::Provider;
use crate::refresh_tokens::Revocation;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;
use crate::web::peer::Peer;
use crate::{access_tokens, client_authentication, refresh_tokens};

pub(crate) async fn revoke(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<Response, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text)?;
    let client = client_authentication::authenticate(&provider, address, &headers, &params)?;
    let token = params.filled("token");
    let token = token.ok_or_else(|| OAuthRefusal::new(ErrorCode::InvalidRequest, "token is missing"))?;
    // The two kinds look different: `token_type_hint` saves nothing here, and a wrong one harms nothing (§2.1).
    match refresh_tokens::revoke(&provider, client, token, provider.clock.now()).await? {
        Revocation::Done => {}
        Revocation::AnothersToken => return Err(anothers()),
        Revocation::NotOne => revoke_access_token(&provider, client, token).await?,
    }
    // §2.2 leaves what is in the answer to the server, and some clients read JSON out of every answer.
    let mut response = Json(Map::new()).into_response();
    forbid_storing(response.headers_mut());
    Ok(response)
}

/// An unknown token is revoked already (§2.2).
async fn revoke_access_token(provider: &Provider, client: &Client, token: &str) -> Result<(), OAuthRefusal> {
    match access_tokens::issued_here(provider, token) {
        Some(claims) if claims.client_id != client.client_id => Err(anothers()),
        Some(claims) => Ok(access_tokens::revoke(provider, claims).await?),
        None if provider.keys.verified(token).is_some() => Err(OAuthRefusal::new(
            ErrorCode::UnsupportedTokenType,
            "access tokens and refresh tokens can be revoked, ID tokens cannot",
        )),
        None => Ok(()),
    }
}

fn anothers() -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::UnauthorizedClient, "the token was issued to another client")
}

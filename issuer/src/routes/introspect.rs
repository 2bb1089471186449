//! `POST /oauth/introspect`: whether a token counts now, and what it says (RFC 7662). For clients that have a secret, such as
//! resource servers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::dpop::{Confirmation, TOKEN_TYPE};
use evergrant_core::protocol::id_token::Audience;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ClientId, ErrorCode, Issuer, Scope, Subject};
use evergrant_core::time::UnixTime;
use serde::Serialize;

use crate::accounts::{self, Account};
use crate::config::{Client, ClientType, OwnClaims};
use crate::error::Failure;
use crate::provider::Provider;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;
use crate::web::peer::Peer;
use crate::{access_tokens, client_authentication, refresh_tokens};

pub(crate) async fn introspect(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<Response, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text)?;
    let client = client_authentication::authenticate(&provider, address, &headers, &params)?;
    if client.kind == ClientType::Public {
        // §2.1: the caller must be authenticated, or tokens could be tried out here.
        return Err(OAuthRefusal::invalid_client(false, "only a client that has a secret may ask"));
    }
    let token = params.filled("token");
    let token = token.ok_or_else(|| OAuthRefusal::new(ErrorCode::InvalidRequest, "token is missing"))?;
    let now = provider.clock.now();
    let described = match access_token(&provider, token, now).await? {
        Some(described) => Some(described),
        None => refresh_token(&provider, client, token, now).await?,
    };
    let mut response = match described {
        Some(described) => Json(described).into_response(),
        // §2.2: about any other token nothing is said, not even why.
        None => Json(Inactive { active: false }).into_response(),
    };
    forbid_storing(response.headers_mut());
    Ok(response)
}

/// What a token says that counts (§2.2).
#[derive(Serialize)]
struct Active {
    active: bool,
    iss: Issuer,
    sub: Subject,
    /// Of the person, where the token may say who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    client_id: ClientId,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// RFC 9449 §6.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    /// What else an access token says of the person.
    #[serde(flatten)]
    own_claims: OwnClaims,
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

async fn access_token(provider: &Provider, token: &str, now: UnixTime) -> Result<Option<Active>, Failure> {
    let Some(claims) = access_tokens::issued_here(provider, token) else {
        return Ok(None);
    };
    let counts = !access_tokens::is_expired(&claims, now) && access_tokens::is_about_somebody(provider, &claims);
    if !counts || access_tokens::is_revoked(provider, &claims).await? {
        return Ok(None);
    }
    Ok(Some(Active {
        active: true,
        iss: claims.iss,
        username: username(provider, &claims.sub, &claims.scope),
        sub: claims.sub,
        client_id: claims.client_id,
        scope: claims.scope,
        exp: claims.exp,
        iat: claims.iat,
        aud: Some(claims.aud),
        jti: Some(claims.jti),
        token_type: Some(if claims.cnf.is_some() { TOKEN_TYPE } else { "Bearer" }),
        cnf: claims.cnf,
        own_claims: access_tokens::own_claims(token),
    }))
}

/// Any resource server may ask about any token, so it hears what UserInfo would tell whoever holds this one: a name where the
/// scope has `profile` (OIDC Core §5.4), and otherwise the subject alone (RFC 7662 §5).
fn username(provider: &Provider, subject: &Subject, scope: &Scope) -> Option<String> {
    let person = provider.config.user(subject.as_str()).filter(|_| scope.contains("profile"))?;
    Some(person.profile.preferred_username.as_ref().unwrap_or(&person.username).clone())
}

/// A refresh token is its own client's business alone.
async fn refresh_token(
    provider: &Provider,
    client: &Client,
    token: &str,
    now: UnixTime,
) -> Result<Option<Active>, Failure> {
    let live = refresh_tokens::live(provider, token, now).await?;
    let Some((grant, family)) = live.filter(|(grant, _)| grant.client_id == client.client_id) else {
        return Ok(None);
    };
    let account = accounts::find(provider, &grant.subject, grant.password).await?;
    Ok((account == Account::Same).then(|| Active {
        active: true,
        iss: provider.config.issuer(),
        username: username(provider, &grant.subject, &grant.scope),
        sub: grant.subject,
        client_id: grant.client_id,
        scope: grant.scope,
        exp: family.expires_at.as_seconds(),
        iat: family.created_at.as_seconds(),
        aud: None,
        jti: None,
        token_type: None,
        cnf: family.dpop_jkt.map(Confirmation::from),
        own_claims: OwnClaims::default(),
    }))
}

//! Judging access tokens that come back to the issuer itself (RFC 9068 §4), and the list of those revoked before their time.

use axum::http::HeaderMap;
use evergrant_core::protocol::access_token::AccessTokenError;
use evergrant_core::protocol::jwt::Unverified;
use evergrant_core::protocol::{AccessTokenClaims, ErrorCode, access_token};
use evergrant_core::time::UnixTime;

use crate::config::OwnClaims;
use crate::dpop;
use crate::error::Failure;
use crate::provider::Provider;
use crate::revocations;
use crate::web::bearer::Presented;
use crate::web::oauth_refusal::OAuthRefusal;

/// A request to a protected resource of the issuer's own.
#[derive(Clone, Copy)]
pub(crate) struct ResourceRequest<'a> {
    pub(crate) method: &'a str,
    /// Without the leading slash.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// The claims of a token that was issued here, whether or not it still counts.
pub(crate) fn issued_here(provider: &Provider, token: &str) -> Option<AccessTokenClaims> {
    let jwt = provider.keys.verified(token)?;
    let claims: AccessTokenClaims = jwt.claims().ok()?;
    let is_ours = jwt.header.typ.as_deref() == Some(access_token::TYP) && claims.iss == provider.config.issuer();
    is_ours.then_some(claims)
}

/// What a token that was issued here says of a person beyond the protocol.
pub(crate) fn own_claims(token: &str) -> OwnClaims {
    let claims = Unverified::parse(token).ok().and_then(|jwt| jwt.claims().ok());
    OwnClaims::of_access_token(claims.unwrap_or_default())
}

/// The claims of a token that is in time, is presented by who has its key if it is bound to one, and is not known to be revoked:
/// nothing is looked up, so that a token is judged even while the store is away. Its audience is the caller's to judge.
///
/// # Errors
/// `invalid_token` (RFC 6750 §3.1) or `invalid_dpop_proof` (RFC 9449 §7.1), with what is wrong in words.
pub(crate) async fn judge_alone(
    provider: &Provider,
    request: ResourceRequest<'_>,
    presented: &Presented,
    now: UnixTime,
) -> Result<AccessTokenClaims, OAuthRefusal> {
    let ResourceRequest { method, path, headers } = request;
    let (token, proven) = match presented {
        Presented::Bearer(token) => (token, None),
        Presented::Dpop(token) => {
            (token, Some(dpop::at_a_resource(provider, headers, (method, path), token, now).await?))
        }
    };
    let claims = issued_here(provider, token.secret())
        .ok_or_else(|| invalid_token("The access token provided is not one from here."))?;
    if is_expired(&claims, now) {
        return Err(invalid_token("The access token provided has expired."));
    }
    if !is_about_somebody(provider, &claims) {
        return Err(invalid_token("The person or the application has no account here any more."));
    }
    if provider.revoked.names(&claims) {
        return Err(revoked());
    }
    access_token::check_confirmation(&claims, proven.as_ref()).map_err(|error| match error {
        AccessTokenError::Unbound => invalid_token(&error.to_string()),
        _ => OAuthRefusal::dpop(ErrorCode::InvalidToken, &error.to_string()),
    })?;
    Ok(claims)
}

/// The same, and the store is asked what was revoked: it knows what other processes revoked a moment ago.
///
/// # Errors
/// As [`judge_alone`].
pub(crate) async fn judge(
    provider: &Provider,
    request: ResourceRequest<'_>,
    presented: &Presented,
    now: UnixTime,
) -> Result<AccessTokenClaims, OAuthRefusal> {
    let claims = judge_alone(provider, request, presented, now).await?;
    if is_revoked(provider, &claims).await? {
        return Err(revoked());
    }
    Ok(claims)
}

/// Whether a token is past its time.
pub(crate) fn is_expired(claims: &AccessTokenClaims, now: UnixTime) -> bool {
    now >= UnixTime::from_seconds(claims.exp)
}

/// Whether neither the client of a token nor the person it is about was taken out of the configuration. What a client has in its
/// own name is about no person, and comes of no grant.
pub(crate) fn is_about_somebody(provider: &Provider, claims: &AccessTokenClaims) -> bool {
    let config = &provider.config;
    let has_person = claims.grant_id.is_none() || config.user(claims.sub.as_str()).is_some();
    has_person && config.client(&claims.client_id).is_some()
}

/// Whether the store has a token on its list of what was revoked.
pub(crate) async fn is_revoked(provider: &Provider, claims: &AccessTokenClaims) -> Result<bool, Failure> {
    Ok(provider.store.is_revoked(&claims.jti, claims.grant_id.as_deref()).await?)
}

/// Puts a token on the list, from which it goes by itself when it expires.
pub(crate) async fn revoke(provider: &Provider, claims: AccessTokenClaims) -> Result<(), Failure> {
    let expires_at = UnixTime::from_seconds(claims.exp);
    provider.store.revoke_access_token(claims.jti, expires_at).await?;
    revocations::notice(provider).await
}

fn revoked() -> OAuthRefusal {
    invalid_token("The access token provided has been revoked.")
}

fn invalid_token(description: &str) -> OAuthRefusal {
    OAuthRefusal::bearer(ErrorCode::InvalidToken, description)
}

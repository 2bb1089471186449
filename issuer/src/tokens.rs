//! The tokens themselves: which claims they carry, how long they last, and what signs them.

use std::time::Duration;

use evergrant_core::protocol::dpop::{Confirmation, JwkThumbprint};
use evergrant_core::protocol::id_token::{Audience, IdTokenClaims, half_hash};
use evergrant_core::protocol::{
    AccessToken, AccessTokenClaims, AuthorizationCode, IdToken, Nonce, Scope, Subject, access_token, logout_token,
};
use evergrant_core::time::UnixTime;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::{Api, Client, Config, OwnClaims, User};
use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::store::{DeviceAuthorization, Grant, Session};

/// An access token and what to say about it.
#[derive(Clone, Debug)]
pub struct IssuedAccessToken {
    /// The token.
    pub token: AccessToken,
    /// How long it lasts.
    pub expires_in: Duration,
}

/// What an ID token says beyond its grant.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdTokenParts<'a> {
    /// From the request.
    pub nonce: Option<&'a Nonce>,
    /// The access token that goes along, for `at_hash`.
    pub access_token: Option<&'a AccessToken>,
    /// The code that goes along in the same response, for `c_hash`.
    pub code: Option<&'a AuthorizationCode>,
}

#[derive(Serialize)]
struct FullAccessToken<'a> {
    #[serde(flatten)]
    protocol: AccessTokenClaims,
    #[serde(flatten)]
    person: Option<&'a OwnClaims>,
}

#[derive(Serialize)]
struct FullIdToken {
    #[serde(flatten)]
    protocol: IdTokenClaims,
    #[serde(flatten)]
    person: Map<String, Value>,
}

/// What a person grants to whom they show themselves without a browser. The session it names is nobody else's.
pub(crate) fn grant_without_browser(
    provider: &Provider,
    client: &Client,
    person: &User,
    api: Option<&Api>,
    scope: Scope,
    now: UnixTime,
) -> Result<Grant, Failure> {
    Ok(Grant {
        id: Grant::invent_id(now)?,
        client_id: client.client_id.clone(),
        subject: person.sub.clone(),
        sid: Secret::invent()?.expose().to_owned(),
        device: String::new(),
        scope,
        audience: api.map(|api| api.identifier.clone()),
        password: Some(person.password_hash.fingerprint()),
        auth_time: now,
        created_at: now,
        tokens_until: now + provider.config.longest_access_token_lifetime(client),
    })
}

/// What a person grants to a device. The session it names is the device's own, not that of the browser in which the person allowed
/// it: signing that browser out leaves the device as it is.
pub(crate) fn grant_for_device(
    provider: &Provider,
    client: &Client,
    session: &Session,
    device: &DeviceAuthorization,
    now: UnixTime,
) -> Result<Grant, Failure> {
    Ok(Grant {
        id: Grant::invent_id(now)?,
        client_id: client.client_id.clone(),
        subject: session.subject.clone(),
        sid: Secret::invent()?.expose().to_owned(),
        device: "A device".to_owned(),
        scope: device.scope.clone(),
        audience: device.audience.clone(),
        password: session.password,
        auth_time: session.auth_time,
        created_at: now,
        // The device may come for its tokens at the last moment.
        tokens_until: device.expires_at + provider.config.longest_access_token_lifetime(client),
    })
}

/// Makes the access token of a client's grant. `in_browser` chooses between the two lifetimes an API has; `key` is the one it is
/// bound to, if it is to any (RFC 9449 §6.1).
///
/// # Errors
/// When it cannot be signed.
pub fn access_token(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    in_browser: bool,
    key: Option<&JwkThumbprint>,
    now: UnixTime,
) -> Result<IssuedAccessToken, Failure> {
    let bearer = Bearer {
        subject: grant.subject.clone(),
        person: provider.config.user(grant.subject.as_str()),
        client,
        auth_time: Some(grant.auth_time.as_seconds()),
        grant_id: Some(grant.id.clone()),
        scope: grant.scope.clone(),
        key,
    };
    let expires_in = access_token_lifetime(&provider.config, grant.audience.as_deref(), in_browser);
    issue(provider, grant.audience.as_deref(), bearer, expires_in, now)
}

/// Makes the access token of a client that acts in its own name: it is its own subject (RFC 9068 §2.2).
///
/// # Errors
/// When it cannot be signed.
pub fn client_access_token(
    provider: &Provider,
    client: &Client,
    audience: Option<&str>,
    scope: Scope,
    key: Option<&JwkThumbprint>,
    now: UnixTime,
) -> Result<IssuedAccessToken, Failure> {
    let subject = Subject::new(client.client_id.as_str());
    let bearer = Bearer { subject, person: None, client, auth_time: None, grant_id: None, scope, key };
    issue(provider, audience, bearer, access_token_lifetime(&provider.config, audience, false), now)
}

/// Who may present an access token, and for what.
struct Bearer<'a> {
    subject: Subject,
    /// None where a client acts in its own name.
    person: Option<&'a User>,
    client: &'a Client,
    auth_time: Option<i64>,
    grant_id: Option<String>,
    scope: Scope,
    key: Option<&'a JwkThumbprint>,
}

fn issue(
    provider: &Provider,
    audience: Option<&str>,
    bearer: Bearer<'_>,
    expires_in: Duration,
    now: UnixTime,
) -> Result<IssuedAccessToken, Failure> {
    let config = &provider.config;
    let person = bearer.person.map(|person| &person.access_token_claims);
    let protocol = AccessTokenClaims {
        iss: config.issuer(),
        sub: bearer.subject,
        aud: Audience::One(audience.map_or_else(|| config.endpoint("userinfo"), str::to_owned)),
        client_id: bearer.client.client_id.clone(),
        iat: now.as_seconds(),
        exp: (now + expires_in).as_seconds(),
        nbf: None,
        auth_time: bearer.auth_time,
        jti: Secret::invent()?.expose().to_owned(),
        grant_id: bearer.grant_id,
        scope: bearer.scope,
        cnf: bearer.key.cloned().map(Confirmation::from),
    };
    let api = audience.and_then(|audience| config.api(audience));
    let algorithm = api.and_then(|api| api.signing_alg).unwrap_or(config.signing_alg);
    let claims = FullAccessToken { protocol, person };
    let token = AccessToken::new(provider.keys.sign(bearer.client, algorithm, access_token::TYP, &claims, now)?);
    Ok(IssuedAccessToken { token, expires_in })
}

/// Makes the ID token of a grant (OIDC Core §2).
///
/// # Errors
/// When it cannot be signed.
pub fn id_token(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    parts: IdTokenParts<'_>,
    now: UnixTime,
) -> Result<IdToken, Failure> {
    let config = &provider.config;
    let lifetime = client.id_token_lifetime.unwrap_or(config.lifetimes.id_token);
    let person = config.user(grant.subject.as_str());
    let claims = FullIdToken {
        protocol: IdTokenClaims {
            iss: config.issuer(),
            sub: grant.subject.clone(),
            aud: Audience::One(client.client_id.as_str().to_owned()),
            exp: (now + lifetime).as_seconds(),
            iat: now.as_seconds(),
            auth_time: Some(grant.auth_time.as_seconds()),
            nonce: parts.nonce.cloned(),
            azp: None,
            at_hash: parts.access_token.map(|token| half_hash(token.secret())),
            c_hash: parts.code.map(|code| half_hash(code.secret())),
            sid: Some(grant.sid.clone()),
            name: None,
            preferred_username: None,
            email: None,
            picture: None,
        },
        person: person.map(|person| person.claims(&grant.scope)).unwrap_or_default(),
    };
    let algorithm = client.id_token_signing_alg.unwrap_or(config.signing_alg);
    Ok(IdToken::new(provider.keys.sign(client, algorithm, "JWT", &claims, now)?))
}

/// The claims of an ID token that was issued here, for a request that names somebody by it. It may have expired: it hints at a
/// person, it proves nothing (OIDC Core §3.1.2.1). An access token is none: whoever runs an API has those of its callers. Nor is a logout token.
pub(crate) fn id_token_issued_here(provider: &Provider, token: &str) -> Option<IdTokenClaims> {
    let jwt = provider.keys.verified(token)?;
    let claims: IdTokenClaims = jwt.claims().ok()?;
    let is_another = [access_token::TYP, logout_token::TYP].iter().any(|typ| jwt.header.typ.as_deref() == Some(typ));
    (!is_another && claims.iss == provider.config.issuer()).then_some(claims)
}

fn access_token_lifetime(config: &Config, audience: Option<&str>, in_browser: bool) -> Duration {
    let (general, browser) = match audience.and_then(|audience| config.api(audience)) {
        Some(api) => (api.token_lifetime, api.token_lifetime_for_browser_flows),
        None => (config.lifetimes.access_token, config.lifetimes.access_token_for_browser_flows),
    };
    if in_browser { browser } else { general }
}

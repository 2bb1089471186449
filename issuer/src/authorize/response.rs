//! Building an authorization response: tokens and codes as decided, the error otherwise, and `iss` in both (RFC 9207 §2).

use std::fmt;
use std::time::Duration;

use evergrant_core::protocol::{AuthorizationCode, OAuthError, State, params};

use super::request::{AuthorizationRequest, Target};
use crate::backchannel_logout;
use crate::config::Config;
use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::{Secret, SecretHash};
use crate::store::{Code, ConsentUse, Grant, Overtaken, Session};
use crate::tokens::{self, IdTokenParts};
use evergrant_core::time::UnixTime;

/// What a client is told, whichever way it travels.
pub struct AuthorizationResponse(Vec<(&'static str, String)>);

impl AuthorizationResponse {
    /// Names and values, in the order in which they are sent.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The address that carries it in its query or fragment. The registered address stays as it is, its own query included
    /// (RFC 6749 §3.1.2). A space is written as `%20`: forms may say `+` (§4.2.2), but a page that reads its fragment with
    /// `decodeURIComponent`, as many do, would find one in the scope.
    pub fn address(&self, redirect_uri: &str, in_fragment: bool) -> String {
        let separator = match in_fragment {
            true => '#',
            false if redirect_uri.contains('?') => '&',
            false => '?',
        };
        format!("{redirect_uri}{separator}{}", params::encode(self.parameters()).replace('+', "%20"))
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthorizationResponse(hidden)")
    }
}

/// Grants a request: stores what must be stored, and returns the answer; or why that came too late.
///
/// # Errors
/// When the store or the keys fail; then nothing was granted.
pub async fn grant(
    provider: &Provider,
    request: &AuthorizationRequest<'_>,
    session: &Session,
    consent: ConsentUse,
    now: UnixTime,
) -> Result<Result<AuthorizationResponse, Overtaken>, Failure> {
    let kind = request.response_type;
    let code_lifetime = if kind.code { provider.config.lifetimes.authorization_code } else { Duration::ZERO };
    let grant = Grant {
        id: Grant::invent_id(now)?,
        client_id: request.client.client_id.clone(),
        subject: session.subject.clone(),
        sid: session.sid.clone(),
        device: session.device.clone(),
        scope: request.scope.clone(),
        audience: request.audience.clone(),
        password: session.password,
        auth_time: session.auth_time,
        created_at: now,
        tokens_until: now + code_lifetime + provider.config.longest_access_token_lifetime(request.client),
    };
    let access_token = match kind.token {
        true => Some(tokens::access_token(provider, request.client, &grant, true, None, now)?),
        false => None,
    };
    let code = match kind.code {
        true => Some(AuthorizationCode::new(Secret::invent_dated(now)?.expose())),
        false => None,
    };
    let id_token = match kind.id_token {
        true => {
            let parts = IdTokenParts {
                nonce: request.nonce.as_ref(),
                access_token: access_token.as_ref().map(|issued| &issued.token),
                code: code.as_ref(),
            };
            Some(tokens::id_token(provider, request.client, &grant, parts, now)?)
        }
        false => None,
    };
    if kind.id_token {
        backchannel_logout::note(provider, request.client, &grant, true, now).await?;
    }
    let scope = grant.scope.to_string();
    let is_stored = match &code {
        Some(code) => provider.store.add_code(grant, stored(provider, request, code, now), consent).await?,
        None if kind.token => provider.store.add_grant_of_session(grant, consent).await?,
        None => {
            // An ID token alone says who it is, and grants nothing.
            if consent == ConsentUse::New {
                provider.store.remember_consent(grant.consent_key(), grant.scope, now).await?;
            }
            Ok(())
        }
    };
    if let Err(overtaken) = is_stored {
        return Ok(Err(overtaken));
    }
    let expires_in = access_token.as_ref().map(|issued| issued.expires_in.as_secs().to_string());
    let front_scope = access_token.as_ref().map(|_| scope.as_str());
    Ok(Ok(response(
        &provider.config,
        &request.target,
        &[
            ("code", code.as_ref().map(AuthorizationCode::secret)),
            ("access_token", access_token.as_ref().map(|issued| issued.token.secret())),
            ("token_type", access_token.as_ref().map(|_| "Bearer")),
            ("expires_in", expires_in.as_deref()),
            ("scope", front_scope),
            ("id_token", id_token.as_ref().map(|token| token.secret())),
        ],
    )))
}

/// An error (RFC 6749 §4.1.2.1).
pub fn error(config: &Config, target: &Target, error: &OAuthError) -> AuthorizationResponse {
    response(
        config,
        target,
        &[("error", Some(error.error.as_str())), ("error_description", error.error_description.as_deref())],
    )
}

fn stored(provider: &Provider, request: &AuthorizationRequest<'_>, code: &AuthorizationCode, now: UnixTime) -> Code {
    Code {
        hash: SecretHash::of_dated(code.secret()),
        redirect_uri: request.target.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        expires_at: now + provider.config.lifetimes.authorization_code,
    }
}

fn response(config: &Config, target: &Target, parts: &[(&'static str, Option<&str>)]) -> AuthorizationResponse {
    let state = target.state.as_ref().map(State::secret);
    let always = [("state", state), ("iss", Some(config.issuer.as_str()))];
    let parameters = parts.iter().chain(&always).filter_map(|(name, value)| Some((*name, (*value)?.to_owned())));
    AuthorizationResponse(parameters.collect())
}

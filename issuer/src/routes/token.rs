//! `POST /oauth/token`: codes become tokens (RFC 6749 §4.1.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::{Params, ParamsError};
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{CodeVerifier, ErrorCode, Nonce, pkce};
use evergrant_core::time::UnixTime;

use crate::client_authentication;
use crate::config::{Client, GrantType};
use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::SecretHash;
use crate::store::{Code, CodeUse, Grant};
use crate::tokens::{self, IdTokenParts};
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;

pub(crate) async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<Response, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text).map_err(|error| match error {
        ParamsError::Repeated(_) => invalid_request("a parameter is given more than once"),
        ParamsError::TooLong | ParamsError::TooMany => invalid_request("the body is too long"),
    })?;
    let asked = params.filled("grant_type").ok_or_else(|| invalid_request("grant_type is missing"))?;
    let client = client_authentication::authenticate(&provider.config, &headers, &params)?;
    let grant_type = GrantType::ALL.into_iter().find(|grant| grant.as_str() == asked);
    let grant_type = grant_type
        .ok_or_else(|| OAuthRefusal::new(ErrorCode::UnsupportedGrantType, "this grant_type is not supported here"))?;
    if !client.grants.contains(&grant_type) {
        return Err(OAuthRefusal::new(
            ErrorCode::UnauthorizedClient,
            "this client is not registered for this grant_type",
        ));
    }
    let now = provider.clock.now();
    let tokens = match grant_type {
        GrantType::AuthorizationCode => redeem_code(&provider, client, &params, now).await?,
    };
    let mut response = Json(tokens).into_response();
    forbid_storing(response.headers_mut());
    Ok(response)
}

async fn redeem_code(
    provider: &Provider,
    client: &Client,
    params: &Params,
    now: UnixTime,
) -> Result<TokenResponse, OAuthRefusal> {
    let code = params.filled("code").ok_or_else(|| invalid_request("code is missing"))?;
    let redirect_uri = params.filled("redirect_uri").ok_or_else(|| invalid_request("redirect_uri is missing"))?;
    let verifier = params.filled("code_verifier").map(CodeVerifier::new);
    let used = provider.store.use_code(SecretHash::of(code), &client.client_id, now).await.map_err(Failure::from)?;
    let (grant, code) = match used {
        CodeUse::Redeemed(redeemed) => *redeemed,
        CodeUse::Replayed => return Err(invalid_grant("the code was used before")),
        CodeUse::Refused => return Err(invalid_grant("the code is unknown, expired or another client's")),
    };
    // From here on the code is used up: whoever holds it without knowing the rest has one guess.
    check_proofs(&code, redirect_uri, verifier.as_ref())?;
    if provider.config.user(grant.subject.as_str()).is_none() {
        return Err(invalid_grant("the person has no account here any more"));
    }
    Ok(respond(provider, client, &grant, code.nonce.as_ref(), now)?)
}

fn check_proofs(code: &Code, redirect_uri: &str, verifier: Option<&CodeVerifier>) -> Result<(), OAuthRefusal> {
    if code.redirect_uri != redirect_uri {
        return Err(invalid_grant("redirect_uri is not the one of the authorization request"));
    }
    match (&code.code_challenge, verifier) {
        (Some(challenge), Some(verifier)) if pkce::matches(verifier, challenge) => Ok(()),
        (Some(_), Some(_)) => Err(invalid_grant("code_verifier does not match code_challenge")),
        (Some(_), None) => Err(invalid_grant("code_verifier is missing")),
        // RFC 9700 §4.8.2: a verifier without a challenge is a sign of a downgrade.
        (None, Some(_)) => Err(invalid_grant("the authorization request had no code_challenge")),
        (None, None) => Ok(()),
    }
}

fn respond(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    nonce: Option<&Nonce>,
    now: UnixTime,
) -> Result<TokenResponse, Failure> {
    let access_token = tokens::access_token(provider, grant, client.is_browser_app(), now)?;
    let parts = IdTokenParts { nonce, access_token: Some(&access_token.token), code: None };
    let id_token = match grant.scope.contains("openid") {
        true => Some(tokens::id_token(provider, client, grant, parts, now)?),
        false => None,
    };
    Ok(TokenResponse {
        access_token: access_token.token,
        token_type: "Bearer".to_owned(),
        expires_in: Some(access_token.expires_in),
        refresh_token: None,
        scope: Some(grant.scope.clone()),
        id_token,
    })
}

fn invalid_request(description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::InvalidRequest, description)
}

fn invalid_grant(description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::InvalidGrant, description)
}

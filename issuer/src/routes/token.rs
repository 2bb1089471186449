//! `POST /oauth/token`: a grant becomes tokens (RFC 6749 §3.2). One file for each `grant_type` beside this one.

mod client_credentials;
mod code;
mod device_code;
mod password;
mod refresh;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::dpop::{JwkThumbprint, TOKEN_TYPE};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{ErrorCode, Nonce, RefreshToken};
use evergrant_core::time::UnixTime;

use crate::accounts::{self, Account};
use crate::authorize;
use crate::backchannel_logout;
use crate::client_authentication;
use crate::config::{Client, GrantType};
use crate::dpop;
use crate::error::Failure;
use crate::provider::Provider;
use crate::store::Grant;
use crate::tokens::{self, IdTokenParts};
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;
use crate::web::peer::Peer;

pub(crate) async fn token(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Response {
    let mut response = match answer(&provider, address, &headers, form).await {
        Ok(tokens) => {
            let mut response = Json(tokens).into_response();
            forbid_storing(response.headers_mut());
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    // RFC 9449 §8.2: with any answer, so that a client always has a new one.
    if headers.contains_key(dpop::PROOF)
        && let Some(nonce) = dpop::next_nonce(&provider, provider.clock.now())
    {
        response.headers_mut().insert(dpop::NONCE, nonce);
    }
    response
}

async fn answer(
    provider: &Provider,
    address: IpAddr,
    headers: &HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<TokenResponse, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text)?;
    let asked = params.filled("grant_type").ok_or_else(|| invalid_request("grant_type is missing"))?;
    let client = client_authentication::authenticate(provider, address, headers, &params)?;
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
    let proven = dpop::at_the_token_endpoint(provider, headers, now).await?;
    if proven.is_none() && client.dpop_bound_access_tokens {
        return Err(dpop::missing("this client must send a DPoP proof: it is registered for bound access tokens"));
    }
    let call = Call { provider, client, params: &params, address, proven: proven.as_ref(), now };
    match grant_type {
        GrantType::AuthorizationCode => code::redeem(&call).await,
        GrantType::ClientCredentials => client_credentials::redeem(&call),
        GrantType::DeviceCode => device_code::redeem(&call).await,
        GrantType::Password => password::redeem(&call).await,
        GrantType::RefreshToken => refresh::redeem(&call).await,
    }
}

/// A call whose client is known and may use the grant it names.
struct Call<'a> {
    provider: &'a Provider,
    client: &'a Client,
    params: &'a Params,
    address: IpAddr,
    /// The key that the client has shown to have, if it sent a proof (RFC 9449 §5).
    proven: Option<&'a JwkThumbprint>,
    now: UnixTime,
}

impl Call<'_> {
    /// The answer for a grant: the access token, and the ID token when `openid` is in its scope. Of what was granted, it has what
    /// there still is.
    fn respond(
        &self,
        mut grant: Grant,
        nonce: Option<&Nonce>,
        refresh_token: Option<RefreshToken>,
    ) -> Result<TokenResponse, Failure> {
        let Self { provider, client, now, .. } = *self;
        let api = grant.audience.as_deref().and_then(|audience| provider.config.api(audience));
        grant.scope = authorize::grantable(&grant.scope, api, client.may_stay(api));
        let access_token = tokens::access_token(provider, client, &grant, client.is_browser_app(), self.proven, now)?;
        let parts = IdTokenParts { nonce, access_token: Some(&access_token.token), code: None };
        let id_token = match grant.scope.contains("openid") {
            true => Some(tokens::id_token(provider, client, &grant, parts, now)?),
            false => None,
        };
        Ok(TokenResponse {
            access_token: access_token.token,
            token_type: self.token_type(),
            expires_in: Some(access_token.expires_in),
            refresh_token,
            // RFC 6749 §3.3: a scope has a word at least.
            scope: Some(grant.scope).filter(|scope| !scope.is_empty()),
            id_token,
        })
    }

    /// RFC 9449 §5.
    fn token_type(&self) -> String {
        let token_type = if self.proven.is_some() { TOKEN_TYPE } else { "Bearer" };
        token_type.to_owned()
    }

    /// Has the client hear when it is over what an ID token of this grant names. `has_session` is whether that is the session of a
    /// browser.
    async fn note_logged_in(&self, grant: &Grant, has_session: bool) -> Result<(), Failure> {
        if grant.scope.contains("openid") {
            backchannel_logout::note(self.provider, self.client, grant, has_session, self.now).await?;
        }
        Ok(())
    }

    /// A grant brings tokens for the API it was asked for, or for none in particular.
    ///
    /// # Errors
    /// `invalid_target` where the request names another one (RFC 8707 §2.2): that one would refuse the token.
    fn check_target(&self, grant: &Grant) -> Result<(), OAuthRefusal> {
        match authorize::api(&self.provider.config, self.params)? {
            Some(api) if grant.audience.as_ref() != Some(&api.identifier) => Err(OAuthRefusal::new(
                ErrorCode::InvalidTarget,
                "the grant is not for this API: its audience or resource belongs in the authorization request",
            )),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// `invalid_grant` when the person was taken out of the configuration, or has another password than when they signed in.
    async fn check_account(&self, grant: &Grant) -> Result<(), OAuthRefusal> {
        match accounts::find(self.provider, &grant.subject, grant.password).await? {
            Account::Same => Ok(()),
            Account::Gone => Err(invalid_grant("the person has no account here any more")),
            Account::Changed => Err(invalid_grant("the person has another password now, and has to sign in again")),
        }
    }
}

fn invalid_request(description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::InvalidRequest, description)
}

fn invalid_grant(description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::InvalidGrant, description)
}

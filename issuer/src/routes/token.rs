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
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{ErrorCode, Nonce, RefreshToken};
use evergrant_core::time::UnixTime;

use crate::accounts::{self, Account};
use crate::authorize;
use crate::backchannel_logout;
use crate::client_authentication;
use crate::config::{Client, GrantType};
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
) -> Result<Response, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text)?;
    let asked = params.filled("grant_type").ok_or_else(|| invalid_request("grant_type is missing"))?;
    let client = client_authentication::authenticate(&provider, address, &headers, &params)?;
    let grant_type = GrantType::ALL.into_iter().find(|grant| grant.as_str() == asked);
    let grant_type = grant_type
        .ok_or_else(|| OAuthRefusal::new(ErrorCode::UnsupportedGrantType, "this grant_type is not supported here"))?;
    if !client.grants.contains(&grant_type) {
        return Err(OAuthRefusal::new(
            ErrorCode::UnauthorizedClient,
            "this client is not registered for this grant_type",
        ));
    }
    let call = Call { provider: &provider, client, params: &params, address, now: provider.clock.now() };
    let tokens = match grant_type {
        GrantType::AuthorizationCode => code::redeem(&call).await?,
        GrantType::ClientCredentials => client_credentials::redeem(&call)?,
        GrantType::DeviceCode => device_code::redeem(&call).await?,
        GrantType::Password => password::redeem(&call).await?,
        GrantType::RefreshToken => refresh::redeem(&call).await?,
    };
    let mut response = Json(tokens).into_response();
    forbid_storing(response.headers_mut());
    Ok(response)
}

/// A call whose client is known and may use the grant it names.
struct Call<'a> {
    provider: &'a Provider,
    client: &'a Client,
    params: &'a Params,
    address: IpAddr,
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
        let access_token = tokens::access_token(provider, client, &grant, client.is_browser_app(), now)?;
        let parts = IdTokenParts { nonce, access_token: Some(&access_token.token), code: None };
        let id_token = match grant.scope.contains("openid") {
            true => Some(tokens::id_token(provider, client, &grant, parts, now)?),
            false => None,
        };
        Ok(TokenResponse {
            access_token: access_token.token,
            token_type: "Bearer".to_owned(),
            expires_in: Some(access_token.expires_in),
            refresh_token,
            // RFC 6749 §3.3: a scope has a word at least.
            scope: Some(grant.scope).filter(|scope| !scope.is_empty()),
            id_token,
        })
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

//! `grant_type=password`: user name and password become tokens (RFC 6749 §4.3), for old clients that are named for it.

use evergrant_core::protocol::Scope;
use evergrant_core::protocol::token::TokenResponse;

use super::{Call, invalid_grant, invalid_request};
use crate::authorize::{self, OFFLINE_ACCESS};
use crate::config::User;
use crate::error::Failure;
use crate::refresh_tokens;
use crate::tokens;
use crate::web::oauth_refusal::OAuthRefusal;

pub(super) async fn redeem(call: &Call<'_>) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, params, now, .. } = *call;
    let username = params.filled("username").ok_or_else(|| invalid_request("username is missing"))?;
    let password = params.filled("password").ok_or_else(|| invalid_request("password is missing"))?;
    let asked = params.filled("scope").map_or_else(|| client.default_scope.clone(), Scope::parse);
    let api = authorize::api_or_that_of(&provider.config, params, &asked)?;
    let scope = authorize::grantable(&asked, api, client.may_stay(api));
    if scope.is_empty() && !asked.is_empty() {
        return Err(authorize::no_scope().into());
    }
    let person = signed_in(call, username, password).await?;
    let grant = tokens::grant_without_browser(provider, client, person, api, scope, now)?;
    let refresh_token = match grant.scope.contains(OFFLINE_ACCESS) {
        true => Some(refresh_tokens::begin(provider, client, &grant, call.proven, now).await?),
        false => {
            provider.store.add_grant(grant.clone()).await.map_err(Failure::from)?;
            None
        }
    };
    call.note_logged_in(&grant, false).await?;
    Ok(call.respond(grant, None, refresh_token)?)
}

/// The person, held to the limits of the sign-in page (RFC 6749 §4.3.2).
async fn signed_in<'a>(call: &Call<'a>, username: &str, password: &str) -> Result<&'a User, OAuthRefusal> {
    let provider = call.provider;
    provider.limits.sign_in(call.address, username).map_err(OAuthRefusal::too_many)?;
    let checked = provider.passwords.check(&provider.config.users, username, password).await;
    // One sentence for both, so that nobody learns who has an account.
    let person = checked.map_err(Failure::from)?;
    let person = person.ok_or_else(|| invalid_grant("that user name and password do not go together"))?;
    provider.limits.signed_in(call.address, username);
    Ok(person)
}

//! `grant_type=refresh_token`: a refresh token becomes new tokens (RFC 6749 §6, OIDC Core §12).

use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{ErrorCode, RefreshToken, Scope};
use tracing::warn;

use super::{Call, invalid_grant, invalid_request};
use crate::accounts;
use crate::dpop;
use crate::refresh_tokens::{self, Used};
use crate::store::Grant;
use crate::web::oauth_refusal::OAuthRefusal;

pub(super) async fn redeem(call: &Call<'_>) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, params, proven, now, .. } = *call;
    let presented = params.filled("refresh_token").ok_or_else(|| invalid_request("refresh_token is missing"))?;
    let asked = params.filled("scope").map(Scope::parse);
    check_asked(call, presented, asked.as_ref()).await?;
    let answer = |grant, next| answer(call, grant, asked.as_ref(), next);
    // Made while the disk is waited for; where the store has to be asked more, after that.
    let answer_at_once = |grant: Grant, next| match accounts::is_same_here(provider, &grant.subject, grant.password) {
        true => Ok(answer(grant, next)),
        false => Err(Box::new((grant, next))),
    };
    match refresh_tokens::present(provider, client, presented, proven, now, answer_at_once).await? {
        Used::Good(Ok(answer)) => answer,
        Used::Good(Err(unanswered)) => {
            let (grant, next) = *unanswered;
            call.check_account(&grant).await?;
            answer(grant, next)
        }
        Used::Replayed => {
            warn!(client_id = client.client_id.as_str(), "a used refresh token came back: its family is over");
            Err(invalid_grant("the refresh token was used before; the person has to sign in again"))
        }
        Used::OtherKey if proven.is_some() => {
            Err(invalid_grant("the refresh token is bound to another key than that of the DPoP proof"))
        }
        Used::OtherKey => Err(dpop::missing("the refresh token is bound to a key: send a DPoP proof of it")),
        Used::Refused => Err(invalid_grant("the refresh token is unknown, expired, revoked or another client's")),
    }
}

fn answer(
    call: &Call<'_>,
    mut grant: Grant,
    asked: Option<&Scope>,
    next: Option<RefreshToken>,
) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, .. } = *call;
    let api = grant.audience.as_deref().map(|audience| provider.config.api(audience));
    if !api.is_none_or(|api| api.is_some_and(|api| client.may_stay(Some(api)))) {
        return Err(invalid_grant("the API allows no offline access any more"));
    }
    // The refresh token itself keeps what it had.
    if let Some(asked) = asked {
        grant.scope = asked.intersection(&grant.scope);
    }
    // OIDC Core §12.2: the same person and the same sign-in, and no nonce.
    Ok(call.respond(grant, None, next)?)
}

/// RFC 6749 §6: as much as was granted, or less, and for the same API. Judged before the token is used, so that asking for too
/// much costs nothing.
async fn check_asked(call: &Call<'_>, presented: &str, asked: Option<&Scope>) -> Result<(), OAuthRefusal> {
    if asked.is_none() && !["audience", "resource"].iter().any(|name| call.params.has(name)) {
        return Ok(());
    }
    let Some(grant) = refresh_tokens::granted(call.provider, presented, call.now).await? else {
        return Ok(());
    };
    if asked.is_some_and(|asked| !grant.scope.covers(asked)) {
        return Err(OAuthRefusal::new(ErrorCode::InvalidScope, "more is asked for than was granted"));
    }
    call.check_target(&grant)
}

//! `grant_type=authorization_code`: a code becomes tokens (RFC 6749 §4.1.3, RFC 7636 §4.6).

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{CodeVerifier, pkce};

use super::{Call, invalid_grant, invalid_request};
use crate::authorize::OFFLINE_ACCESS;
use crate::dpop;
use crate::error::Failure;
use crate::secret::SecretHash;
use crate::store::{Code, CodeUse};
use crate::web::oauth_refusal::OAuthRefusal;
use crate::{refresh_tokens, revocations};

pub(super) async fn redeem(call: &Call<'_>) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, params, now, .. } = *call;
    let code = params.filled("code").ok_or_else(|| invalid_request("code is missing"))?;
    let redirect_uri = params.filled("redirect_uri").ok_or_else(|| invalid_request("redirect_uri is missing"))?;
    let verifier = params.filled("code_verifier").map(CodeVerifier::new);
    let used =
        provider.store.use_code(SecretHash::of_dated(code), &client.client_id, now).await.map_err(Failure::from)?;
    let (grant, code) = match used {
        CodeUse::Redeemed(redeemed) => *redeemed,
        CodeUse::Replayed => {
            revocations::notice(provider).await?;
            return Err(invalid_grant("the code was used before"));
        }
        CodeUse::Refused => return Err(invalid_grant("the code is unknown, expired or another client's")),
    };
    // From here on the code is used up: whoever holds it without knowing the rest has one guess.
    check_proofs(&code, redirect_uri, verifier.as_ref())?;
    check_key(&code, call.proven)?;
    call.check_target(&grant)?;
    call.check_account(&grant).await?;
    let refresh_token = match grant.scope.contains(OFFLINE_ACCESS) {
        true => Some(refresh_tokens::begin(provider, client, &grant, call.proven, now).await?),
        false => None,
    };
    call.note_logged_in(&grant, true).await?;
    Ok(call.respond(grant, code.nonce.as_ref(), refresh_token)?)
}

/// RFC 9449 §10.
fn check_key(code: &Code, proven: Option<&JwkThumbprint>) -> Result<(), OAuthRefusal> {
    match (&code.dpop_jkt, proven) {
        (None, _) => Ok(()),
        (Some(bound), Some(proven)) if bound == proven => Ok(()),
        (Some(_), Some(_)) => Err(invalid_grant("the code is bound to another key than that of the DPoP proof")),
        (Some(_), None) => Err(dpop::missing("the code is bound to a key (dpop_jkt): send a DPoP proof of it")),
    }
}

fn check_proofs(code: &Code, redirect_uri: &str, verifier: Option<&CodeVerifier>) -> Result<(), OAuthRefusal> {
    if code.redirect_uri != redirect_uri {
        return Err(invalid_grant("redirect_uri is not the one of the authorization request"));
    }
    match (&code.code_challenge, verifier) {
        (Some(challenge), Some(verifier)) if pkce::matches(verifier, challenge) => Ok(()),
        (Some(_), Some(verifier)) if !pkce::has_right_length(verifier) => {
            Err(invalid_grant("code_verifier must have 43 to 128 characters"))
        }
        (Some(_), Some(_)) => Err(invalid_grant("code_verifier does not match code_challenge")),
        (Some(_), None) => Err(invalid_grant("code_verifier is missing")),
        // RFC 9700 §4.8.2: a verifier without a challenge is a sign of a downgrade.
        (None, Some(_)) => Err(invalid_grant("the authorization request had no code_challenge")),
        (None, None) => Ok(()),
    }
}

//! `grant_type=urn:ietf:params:oauth:grant-type:device_code`: a device asks whether a person has answered, and has its tokens when
//! they have allowed it (RFC 8628 §3.4, §3.5).

use evergrant_core::protocol::ErrorCode;
use evergrant_core::protocol::token::TokenResponse;

use super::{Call, invalid_grant, invalid_request};
use crate::authorize::OFFLINE_ACCESS;
use crate::error::Failure;
use crate::refresh_tokens;
use crate::secret::SecretHash;
use crate::store::DevicePoll;
use crate::web::oauth_refusal::OAuthRefusal;

pub(super) async fn redeem(call: &Call<'_>) -> Result<TokenResponse, OAuthRefusal> {
    let Call { provider, client, params, now, .. } = *call;
    let device_code = params.filled("device_code").ok_or_else(|| invalid_request("device_code is missing"))?;
    let polled = provider.store.poll_device(SecretHash::of_dated(device_code), &client.client_id, now).await;
    let grant = match polled.map_err(Failure::from)? {
        DevicePoll::Granted(grant) => *grant,
        DevicePoll::Pending => return Err(refusal("authorization_pending", "nobody has answered yet: poll again")),
        DevicePoll::TooFast(interval) => {
            let words = format!("nobody has answered yet: wait {} seconds between two polls", interval.as_secs());
            return Err(refusal("slow_down", &words));
        }
        DevicePoll::Denied => {
            return Err(OAuthRefusal::new(ErrorCode::AccessDenied, "the person did not allow it, or took it back"));
        }
        DevicePoll::Expired => return Err(refusal("expired_token", "the device_code has expired: ask for another")),
        DevicePoll::Refused => {
            return Err(invalid_grant("the device_code is unknown, another client's, or was used before"));
        }
    };
    call.check_target(&grant)?;
    call.check_account(&grant).await?;
    let refresh_token = match grant.scope.contains(OFFLINE_ACCESS) {
        true => Some(refresh_tokens::begin(provider, client, &grant, call.proven, now).await?),
        false => None,
    };
    call.note_logged_in(&grant, false).await?;
    Ok(call.respond(grant, None, refresh_token)?)
}

fn refusal(code: &str, description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::from(code.to_owned()), description)
}

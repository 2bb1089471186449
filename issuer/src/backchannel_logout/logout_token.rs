//! The logout token (Back-Channel Logout 1.0 §2.4).

use std::collections::BTreeMap;
use std::time::Duration;

use evergrant_core::protocol::logout_token::{EVENT, TYP};
use evergrant_core::protocol::{ClientId, Issuer, Subject};
use evergrant_core::time::UnixTime;
use serde::Serialize;

use crate::config::Client;
use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::store::DueLogout;

/// "preferably at most two minutes in the future".
const LIFETIME: Duration = Duration::from_secs(2 * 60);

/// There is no `nonce`: with one it could be taken for an ID token.
#[derive(Serialize)]
struct LogoutTokenClaims<'a> {
    iss: Issuer,
    sub: &'a Subject,
    aud: &'a ClientId,
    iat: i64,
    exp: i64,
    jti: &'a str,
    events: BTreeMap<&'static str, Event>,
    sid: &'a str,
}

/// Nothing is to be said beyond its name.
#[derive(Serialize)]
struct Event {}

/// Makes the token for one try, signed as the client's ID tokens are.
pub(super) fn make(provider: &Provider, client: &Client, due: &DueLogout, now: UnixTime) -> Result<Secret, Failure> {
    let jti = Secret::invent()?;
    let claims = LogoutTokenClaims {
        iss: provider.config.issuer(),
        sub: &due.subject,
        aud: &due.client_id,
        iat: now.as_seconds(),
        exp: (now + LIFETIME).as_seconds(),
        jti: jti.expose(),
        events: BTreeMap::from([(EVENT, Event {})]),
        sid: &due.sid,
    };
    let algorithm = client.id_token_signing_alg.unwrap_or(provider.config.signing_alg);
    Ok(Secret::presented(&provider.keys.sign(client, algorithm, TYP, &claims, now)?))
}

//! Whether a logout token counts: the rules of Back-Channel Logout 1.0 §2.6, one step each, in the specification's order.

use std::collections::HashMap;

use evergrant_core::protocol::id_token::{Audience, Expectation};
use evergrant_core::protocol::jwk::{JwkSet, KeyChoiceError};
use evergrant_core::protocol::jwt::{Algorithm, CryptoUnavailable, JwtError, SignatureVerifier, Unverified};
use evergrant_core::protocol::{Issuer, Subject};
use evergrant_core::time::UnixTime;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The member of `events` that makes a token one.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token (§2.4).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LogoutTokenClaims {
    iss: Issuer,
    aud: Audience,
    iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
    /// Whose sessions end; those of any session of theirs where `sid` is missing.
    pub(crate) sub: Option<Subject>,
    /// Which session of the issuer's is over.
    pub(crate) sid: Option<String>,
    events: Map<String, Value>,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

/// Validates a logout token, signature included. That its `jti` did not come before (step 8) is for whoever remembers those.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) async fn validate(
    token: &str,
    keys: &JwkSet,
    verifier: &impl SignatureVerifier,
    expected: &Expectation<'_>,
) -> Result<LogoutTokenClaims, LogoutTokenError> {
    // Step 1 is decryption: encrypted tokens are not asked for.
    let jwt = Unverified::parse(token)?;
    check_type(&jwt)?;
    // 2 and 3. As ID tokens: the algorithm comes from the allow-list, on which there is no `none`.
    let algorithm = Algorithm::from_name(&jwt.header.alg)
        .filter(|algorithm| expected.algorithms.contains(algorithm))
        .ok_or(LogoutTokenError::Algorithm)?;
    let key = keys.choose(&jwt.header, algorithm)?;
    if !verifier.verify(algorithm, key, jwt.signing_input, &jwt.signature).await? {
        return Err(LogoutTokenError::Signature);
    }
    let claims: LogoutTokenClaims = jwt.claims()?;
    check_as_id_token(&claims, expected)?;
    // 5. A person, a session, or both.
    if claims.sub.is_none() && claims.sid.is_none() {
        return Err(LogoutTokenError::Nobody);
    }
    // 6. It says that this is a logout.
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(LogoutTokenError::Event);
    }
    // 7. An ID token that was made to look like one.
    if claims.others.contains_key("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    Ok(claims)
}

/// §2.4 recommends a type, and §4.1 leaves it to older issuers to have none. One of another kind of token is refused.
fn check_type(jwt: &Unverified<'_>) -> Result<(), LogoutTokenError> {
    let typ = jwt.header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "jwt" | "logout+jwt" => Ok(()),
        _ => Err(LogoutTokenError::Type),
    }
}

/// Step 4: issuer, audience and times as in ID tokens (OIDC Core §3.1.3.7).
fn check_as_id_token(claims: &LogoutTokenClaims, expected: &Expectation<'_>) -> Result<(), LogoutTokenError> {
    if claims.iss != *expected.issuer {
        return Err(LogoutTokenError::Issuer);
    }
    // No other audience is trusted.
    let audiences = claims.aud.as_slice();
    if audiences.is_empty() || audiences.iter().any(|audience| audience != expected.client_id.as_str()) {
        return Err(LogoutTokenError::Audience);
    }
    if expected.now - expected.tolerance >= UnixTime::from_seconds(claims.exp) {
        return Err(LogoutTokenError::Expired);
    }
    if expected.now + expected.tolerance < UnixTime::from_seconds(claims.iat) {
        return Err(LogoutTokenError::FromTheFuture);
    }
    Ok(())
}

/// Why a logout token is not accepted. The texts are for whoever runs the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogoutTokenError {
    Unreadable(JwtError),
    Type,
    Algorithm,
    Key(KeyChoiceError),
    Crypto(CryptoUnavailable),
    Signature,
    Issuer,
    Audience,
    Expired,
    FromTheFuture,
    Nobody,
    Event,
    Nonce,
    /// Step 8.
    Repeated,
}

impl LogoutTokenError {
    /// Whether other keys of the issuer's might do: these may be out of date.
    pub(crate) fn is_about_keys(&self) -> bool {
        matches!(self, Self::Key(KeyChoiceError::Unknown(_)) | Self::Signature)
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Unreadable(error) => return format!("the logout token cannot be read: {error}"),
            Self::Key(error) => return format!("the logout token's signature cannot be checked: {error}"),
            Self::Crypto(error) => return format!("the logout token's signature cannot be checked: {error}"),
            Self::Type => "the token is of another type than a logout token",
            Self::Algorithm => "the logout token is signed with an algorithm that is not accepted",
            Self::Signature => "the logout token's signature is wrong",
            Self::Issuer => "the logout token is from another issuer",
            Self::Audience => "the logout token is for another client",
            Self::Expired => "the logout token has expired",
            Self::FromTheFuture => "the logout token was issued in the future, by the clock here",
            Self::Nobody => "the logout token has neither sub nor sid",
            Self::Event => "the logout token has not the event of a logout",
            Self::Nonce => "the logout token has a nonce",
            Self::Repeated => "the logout token came before (jti)",
        }
        .to_owned()
    }
}

impl From<JwtError> for LogoutTokenError {
    fn from(error: JwtError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<KeyChoiceError> for LogoutTokenError {
    fn from(error: KeyChoiceError) -> Self {
        Self::Key(error)
    }
}

impl From<CryptoUnavailable> for LogoutTokenError {
    fn from(error: CryptoUnavailable) -> Self {
        Self::Crypto(error)
    }
}

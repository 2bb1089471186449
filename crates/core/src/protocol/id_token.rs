//! ID tokens: the rules of OIDC Core §3.1.3.7 and §3.2.2.11, one step each, in the specification's order.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::json::{self, Member, MemberError};
use super::jwk::{Jwk, JwkSet, KeyChoiceError};
use super::jwt::{Algorithm, CryptoUnavailable, Hash, JwtError, SignatureVerifier, Unverified};
use super::names::{AccessToken, AuthorizationCode, ClientId, IdToken, Issuer, Nonce, Subject};
use crate::time::UnixTime;

/// The claims of an ID token (OIDC Core §2, §5.1), as far as an app shows or checks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// Who issued it.
    pub iss: Issuer,
    /// Whom it speaks of.
    pub sub: Subject,
    /// For whom it is.
    pub aud: Audience,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// When the person last entered credentials, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// What ties it to its request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// The authorized party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<ClientId>,
    /// Half a hash of the access token (§3.2.2.9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Half a hash of the code (§3.3.2.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// The issuer's session (Front-Channel Logout §3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The full name, for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name the person goes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The address, when the `email` scope was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A picture's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

json::members!(IdTokenClaims {
    iss: required,
    sub: required,
    aud: required,
    exp: required,
    iat: required,
    auth_time: lenient,
    nonce: optional,
    azp: optional,
    at_hash: optional,
    c_hash: optional,
    sid: optional,
    name: lenient,
    preferred_username: lenient,
    email: lenient,
    picture: lenient,
});

impl IdTokenClaims {
    /// What to call the person: the first of name, preferred user name, e-mail address and subject that is there.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.preferred_username, &self.email]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|text| !text.trim().is_empty())
            .unwrap_or(self.sub.as_str())
    }
}

/// `aud`: one audience or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single string.
    One(String),
    /// An array.
    Many(Vec<String>),
}

json::member! {
    Audience: |value| match value {
        Value::String(one) => Ok(Self::One(one.clone())),
        many => Member::read(many).map(Self::Many).ok_or(MemberError::Wrong("aud")),
    }
}

impl Audience {
    /// Whether `audience` is named.
    pub fn contains(&self, audience: &str) -> bool {
        self.as_slice().iter().any(|one| one == audience)
    }

    /// The audiences as a slice.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What an ID token must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The issuer of the metadata in use.
    pub issuer: &'a Issuer,
    /// This client.
    pub client_id: &'a ClientId,
    /// The nonce that was sent; `None` only for a refresh, whose ID token may lack one (§12.2).
    pub nonce: Option<&'a Nonce>,
    /// The signature algorithms to accept.
    pub algorithms: &'a [Algorithm],
    /// The `max_age` that was sent, in whole seconds.
    pub max_age: Option<Duration>,
    /// The access token that came along.
    pub access_token: Option<&'a AccessToken>,
    /// The code that came along in the same authorization response.
    pub code: Option<&'a AuthorizationCode>,
    /// Whether the token came through the address bar: then `at_hash` and `c_hash` are REQUIRED for what came along.
    pub front_channel: bool,
    /// The claims of the session that is being renewed: the person must stay the same.
    pub renews: Option<&'a IdTokenClaims>,
    /// The wall clock.
    pub now: UnixTime,
    /// How far the two clocks may differ.
    pub tolerance: Duration,
}

/// Validates an ID token, signature included, and returns its claims.
///
/// # Errors
/// An [`IdTokenError`] naming the first rule that does not hold. [`IdTokenError::Key`] with
/// [`KeyChoiceError::Unknown`] means: fetch the key set once more and try again (OIDC Core §10.1.1).
pub async fn validate(
    token: &IdToken,
    keys: &JwkSet,
    verifier: &impl SignatureVerifier,
    expected: &Expectation<'_>,
) -> Result<IdTokenClaims, IdTokenError> {
    // Step 1 is decryption: encrypted ID tokens are not asked for.
    let jwt = Unverified::parse(token.secret())?;
    let claims: IdTokenClaims = jwt.claims()?;
    check_issuer_and_audience(&claims, expected)?;
    let algorithm = check_signature(&jwt, keys, verifier, expected.algorithms).await?;
    check_times(&claims, expected)?;
    check_binding(&claims, expected)?;
    check_hashes(&claims, expected, verifier, algorithm.hash()).await?;
    check_same_person(&claims, expected.renews)?;
    Ok(claims)
}

/// Steps 2 to 5 (and 2 to 3 of §3.2.2.11).
fn check_issuer_and_audience(claims: &IdTokenClaims, expected: &Expectation<'_>) -> Result<(), IdTokenError> {
    // 2. The issuer, exactly.
    if claims.iss != *expected.issuer {
        return Err(IdTokenError::Issuer { expected: expected.issuer.clone(), found: claims.iss.clone() });
    }
    // 3. The audience contains this client, and none it does not trust. It trusts no other.
    let client_id = expected.client_id.as_str();
    if !claims.aud.contains(client_id) {
        return Err(IdTokenError::Audience);
    }
    // 4. Several audiences: an authorized party SHOULD be named; here it must be, or the rest is untrusted.
    let alone = claims.aud.as_slice().iter().all(|audience| audience == client_id);
    if !alone && claims.azp.is_none() {
        return Err(IdTokenError::AuthorizedParty);
    }
    // 5. The authorized party is this client.
    if claims.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
        return Err(IdTokenError::AuthorizedParty);
    }
    Ok(())
}

/// Steps 6 to 8 (§3.2.2.11: "The Client MUST validate the signature").
async fn check_signature(
    jwt: &Unverified<'_>,
    keys: &JwkSet,
    verifier: &impl SignatureVerifier,
    allowed: &[Algorithm],
) -> Result<Algorithm, IdTokenError> {
    // 7. The algorithm comes from the allow-list, never from the header alone. 8 (MACs) cannot arise: none is listed.
    let algorithm = Algorithm::from_name(&jwt.header.alg)
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| IdTokenError::Algorithm(jwt.header.alg.clone()))?;
    // 6. Always checked, also for tokens straight from the token endpoint, where the specification lets TLS do.
    let key: &Jwk = keys.choose(&jwt.header, algorithm)?;
    match verifier.verify(algorithm, key, jwt.signing_input, &jwt.signature).await? {
        true => Ok(algorithm),
        false => Err(IdTokenError::Signature),
    }
}

/// Steps 9 and 10, with a tolerance for clocks that differ.
fn check_times(claims: &IdTokenClaims, expected: &Expectation<'_>) -> Result<(), IdTokenError> {
    let clocks = |fault| IdTokenError::Clock { fault, here: expected.now, issued: UnixTime::from_seconds(claims.iat) };
    // 9. Now is before the expiry.
    if expected.now - expected.tolerance >= UnixTime::from_seconds(claims.exp) {
        return Err(clocks(ClockFault::Expired));
    }
    // 10. Not issued in the future. How long ago is left to `exp`, and to the nonce where one was sent.
    if expected.now + expected.tolerance < UnixTime::from_seconds(claims.iat) {
        return Err(clocks(ClockFault::UsedTooEarly));
    }
    Ok(())
}

/// Steps 11 to 13.
fn check_binding(claims: &IdTokenClaims, expected: &Expectation<'_>) -> Result<(), IdTokenError> {
    // 11. A nonce that was sent comes back. To a refresh token none was, and what the first one was is not kept (§12.2).
    match (expected.nonce, &claims.nonce) {
        (Some(sent), Some(found)) if sent == found => {}
        (None, _) => {}
        _ => return Err(IdTokenError::Nonce),
    }
    // 12 (`acr`): `acr_values` asks for a class as a wish (§3.1.2.1); which one came is the app's to judge, by the claims.
    // 13. The sign-in is recent enough when that was asked.
    if let Some(max_age) = expected.max_age {
        let auth_time = claims.auth_time.ok_or(IdTokenError::AuthTime)?;
        if expected.now - expected.tolerance > UnixTime::from_seconds(auth_time) + max_age {
            return Err(IdTokenError::AuthTime);
        }
    }
    Ok(())
}

/// §3.1.3.8, §3.2.2.9 and §3.3.2.10: the token is bound to what came along with it.
async fn check_hashes(
    claims: &IdTokenClaims,
    expected: &Expectation<'_>,
    verifier: &impl SignatureVerifier,
    hash: Hash,
) -> Result<(), IdTokenError> {
    let pairs = [
        (expected.access_token.map(AccessToken::secret), &claims.at_hash, IdTokenError::AccessTokenHash),
        (expected.code.map(AuthorizationCode::secret), &claims.c_hash, IdTokenError::CodeHash),
    ];
    for (along, found, error) in pairs {
        let Some(secret) = along else { continue };
        let is_bound = match found {
            Some(found) if hash == Hash::Sha256 => *found == half_hash(secret),
            Some(found) => *found == half(&verifier.digest(hash, secret.as_bytes()).await?),
            None => !expected.front_channel,
        };
        if !is_bound {
            return Err(error);
        }
    }
    Ok(())
}

/// §12.2, applied to every way of renewing: a session never changes hands silently.
fn check_same_person(claims: &IdTokenClaims, before: Option<&IdTokenClaims>) -> Result<(), IdTokenError> {
    match before {
        Some(before) if before.sub != claims.sub => Err(IdTokenError::OtherPerson),
        _ => Ok(()),
    }
}

/// The left half of the SHA-256 of `secret`, in base64url: `at_hash` and `c_hash` for every algorithm with that hash.
pub fn half_hash(secret: &str) -> String {
    half(&Sha256::digest(secret.as_bytes()))
}

fn half(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2])
}

/// Why an ID token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Not a JWT, or not with the claims an ID token must have.
    #[error("the ID token cannot be read: {0}")]
    Jwt(#[from] JwtError),
    /// Step 2.
    #[error("the ID token is from {found}, not from {expected}")]
    Issuer {
        /// The issuer in use.
        expected: Issuer,
        /// The issuer in the token.
        found: Issuer,
    },
    /// Step 3.
    #[error("the ID token is for another client")]
    Audience,
    /// Steps 4 and 5.
    #[error("the ID token was issued to another party")]
    AuthorizedParty,
    /// Step 7.
    #[error("the ID token is signed with `{0}`, which is not accepted")]
    Algorithm(String),
    /// No key to check the signature with.
    #[error("the ID token's signature cannot be checked: {0}")]
    Key(#[from] KeyChoiceError),
    /// The platform cannot check signatures.
    #[error("the ID token's signature cannot be checked: {0}")]
    Crypto(#[from] CryptoUnavailable),
    /// Step 6.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// Steps 9 and 10: the clocks of issuer and device differ by more than the tolerance, or the token has expired.
    #[error(
        "{fault}: this device's clock says {here}, and by the issuer's clock the ID token was issued at {issued}; one of the two clocks is wrong"
    )]
    Clock {
        /// Which way they differ.
        fault: ClockFault,
        /// This device's clock.
        here: UnixTime,
        /// `iat`.
        issued: UnixTime,
    },
    /// Step 11.
    #[error("the ID token does not answer this request (nonce)")]
    Nonce,
    /// Step 13.
    #[error("the sign-in is older than was asked for (auth_time)")]
    AuthTime,
    /// §3.1.3.8, §3.2.2.9.
    #[error("the ID token does not belong to the access token that came with it (at_hash)")]
    AccessTokenHash,
    /// §3.3.2.10.
    #[error("the ID token does not belong to the code that came with it (c_hash)")]
    CodeHash,
    /// §12.2.
    #[error("the issuer answered for another person than the one who is signed in")]
    OtherPerson,
}

/// Which way two clocks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// `exp` has passed here already.
    Expired,
    /// `iat` is still to come here.
    UsedTooEarly,
}

impl std::fmt::Display for ClockFault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Expired => "ID token expired already",
            Self::UsedTooEarly => "ID token used too early",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;

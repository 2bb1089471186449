//! Whether an access token counts: the rules of RFC 9068 §4, one step each, in the specification's order, and what RFC 6750
//! §3.1 answers when one does not hold.

use std::time::Duration;

use super::{AccessTokenClaims, TYP};
use crate::protocol::dpop::JwkThumbprint;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::jwk::KeyChoiceError;
use crate::protocol::jwt::{Algorithm, JwtError, Unverified};
use crate::protocol::names::{AccessToken, Issuer};
use crate::time::UnixTime;

/// What an access token must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// Whose tokens are accepted.
    pub issuer: &'a Issuer,
    /// This API, as tokens name it.
    pub audience: &'a str,
    /// The signature algorithms to accept.
    pub algorithms: &'a [Algorithm],
    /// This server's clock.
    pub now: UnixTime,
    /// How far the two clocks may differ.
    pub tolerance: Duration,
    /// The key that the sender has shown to have, by a proof that [`dpop::validate`](crate::protocol::dpop::validate) found
    /// good; none where the token was presented as `Bearer`.
    pub proven: Option<&'a JwkThumbprint>,
}

/// Judges an access token. `verify` checks its signature by the key that the header asks for; it is called once, after the
/// algorithm was found on the list.
///
/// # Errors
/// An [`AccessTokenError`] naming the first rule that does not hold. [`AccessTokenError::Key`] with
/// [`KeyChoiceError::Unknown`] means: fetch the key set once more and try again.
pub fn judge(
    token: &AccessToken,
    expected: &Expectation<'_>,
    verify: impl FnOnce(&Unverified<'_>, Algorithm) -> Result<(), AccessTokenError>,
) -> Result<AccessTokenClaims, AccessTokenError> {
    let jwt = Unverified::parse(token.secret())?;
    check_type(&jwt)?;
    // Decryption would come next: encrypted access tokens are not asked for.
    let claims: AccessTokenClaims = jwt.claims()?;
    check_issuer(&claims, expected)?;
    check_audience(&claims, expected)?;
    // The algorithm comes from the list, never from the header alone: `none` and MACs cannot be on it.
    let algorithm = Algorithm::from_name(&jwt.header.alg)
        .filter(|algorithm| expected.algorithms.contains(algorithm))
        .ok_or(AccessTokenError::Algorithm)?;
    verify(&jwt, algorithm)?;
    check_times(&claims, expected)?;
    check_confirmation(&claims, expected.proven)?;
    Ok(claims)
}

/// Whether a token is presented by who has its key, `proven` being the one that its sender has shown to have (RFC 9449 §7.1). As for
/// the times, this has to be asked each time.
///
/// # Errors
/// [`AccessTokenError::Unproven`], [`AccessTokenError::OtherKey`] or [`AccessTokenError::Unbound`].
pub fn check_confirmation(claims: &AccessTokenClaims, proven: Option<&JwkThumbprint>) -> Result<(), AccessTokenError> {
    match (&claims.cnf, proven) {
        (None, None) => Ok(()),
        (Some(bound), Some(proven)) if bound.jkt == *proven => Ok(()),
        (Some(_), Some(_)) => Err(AccessTokenError::OtherKey),
        (Some(_), None) => Err(AccessTokenError::Unproven),
        (None, Some(_)) => Err(AccessTokenError::Unbound),
    }
}

/// Whether a token is within its time. All else about a token stays as it was judged; this has to be asked each time.
///
/// # Errors
/// [`AccessTokenError::Expired`], [`AccessTokenError::FromTheFuture`] or [`AccessTokenError::NotYet`].
pub fn check_times(claims: &AccessTokenClaims, expected: &Expectation<'_>) -> Result<(), AccessTokenError> {
    let Expectation { now, tolerance, .. } = *expected;
    let (issued, expired) = (UnixTime::from_seconds(claims.iat), UnixTime::from_seconds(claims.exp));
    // "The current time MUST be before the time represented by the exp claim."
    if now - tolerance >= expired {
        return Err(AccessTokenError::Expired { here: now, issued, expired });
    }
    // Nothing forbids it, but such a token would outlive what its issuer meant.
    if now + tolerance < issued {
        return Err(AccessTokenError::FromTheFuture { here: now, issued });
    }
    // RFC 7519 §4.1.5: "the current date/time MUST be after or equal to the not-before date/time".
    match claims.nbf.map(UnixTime::from_seconds) {
        Some(begins) if now + tolerance < begins => Err(AccessTokenError::NotYet { here: now, begins }),
        _ => Ok(()),
    }
}

fn check_type(jwt: &Unverified<'_>) -> Result<(), AccessTokenError> {
    let typ = jwt.header.typ.as_deref().unwrap_or_default();
    // RFC 7515 §4.1.9: a media type, whose case does not matter and whose `application/` may be left out.
    let short = typ.split_at_checked("application/".len());
    let short = short.filter(|(tree, _)| tree.eq_ignore_ascii_case("application/")).map_or(typ, |(_, name)| name);
    if short.eq_ignore_ascii_case(TYP) { Ok(()) } else { Err(AccessTokenError::Type) }
}

fn check_issuer(claims: &AccessTokenClaims, expected: &Expectation<'_>) -> Result<(), AccessTokenError> {
    if claims.iss == *expected.issuer { Ok(()) } else { Err(AccessTokenError::Issuer) }
}

fn check_audience(claims: &AccessTokenClaims, expected: &Expectation<'_>) -> Result<(), AccessTokenError> {
    if claims.aud.contains(expected.audience) { Ok(()) } else { Err(AccessTokenError::Audience) }
}

/// Why an access token is not accepted. The texts are for whoever presented it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// Not a JWT, or not with the claims an access token must have.
    #[error("The access token provided cannot be read: {0}.")]
    Jwt(#[from] JwtError),
    /// `typ` is another, as it is in an ID token.
    #[error("The token provided is not an access token.")]
    Type,
    /// `iss`.
    #[error("The access token provided is from another issuer.")]
    Issuer,
    /// `aud`.
    #[error("The access token provided is for another API.")]
    Audience,
    /// `alg`.
    #[error("The access token provided is signed with an algorithm that is not accepted.")]
    Algorithm,
    /// No key to check the signature with: it is unknown, or withdrawn.
    #[error("The access token provided is signed with a key that its issuer does not publish.")]
    Key(#[from] KeyChoiceError),
    /// The signature.
    #[error("The access token provided has a wrong signature.")]
    Signature,
    /// `exp`.
    #[error("The access token provided has expired.")]
    Expired {
        /// This server's clock.
        here: UnixTime,
        /// `iat`, by the issuer's clock.
        issued: UnixTime,
        /// `exp`, by the issuer's clock.
        expired: UnixTime,
    },
    /// `iat` is still to come here.
    #[error(
        "The access token provided is used too early: this server's clock says {here}, and by the issuer's clock it was issued at {issued}; one of the two clocks is wrong."
    )]
    FromTheFuture {
        /// This server's clock.
        here: UnixTime,
        /// `iat`, by the issuer's clock.
        issued: UnixTime,
    },
    /// `nbf`.
    #[error("The access token provided is good from {begins} on, and this server's clock says {here}.")]
    NotYet {
        /// This server's clock.
        here: UnixTime,
        /// `nbf`, by the issuer's clock.
        begins: UnixTime,
    },
    /// `cnf`: it is bound to a key, and came without a proof.
    #[error("The access token provided is bound to a key: present it as DPoP, with a proof.")]
    Unproven,
    /// `cnf`: it is bound to another key than that of the proof.
    #[error("The access token provided is bound to another key than that of the DPoP proof.")]
    OtherKey,
    /// It came with a proof, and is bound to no key.
    #[error("The access token provided is bound to no key: present it as Bearer.")]
    Unbound,
    /// Taken back before its time.
    #[error("The access token provided has been revoked.")]
    Revoked,
}

impl From<&AccessTokenError> for OAuthError {
    /// RFC 6750 §3.1: one code for all that can be wrong with a token.
    fn from(error: &AccessTokenError) -> Self {
        Self::new(ErrorCode::InvalidToken, error.to_string())
    }
}

#[cfg(test)]
mod tests;

//! Logout tokens, by which an issuer tells an application that a session is over (Back-Channel Logout 1.0): what they say, and
//! whether one counts. For servers: a page has no address that an issuer could post to.

use serde::Deserialize;
use serde_json::Value;

use super::id_token::{Audience, Expectation};
use super::jwk::{JwkSet, KeyChoiceError};
use super::jwt::{Algorithm, CryptoUnavailable, JwtError, SignatureVerifier, Unverified};
use super::names::{Issuer, Subject};
use super::userinfo::Claims;
use crate::time::UnixTime;

/// `typ` in the header of a logout token (§2.4).
pub const TYP: &str = "logout+jwt";

/// The member of `events` that says what happened (§2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token (§2.4), without its event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LogoutTokenClaims {
    /// Who says so.
    pub iss: Issuer,
    /// Who is told.
    pub aud: Audience,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// Unique to this token.
    pub jti: String,
    /// Whose session is over; every one of theirs where `sid` is missing.
    pub sub: Option<Subject>,
    /// Which session of the issuer's is over, as ID tokens name it.
    pub sid: Option<String>,
}

/// Validates a logout token, signature included: the rules of §2.6, one step each, in the specification's order. What `expected`
/// says of issuer, client, algorithms and time counts, and nothing else of it: a logout token answers no request.
///
/// That its `jti` did not come before (step 8) is for whoever remembers those.
///
/// # Errors
/// The first rule that does not hold. [`LogoutTokenError::Key`] with [`KeyChoiceError::Unknown`] means: fetch the key set once more
/// and try again.
pub async fn validate(
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
    let all: Claims = jwt.claims()?;
    // 6. It says that this is a logout.
    if !all.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err(LogoutTokenError::Event);
    }
    // 7. An ID token that was made to look like one.
    if all.contains_key("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    Ok(claims)
}

/// §2.4 recommends a type, and §4.1 leaves it to older issuers to have none. One of another kind of token is refused.
fn check_type(jwt: &Unverified<'_>) -> Result<(), LogoutTokenError> {
    let typ = jwt.header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "jwt" | TYP => Ok(()),
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// Not a JWT, or not with the claims a logout token must have.
    #[error("the logout token cannot be read: {0}")]
    Jwt(#[from] JwtError),
    /// `typ` is that of another token.
    #[error("the token is of another type than a logout token")]
    Type,
    /// `alg`.
    #[error("the logout token is signed with an algorithm that is not accepted")]
    Algorithm,
    /// No key to check the signature with.
    #[error("the logout token's signature cannot be checked: {0}")]
    Key(#[from] KeyChoiceError),
    /// Nothing to check the signature with.
    #[error("the logout token's signature cannot be checked: {0}")]
    Crypto(#[from] CryptoUnavailable),
    /// The signature.
    #[error("the logout token's signature is wrong")]
    Signature,
    /// `iss`.
    #[error("the logout token is from another issuer")]
    Issuer,
    /// `aud`.
    #[error("the logout token is for another client")]
    Audience,
    /// `exp`.
    #[error("the logout token has expired")]
    Expired,
    /// `iat`.
    #[error("the logout token was issued in the future, by the clock here")]
    FromTheFuture,
    /// `sub` and `sid`.
    #[error("the logout token has neither sub nor sid")]
    Nobody,
    /// `events`.
    #[error("the logout token has not the event of a logout")]
    Event,
    /// `nonce`.
    #[error("the logout token has a nonce")]
    Nonce,
    /// `jti`; for whoever remembers those.
    #[error("the logout token came before (jti)")]
    Repeated,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::protocol::id_token::tests::{HashVerifier, ready, signed};
    use crate::protocol::jwt::Header;
    use crate::protocol::names::ClientId;

    fn claims() -> Value {
        json!({
            "iss": "https://issuer.example/", "sub": "tess", "aud": "app", "iat": 1000, "exp": 1120, "jti": "j", "sid": "s",
            "events": { EVENT: {} },
        })
    }

    fn header(typ: Option<&str>) -> Header {
        Header { alg: "ES256".into(), kid: None, typ: typ.map(str::to_owned), crit: None }
    }

    fn judge(token: &str) -> Result<LogoutTokenClaims, LogoutTokenError> {
        let keys = JwkSet::parse(br#"{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y"}]}"#).unwrap();
        let expected = Expectation {
            issuer: &Issuer::new("https://issuer.example/"),
            client_id: &ClientId::new("app"),
            nonce: None,
            algorithms: &[Algorithm::Es256],
            max_age: None,
            access_token: None,
            code: None,
            front_channel: false,
            renews: None,
            now: UnixTime::from_seconds(1000),
            tolerance: Duration::from_secs(60),
        };
        ready(validate(token, &keys, &HashVerifier, &expected))
    }

    #[test]
    fn one_counts_with_a_person_or_a_session_whatever_its_case_of_type() {
        for typ in [None, Some("JWT"), Some("logout+jwt"), Some("application/Logout+JWT")] {
            assert_eq!(judge(&signed(&header(typ), &claims())).unwrap().sid.as_deref(), Some("s"), "{typ:?}");
        }
        for name in ["sub", "sid"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            judge(&signed(&header(Some(TYP)), &without)).unwrap();
        }
    }

    #[test]
    fn each_rule_refuses() {
        use LogoutTokenError as Error;
        let changed: [(&str, Value, Error); 10] = [
            ("iss", json!("https://other.example/"), Error::Issuer),
            ("aud", json!("other"), Error::Audience),
            ("aud", json!(["app", "other"]), Error::Audience),
            ("aud", json!([]), Error::Audience),
            ("exp", json!(940), Error::Expired),
            ("iat", json!(1061), Error::FromTheFuture),
            ("events", json!({}), Error::Event),
            ("events", json!({ EVENT: true }), Error::Event),
            ("nonce", json!("n"), Error::Nonce),
            ("nonce", Value::Null, Error::Nonce),
        ];
        for (name, value, expected) in changed {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(judge(&signed(&header(Some(TYP)), &claims)), Err(expected), "{name}");
        }
        let mut nobody = claims();
        nobody.as_object_mut().unwrap().retain(|name, _| !["sub", "sid"].contains(&name.as_str()));
        assert_eq!(judge(&signed(&header(Some(TYP)), &nobody)), Err(Error::Nobody));
        let good = signed(&header(Some(TYP)), &claims());
        let (signing_input, _) = good.rsplit_once('.').unwrap();
        assert_eq!(judge(&format!("{signing_input}.AAAA")), Err(Error::Signature));
        assert_eq!(judge(&signed(&header(Some("at+jwt")), &claims())), Err(Error::Type));
        for alg in ["none", "HS256", "RS256"] {
            assert_eq!(judge(&signed(&Header { alg: alg.into(), ..header(None) }, &claims())), Err(Error::Algorithm));
        }
        for name in ["iss", "aud", "iat", "exp", "jti"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            assert!(matches!(judge(&signed(&header(None), &without)), Err(Error::Jwt(_))), "{name}");
        }
        assert!(matches!(judge("a.b"), Err(Error::Jwt(_))));
    }
}

//! DPoP (RFC 9449): a proof, by which a sender shows that a token is its own, and whether it counts.
//!
//! A token that is bound to a key ([`Confirmation`]) is worth nothing to who has not that key. A client has what [`signing_input`]
//! says signed by it. [`validate`] judges a proof by itself; whether it is by the key that a token is bound to is judged with the
//! token ([`access_token::judge`](super::access_token::judge)), and [`SeenProofs`] knows whether it came before.

mod confirmation;
mod request;
mod seen;
mod target_uri;
mod thumbprint;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::json;
use super::jwk::Jwk;
use super::jwt::{Algorithm, CryptoUnavailable, JwtError, SignatureVerifier, Unverified};
use super::names::AccessToken;
use crate::time::UnixTime;

pub use confirmation::Confirmation;
pub use request::{PublicKey, Request, signing_input};
pub use seen::SeenProofs;
pub use target_uri::TargetUri;
pub use thumbprint::JwkThumbprint;

/// The header field in which a proof travels (§4.1).
pub const HEADER: &str = "DPoP";

/// The header field in which a server gives out nonces (§8).
pub const NONCE_HEADER: &str = "DPoP-Nonce";

/// `typ` in the header of a proof (§4.2).
pub const TYP: &str = "dpop+jwt";

/// The `token_type` of a token that is bound to a key (§5), and the scheme by which one is presented (§7.1).
pub const TOKEN_TYPE: &str = "DPoP";

/// The signature algorithms to accept: what browsers can sign with, at the strength of the access tokens themselves. Each costs
/// a server little to check.
pub const ALGORITHMS: [Algorithm; 4] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256];

/// How far `iat` may be from a server's clock, to either side. A proof is good at one address for one request (§11.1), so what a
/// minute gives to a thief is little; and browsers run on machines whose clocks nobody looks after, ahead as often as behind.
pub const TOLERANCE: Duration = Duration::from_secs(60);

/// The longest proof that is looked at, in bytes: an RSA key of 8192 bits and its signature take less than half.
pub const LONGEST: usize = 8 * 1024;

/// The longest `jti`, in bytes (§11.1).
pub const LONGEST_JTI: usize = 256;

/// What a proof must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The address of the request. Several where a server goes by several names: any will do.
    pub uris: &'a [TargetUri],
    /// The signature algorithms to accept.
    pub algorithms: &'a [Algorithm],
    /// The access token that came along; none at the token endpoint.
    pub access_token: Option<&'a AccessToken>,
    /// The nonces of which the proof must have one, if this server asks for that (§8).
    pub nonces: Option<&'a [String]>,
    /// This server's clock.
    pub now: UnixTime,
    /// How far `iat` may be from it, to either side.
    pub tolerance: Duration,
}

/// A proof that counts, unless it came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose it is.
    pub thumbprint: JwkThumbprint,
    id: [u8; 16],
}

/// The claims of a proof (§4.2).
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

json::members!(Claims { jti: required, htm: required, htu: required, iat: required, ath: optional, nonce: optional });

/// Validates a proof, signature included: the rules of §4.3, one step each, in the specification's order. That a request has
/// one alone (step 1) is for whoever has the request.
///
/// # Errors
/// The first rule that does not hold.
pub async fn validate(
    proof: &str,
    verifier: &impl SignatureVerifier,
    expected: &Expectation<'_>,
) -> Result<Proof, ProofError> {
    if proof.len() > LONGEST {
        return Err(ProofError::TooLong);
    }
    // 2 and 3. A JWT with all that a proof must say.
    let jwt = Unverified::parse(proof)?;
    let claims: Claims = jwt.claims()?;
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err(ProofError::Jti);
    }
    // 4.
    check_type(&jwt)?;
    // 5. The algorithm comes from the list, on which there is neither `none` nor a MAC.
    let algorithm = Algorithm::from_name(&jwt.header.alg)
        .filter(|algorithm| expected.algorithms.contains(algorithm))
        .ok_or(ProofError::Algorithm)?;
    // 7 before 6: who sends a private key has none any more.
    let key = key(proof, algorithm)?;
    let thumbprint = JwkThumbprint::of(&key).ok_or(ProofError::Key)?;
    if !verifier.verify(algorithm, &key, jwt.signing_input, &jwt.signature).await? {
        return Err(ProofError::Signature);
    }
    // 8.
    if claims.htm != expected.method {
        return Err(ProofError::Method);
    }
    // 9.
    let uri = TargetUri::parse(&claims.htu).ok();
    if !uri.is_some_and(|uri| expected.uris.contains(&uri)) {
        return Err(ProofError::Uri { here: expected.uris.first().cloned() });
    }
    // 10 and 11. A nonce is of this server's own time, so with one it does not matter what the sender's clock says.
    match expected.nonces {
        Some(nonces) if claims.nonce.is_some_and(|nonce| nonces.contains(&nonce)) => {}
        Some(_) => return Err(ProofError::Nonce),
        None => check_time(claims.iat, expected)?,
    }
    // 12. Whether the token is bound to this key is judged with the token.
    if let Some(token) = expected.access_token
        && claims.ath.as_deref() != Some(hash(token).as_str())
    {
        return Err(ProofError::AccessToken);
    }
    let id = id(&thumbprint, &claims.jti);
    Ok(Proof { thumbprint, id })
}

/// `ath`: what a proof says of the access token that it goes with (§4.2).
pub fn hash(token: &AccessToken) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.secret().as_bytes()))
}

fn check_type(jwt: &Unverified<'_>) -> Result<(), ProofError> {
    let typ = jwt.header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    // RFC 7515 §4.1.9: `application/` may be left out.
    if typ.strip_prefix("application/").unwrap_or(&typ) == TYP { Ok(()) } else { Err(ProofError::Type) }
}

/// The public key in the header (§4.2).
fn key(proof: &str, algorithm: Algorithm) -> Result<Jwk, ProofError> {
    /// What a private or a symmetric key has (RFC 7518 §6).
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let header = proof.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok()).unwrap_or_default();
    let mut header: Value = json::read(&header).map_err(|_| JwtError::Header)?;
    let key = header.get_mut("jwk").map(Value::take).ok_or(ProofError::Key)?;
    if PRIVATE.iter().any(|name| key.get(name).is_some()) {
        return Err(ProofError::PrivateKey);
    }
    serde_json::from_value(key).ok().filter(|key: &Jwk| key.fits(algorithm)).ok_or(ProofError::Key)
}

fn check_time(iat: i64, expected: &Expectation<'_>) -> Result<(), ProofError> {
    let (here, issued) = (expected.now, UnixTime::from_seconds(iat));
    if here.since(issued).max(issued.since(here)) > expected.tolerance {
        return Err(ProofError::Time { here, issued });
    }
    Ok(())
}

fn id(thumbprint: &JwkThumbprint, jti: &str) -> [u8; 16] {
    // A thumbprint has one length, so nothing else reads like the two together.
    let hash = Sha256::new().chain_update(thumbprint.as_str()).chain_update(jti).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

/// Why a proof does not count. The texts are for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than [`LONGEST`] bytes.
    #[error("the DPoP proof is longer than {LONGEST} bytes")]
    TooLong,
    /// Not a JWT, or not with the claims a proof must have.
    #[error("the DPoP proof cannot be read: {0}")]
    Jwt(#[from] JwtError),
    /// `jti` is empty, or longer than [`LONGEST_JTI`] bytes.
    #[error("jti of the DPoP proof must have 1 to {LONGEST_JTI} bytes")]
    Jti,
    /// `typ`.
    #[error("typ of the DPoP proof is not {TYP}")]
    Type,
    /// `alg`.
    #[error("the DPoP proof is signed with an algorithm that is not accepted")]
    Algorithm,
    /// `jwk` is missing, or is of a kind that does not go with `alg`.
    #[error("jwk of the DPoP proof is no key for its alg")]
    Key,
    /// `jwk` has a private part.
    #[error("jwk of the DPoP proof has a private part: make another key, this one is known now")]
    PrivateKey,
    /// Nothing to check the signature with.
    #[error("the signature of the DPoP proof cannot be checked: {0}")]
    Crypto(#[from] CryptoUnavailable),
    /// The signature.
    #[error("the DPoP proof has a wrong signature")]
    Signature,
    /// `htm`.
    #[error("htm of the DPoP proof is not the method of this request")]
    Method,
    /// `htu`.
    #[error("htu of the DPoP proof is not the address of this request{}", named(here.as_ref()))]
    Uri {
        /// The address, as it is known here.
        here: Option<TargetUri>,
    },
    /// `nonce` is missing, or is not one that counts now: the answer brings one that does (§8).
    #[error("the DPoP proof needs the nonce of this server")]
    Nonce,
    /// `iat`.
    #[error(
        "the DPoP proof is of {issued}, and this server's clock says {here}: it is too old, or one of the two clocks is wrong"
    )]
    Time {
        /// This server's clock.
        here: UnixTime,
        /// `iat`.
        issued: UnixTime,
    },
    /// `ath` is missing, or that of another token.
    #[error("ath of the DPoP proof is missing, or not the hash of the access token")]
    AccessToken,
    /// There is none, or several; for whoever has the request.
    #[error("one DPoP proof is needed, in one header")]
    NotOne,
    /// `jti`; for whoever remembers those.
    #[error("the DPoP proof came before (jti)")]
    Repeated,
}

fn named(here: Option<&TargetUri>) -> String {
    here.map(|here| format!(", {here}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;

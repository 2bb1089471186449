//! DPoP (RFC 9449): which key the sender of a request has shown to have, nonces of this issuer's, and what is answered to a proof
//! that does not count.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::dpop::{self, Expectation, JwkThumbprint, Proof, ProofError, SeenProofs, TargetUri};
use evergrant_core::protocol::{AccessToken, ErrorCode};
use evergrant_core::time::UnixTime;
use evergrant_native::AwsLc;

use crate::provider::Provider;
use crate::web::oauth_refusal::OAuthRefusal;

/// The header with the proof (§4.1).
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The header with a nonce for the next proof (§8.1).
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A nonce counts until the end of the period after its own: for one to two minutes.
const NONCE_PERIOD: Duration = Duration::from_secs(60);

/// The most proofs that are remembered, in less than 10 MB: at least the last 100,000.
const MOST_PROOFS: usize = 200_000;

/// As long as a proof can come again: with a nonce, of which the next period's counts as well, for three periods; and by its `iat`
/// for less.
const PROOFS_LAST: Duration = Duration::from_secs(3 * NONCE_PERIOD.as_secs());

/// What this process remembers of proofs. Another issuer on the same database does not know of them.
pub(crate) struct Proofs(Mutex<SeenProofs>);

impl Default for Proofs {
    fn default() -> Self {
        Self(Mutex::new(SeenProofs::with_room_for(MOST_PROOFS, PROOFS_LAST)))
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proofs")
    }
}

impl Proofs {
    fn are_without(&self, proof: &Proof, now: UnixTime) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_first(proof, now)
    }
}

/// What a proof at the token endpoint shows; `None` where the request has none.
///
/// # Errors
/// `invalid_dpop_proof` (§5), and `use_dpop_nonce` (§8) where the configuration asks for nonces.
pub(crate) async fn at_the_token_endpoint(
    provider: &Provider,
    headers: &HeaderMap,
    now: UnixTime,
) -> Result<Option<JwkThumbprint>, OAuthRefusal> {
    if !headers.contains_key(PROOF) {
        return Ok(None);
    }
    let nonces = provider.config.dpop_nonce.then(|| nonces(provider, now));
    let request = Request { method: "POST", path: "oauth/token", access_token: None, nonces: nonces.as_deref() };
    let judged = judge(provider, headers, request, now).await;
    judged.map(Some).map_err(|error| OAuthRefusal::new(code(&error), &error.to_string()))
}

/// What a proof shows that came with an access token, to the protected resource at `path` (§7.1).
///
/// # Errors
/// `invalid_dpop_proof`, with a challenge.
pub(crate) async fn at_a_resource(
    provider: &Provider,
    headers: &HeaderMap,
    (method, path): (&str, &str),
    access_token: &AccessToken,
    now: UnixTime,
) -> Result<JwkThumbprint, OAuthRefusal> {
    let request = Request { method, path, access_token: Some(access_token), nonces: None };
    let judged = judge(provider, headers, request, now).await;
    judged.map_err(|error| OAuthRefusal::dpop(code(&error), &error.to_string()))
}

/// The refusal of a request that has no proof and needs one.
pub(crate) fn missing(description: &str) -> OAuthRefusal {
    OAuthRefusal::new(ErrorCode::InvalidDpopProof, description)
}

/// A nonce for the next proof; `None` where the configuration asks for none.
pub(crate) fn next_nonce(provider: &Provider, now: UnixTime) -> Option<HeaderValue> {
    let nonces = provider.config.dpop_nonce.then(|| nonces(provider, now));
    HeaderValue::try_from(nonces?.into_iter().next()?).ok()
}

struct Request<'a> {
    method: &'a str,
    path: &'a str,
    access_token: Option<&'a AccessToken>,
    nonces: Option<&'a [String]>,
}

async fn judge(
    provider: &Provider,
    headers: &HeaderMap,
    request: Request<'_>,
    now: UnixTime,
) -> Result<JwkThumbprint, ProofError> {
    let mut given = headers.get_all(PROOF).iter();
    let (Some(proof), None) = (given.next(), given.next()) else {
        // §4.3, step 1.
        return Err(ProofError::NotOne);
    };
    let uri = TargetUri::parse(&provider.config.endpoint(request.path)).ok();
    let expected = Expectation {
        method: request.method,
        uris: uri.as_slice(),
        algorithms: &dpop::ALGORITHMS,
        access_token: request.access_token,
        nonces: request.nonces,
        now,
        tolerance: dpop::TOLERANCE,
    };
    let proof = dpop::validate(proof.to_str().unwrap_or_default(), &AwsLc, &expected).await?;
    if !provider.proofs.are_without(&proof, now) {
        return Err(ProofError::Repeated);
    }
    Ok(proof.thumbprint)
}

fn code(error: &ProofError) -> ErrorCode {
    match error {
        ProofError::Nonce => ErrorCode::UseDpopNonce,
        _ => ErrorCode::InvalidDpopProof,
    }
}

/// Those that count at `now`, the one to give out first. Nothing is stored: they follow from the time and the signing keys, so that
/// issuers on one database know each other's.
fn nonces(provider: &Provider, now: UnixTime) -> Vec<String> {
    let period = now.as_seconds().div_euclid(NONCE_PERIOD.as_secs().cast_signed());
    // The next one is that of an issuer whose clock is ahead.
    let periods = [period, period - 1, period + 1];
    let of = |key: &hmac::Key| periods.map(|period| nonce(key, period));
    // The oldest key gives them out: every issuer knows that one.
    provider.keys.nonce_keys(|keys| keys.iter().rev().flat_map(of).collect())
}

fn nonce(key: &hmac::Key, period: i64) -> String {
    URL_SAFE_NO_PAD.encode(&hmac::sign(key, &period.to_be_bytes()).as_ref()[..16])
}

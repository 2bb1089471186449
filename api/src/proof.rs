//! DPoP proofs (RFC 9449): to which address a request came, and which proofs came before.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::OriginalUri;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use evergrant_core::protocol::dpop::{Proof, ProofError, SeenProofs, TOLERANCE, TargetUri};
use evergrant_core::time::UnixTime;
use evergrant_server::Origin;

/// The header with the proof (§4.1).
const PROOF: &str = "dpop";

/// The most proofs that are remembered, in less than 10 MB: at least the last 100,000.
const MOST: usize = 200_000;

/// As long as a proof can come again: from a clock that is ahead until it is too old.
const LAST: Duration = Duration::from_secs(2 * TOLERANCE.as_secs());

/// The proofs that this process has seen.
pub(crate) struct Proofs(Mutex<SeenProofs>);

impl Default for Proofs {
    fn default() -> Self {
        Self(Mutex::new(SeenProofs::with_room_for(MOST, LAST)))
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proofs")
    }
}

impl Proofs {
    /// Notes a proof.
    ///
    /// # Errors
    /// [`ProofError::Repeated`].
    pub(crate) fn note(&self, proof: &Proof, now: UnixTime) -> Result<(), ProofError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_first(proof, now) { Ok(()) } else { Err(ProofError::Repeated) }
    }
}

/// The proof of a request (§4.3, step 1).
pub(crate) fn presented(headers: &HeaderMap) -> Result<&str, ProofError> {
    let mut given = headers.get_all(PROOF).iter();
    match (given.next().map(|proof| proof.to_str()), given.next()) {
        (Some(Ok(proof)), None) => Ok(proof),
        _ => Err(ProofError::NotOne),
    }
}

/// The address of a request: at the origins that are configured, or else at the host that it names, with TLS in front or not.
pub(crate) fn addresses(parts: &Parts, origins: &[Origin]) -> Vec<TargetUri> {
    // Where routers are nested, each takes its part away from the other one.
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    let at = |origin: &dyn fmt::Display| TargetUri::parse(&format!("{origin}{}", uri.path())).ok();
    if !origins.is_empty() {
        return origins.iter().filter_map(|origin| at(&origin.as_str())).collect();
    }
    let in_header = || parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = uri.authority().map(|authority| authority.as_str()).or_else(in_header) else { return Vec::new() };
    ["https", "http"].iter().filter_map(|scheme| at(&format_args!("{scheme}://{host}"))).collect()
}

//! A sign-in on its way, remembered by the browser alone: nobody can fill this server's memory by beginning sign-ins.
//!
//! The cookie holds one secret, and when it was made. State, nonce and PKCE verifier are derived from the secret, each by
//! a hash of its own, so that the state, which is in addresses, tells nothing of the others.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::authorize::Entropy;
use evergrant_core::time::UnixTime;
use sha2::{Digest as _, Sha256};

/// How long a person may take at the issuer.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What the browser remembers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PendingSignIn {
    secret: [u8; 32],
    pub(crate) begun_at: UnixTime,
}

impl PendingSignIn {
    /// From fresh randomness.
    pub(crate) fn new(secret: [u8; 32], begun_at: UnixTime) -> Self {
        Self { secret, begun_at }
    }

    /// What the authorization request is made of: the same whenever it is asked.
    pub(crate) fn entropy(&self) -> Entropy {
        ["state", "nonce", "code_verifier"].map(|purpose| {
            let hash = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(self.secret);
            hash.finalize().into()
        })
    }

    /// As a cookie's value.
    pub(crate) fn to_text(&self) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(self.secret), self.begun_at.as_millis())
    }

    /// From a cookie's value; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (secret, begun_at) = text.split_once('.')?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        Some(Self { secret, begun_at: UnixTime::from_millis(begun_at.parse().ok()?) })
    }

    /// Whether the person took longer than [`LIFETIME`].
    pub(crate) fn is_stale(&self, now: UnixTime) -> bool {
        now.since(self.begun_at) > LIFETIME
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const THEN: UnixTime = UnixTime::from_seconds(1000);

    #[test]
    fn a_sign_in_survives_the_way_to_the_issuer_and_back() {
        let pending = PendingSignIn::new([7; 32], THEN);
        assert!(PendingSignIn::parse(&pending.to_text()).unwrap() == pending);
        for odd in ["", ".", "x.1000", "AAAA.1000", "no dot"] {
            assert!(PendingSignIn::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn what_is_derived_differs_by_purpose_and_by_sign_in() {
        let [state, nonce, verifier] = PendingSignIn::new([7; 32], THEN).entropy();
        assert!(state != nonce && nonce != verifier && state != verifier);
        assert_ne!(state, PendingSignIn::new([8; 32], THEN).entropy()[0]);
    }

    #[test]
    fn a_sign_in_goes_stale() {
        let pending = PendingSignIn::new([7; 32], THEN);
        assert!(!pending.is_stale(THEN + LIFETIME));
        assert!(pending.is_stale(THEN + LIFETIME + Duration::from_millis(1)));
    }
}

//! Randomness, and hashes of what opens something.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// 256 bits of fresh randomness.
///
/// # Errors
/// When the operating system gives none.
pub(crate) fn entropy() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh secret that can stand in a cookie or a form.
///
/// # Errors
/// When the operating system gives no randomness.
pub(crate) fn secret_text() -> Result<String, getrandom::Error> {
    Ok(URL_SAFE_NO_PAD.encode(entropy()?))
}

/// A secret in a form that opens nothing, to look it up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a text of high entropy.
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

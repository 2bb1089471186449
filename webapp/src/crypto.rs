//! Native cryptography: signatures, randomness, and hashes of what opens something.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::{Algorithm, CryptoUnavailable, SignatureVerifier};
use sha2::{Digest as _, Sha256};

/// Checks signatures with aws-lc-rs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NativeCrypto;

impl SignatureVerifier for NativeCrypto {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoUnavailable> {
        Ok(is_signed(algorithm, key, message, signature).unwrap_or(false))
    }
}

/// `None` for a key that lacks what its type needs: its signature is not good.
fn is_signed(algorithm: Algorithm, key: &Jwk, message: &[u8], signature: &[u8]) -> Option<bool> {
    let member = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
    let rsa_padding = match algorithm {
        Algorithm::Es256 => {
            // An uncompressed point: 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
            let point = [vec![4], member(&key.x)?, member(&key.y)?].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            return Some(key.verify(message, signature).is_ok());
        }
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
    };
    let key = RsaPublicKeyComponents { n: member(&key.n)?, e: member(&key.e)? };
    Some(key.verify(rsa_padding, message, signature).is_ok())
}

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

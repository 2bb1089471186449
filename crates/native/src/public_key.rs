//! Public keys, and the signatures that they verify.

use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::{Algorithm, CryptoUnavailable, Hash, SignatureVerifier};

/// A key made ready once, so that checking a signature is nothing else.
pub struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// A published key, for use with one algorithm; `None` where it is of another kind, or lacks what its kind needs (RFC
    /// 7518 §6), or is weaker than RSA with 2048 bits.
    pub fn new(key: &Jwk, algorithm: Algorithm) -> Option<Self> {
        if !key.fits(algorithm) {
            return None;
        }
        let member = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
        // An uncompressed point: 4, then x and y as long as the field (SEC 1 §2.3.3).
        let point = || Some([vec![4], member(&key.x)?, member(&key.y)?].concat());
        let rsa_padding = match algorithm {
            Algorithm::Es256 => return ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point()?).ok().map(Self),
            Algorithm::Es384 => return ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point()?).ok().map(Self),
            Algorithm::Es512 => return ParsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point()?).ok().map(Self),
            Algorithm::EdDsa => return ParsedPublicKey::new(&ED25519, member(&key.x)?).ok().map(Self),
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        };
        let components = RsaPublicKeyComponents { n: member(&key.n)?, e: member(&key.e)? };
        components.to_parsed_public_key(rsa_padding).ok().map(Self)
    }

    /// Whether `signature` was made for `message` by the owner of this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PublicKey")
    }
}

/// Checks signatures with aws-lc-rs, for whoever meets a key once.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl SignatureVerifier for AwsLc {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoUnavailable> {
        // A key that cannot be used verifies nothing.
        Ok(PublicKey::new(key, algorithm).is_some_and(|key| key.verifies(message, signature)))
    }

    async fn digest(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CryptoUnavailable> {
        let algorithm = match hash {
            Hash::Sha256 => &SHA256,
            Hash::Sha384 => &SHA384,
            Hash::Sha512 => &SHA512,
        };
        Ok(digest(algorithm, message).as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// The example of RFC 7515 Appendix A.3.
    const MESSAGE: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn key() -> Jwk {
        serde_json::from_value(json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }))
        .unwrap()
    }

    #[test]
    fn a_signature_is_good_for_its_message_alone() {
        let (key, signature) = (PublicKey::new(&key(), Algorithm::Es256).unwrap(), URL_SAFE_NO_PAD.decode(SIGNATURE));
        let signature = signature.unwrap();
        assert!(key.verifies(MESSAGE, &signature));
        assert!(!key.verifies(&MESSAGE[1..], &signature));
        assert!(!key.verifies(MESSAGE, &signature[1..]));
    }

    #[test]
    fn a_key_is_ready_for_its_own_kind_alone() {
        assert!(PublicKey::new(&key(), Algorithm::Rs256).is_none());
        let mut broken = key();
        broken.y = broken.x.clone();
        assert!(PublicKey::new(&broken, Algorithm::Es256).is_none(), "no point of the curve");
        broken.y = None;
        assert!(PublicKey::new(&broken, Algorithm::Es256).is_none());
    }
}

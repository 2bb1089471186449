//! One key: generated, read back, signing, verifying, and its public half as a JWK.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::time::UnixTime;
use sha2::{Digest as _, Sha256};

use super::{KeyError, KeyUse};
use crate::store::StoredKey;

/// A private key ready for use. `Debug` shows the public half alone.
pub(super) struct SigningKey {
    pair: Pair,
    public: Jwk,
    usage: KeyUse,
    created_at: UnixTime,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey {
    /// Makes a new key, in the form in which it is stored.
    pub(super) fn generate(usage: &KeyUse, now: UnixTime) -> Result<StoredKey, KeyError> {
        let made = |_| KeyError::Crypto("made");
        let (pair, pkcs8) = match usage.algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(made)?;
                let pkcs8 = pair.to_pkcs8v1().map_err(made)?.as_ref().to_vec();
                (Pair::Ecdsa(pair), pkcs8)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(made)?;
                let pkcs8 = pair.as_der().map_err(made)?.as_ref().to_vec();
                (Pair::Rsa(Box::new(pair)), pkcs8)
            }
            other => return Err(KeyError::NoKey(other)),
        };
        Ok(StoredKey {
            kid: Self::public_half(&pair).kid.unwrap_or_default(),
            algorithm: usage.algorithm,
            client_id: usage.client_id.clone(),
            pkcs8,
            created_at: now,
        })
    }

    pub(super) fn read(stored: &StoredKey) -> Result<Self, KeyError> {
        let read = |_| KeyError::Crypto("read");
        let pair = match stored.algorithm {
            Algorithm::Es256 => {
                Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &stored.pkcs8).map_err(read)?)
            }
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(&stored.pkcs8).map_err(read)?)),
            other => return Err(KeyError::NoKey(other)),
        };
        let public = Self::public_half(&pair);
        Ok(Self { pair, public, usage: KeyUse::of_stored(stored), created_at: stored.created_at })
    }

    pub(super) fn usage(&self) -> &KeyUse {
        &self.usage
    }

    pub(super) fn created_at(&self) -> UnixTime {
        self.created_at
    }

    pub(super) fn public(&self) -> &Jwk {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let used = |_| KeyError::Crypto("used");
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => Ok(pair.sign(&random, message).map_err(used)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(used)?;
                Ok(signature)
            }
        }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.pair {
            Pair::Ecdsa(pair) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
                .verify(message, signature)
                .is_ok(),
            Pair::Rsa(pair) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(message, signature)
                .is_ok(),
        }
    }

    fn public_half(pair: &Pair) -> Jwk {
        match pair {
            Pair::Ecdsa(pair) => ec_jwk(pair),
            Pair::Rsa(pair) => rsa_jwk(pair),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

fn ec_jwk(pair: &EcdsaKeyPair) -> Jwk {
    // An uncompressed point: 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
    let point = pair.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let thumbprint = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    Jwk { crv: Some("P-256".into()), x: Some(x), y: Some(y), ..signature_jwk("EC", Algorithm::Es256, thumbprint) }
}

fn rsa_jwk(pair: &RsaKeyPair) -> Jwk {
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    let thumbprint = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
    Jwk { n: Some(n), e: Some(e), ..signature_jwk("RSA", Algorithm::Rs256, thumbprint) }
}

fn signature_jwk(kty: &str, algorithm: Algorithm, kid: String) -> Jwk {
    Jwk {
        kty: kty.into(),
        kid: Some(kid),
        usage: Some("sig".into()),
        alg: Some(algorithm.name().into()),
        crv: None,
        x: None,
        y: None,
        n: None,
        e: None,
    }
}

/// RFC 7638 §3: the hash of the required members alone, in lexicographic order, without spaces.
fn thumbprint(required_members: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(required_members.as_bytes()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_of_rfc_7638_section_3_1() {
        let members = concat!(
            r#"{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFx"#,
            "uhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qv",
            "zqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRw",
            r#"r3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#
        );
        assert_eq!(thumbprint(members), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_stored_key_signs_what_it_verifies_and_nothing_else() {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            let usage = KeyUse { algorithm, client_id: None };
            let stored = SigningKey::generate(&usage, UnixTime::default()).unwrap();
            let key = SigningKey::read(&stored).unwrap();
            assert_eq!(key.public().kid.as_deref(), Some(stored.kid.as_str()));
            let signature = key.sign(b"message").unwrap();
            assert!(key.verifies(b"message", &signature));
            assert!(!key.verifies(b"messagf", &signature));
        }
    }
}

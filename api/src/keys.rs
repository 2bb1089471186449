//! The issuer's public keys, made ready once so that checking a signature is nothing else.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::access_token::AccessTokenError;
use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{Algorithm, Unverified};

/// A key set as it was published, and its keys ready for use.
pub(crate) struct Keys {
    published: JwkSet,
    /// For each published key, its forms by algorithm.
    ready: Vec<Vec<(Algorithm, ParsedPublicKey)>>,
    /// Grows with every change.
    version: u64,
}

impl Keys {
    /// The keys of a set that was just fetched, in succession to `before`.
    pub(crate) fn succeeding(before: Option<&Self>, published: JwkSet) -> Self {
        let ready = published
            .keys
            .iter()
            .map(|key| {
                Algorithm::ALL.into_iter().filter_map(|algorithm| Some((algorithm, parse(key, algorithm)?))).collect()
            })
            .collect();
        Self { published, ready, version: before.map_or(0, |before| before.version + 1) }
    }

    /// The set as it was published.
    pub(crate) fn published(&self) -> &JwkSet {
        &self.published
    }

    /// What was verified by keys of another version has to be verified again.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Checks a signature by the key that the header asks for.
    pub(crate) fn verify(&self, jwt: &Unverified<'_>, algorithm: Algorithm) -> Result<(), AccessTokenError> {
        let position = self.published.position(&jwt.header, algorithm)?;
        let ready = self.ready[position].iter().find(|(of, _)| *of == algorithm);
        // A key that is published but cannot be used verifies nothing.
        let (_, key) = ready.ok_or(AccessTokenError::Signature)?;
        key.verify_sig(jwt.signing_input, &jwt.signature).map_err(|_| AccessTokenError::Signature)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("version", &self.version).field("published", &self.published).finish()
    }
}

fn parse(key: &Jwk, algorithm: Algorithm) -> Option<ParsedPublicKey> {
    if !key.fits(algorithm) {
        return None;
    }
    let member = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
    match algorithm {
        Algorithm::Es256 => {
            // An uncompressed point: 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
            let point = [vec![4], member(&key.x)?, member(&key.y)?].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
        }
        Algorithm::Rs256 | Algorithm::Ps256 => {
            let components = RsaPublicKeyComponents { n: member(&key.n)?, e: member(&key.e)? };
            let parameters = match algorithm {
                Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                _ => &RSA_PKCS1_2048_8192_SHA256,
            };
            components.to_parsed_public_key(parameters).ok()
        }
    }
}

//! The keys that sign tokens: made at the first start, kept in the store, published as a JWK set.

mod signing_key;

use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{self, Algorithm, Header, JwtError, Unverified};
use serde::Serialize;

use crate::config::Config;
use crate::store::{Store, StoreError};
use evergrant_core::time::UnixTime;

use signing_key::SigningKey;

/// Every key, the newest of each algorithm signing. Older ones stay published until what they signed has expired.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
}

impl KeyRing {
    /// Takes the keys from the store, first making one for each algorithm the configuration uses and the store lacks.
    ///
    /// # Errors
    /// When the store fails or a stored key cannot be used.
    pub async fn open(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Self, KeyError> {
        let stored = store.signing_keys().await?;
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            if config.uses_algorithm(algorithm) && stored.iter().all(|key| key.algorithm != algorithm) {
                store.add_first_signing_key(SigningKey::generate(algorithm, now)?).await?;
            }
        }
        let keys: Result<Vec<_>, _> = store.signing_keys().await?.iter().map(SigningKey::read).collect();
        Ok(Self { keys: keys? })
    }

    /// The public halves (RFC 7517 §5).
    pub fn public(&self) -> JwkSet {
        let keys: Vec<Jwk> = self.keys.iter().map(|key| key.public().clone()).collect();
        JwkSet { keys }
    }

    /// Signs claims as a JWT of the given `typ`.
    ///
    /// # Errors
    /// When there is no key for the algorithm, or the claims have no JSON form.
    pub fn sign(&self, algorithm: Algorithm, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let key = self.keys.iter().find(|key| key.algorithm() == algorithm).ok_or(KeyError::NoKey(algorithm))?;
        let header = Header {
            alg: algorithm.name().to_owned(),
            kid: key.public().kid.clone(),
            typ: Some(typ.to_owned()),
            crit: None,
        };
        let signing_input = jwt::signing_input(&header, claims)?;
        let signature = key.sign(signing_input.as_bytes())?;
        Ok(jwt::compact(&signing_input, &signature))
    }

    /// Takes a token apart if one of these keys signed it; its claims are still to be judged.
    pub fn verified<'a>(&self, token: &'a str) -> Option<Unverified<'a>> {
        let jwt = Unverified::parse(token).ok()?;
        let key = self.keys.iter().find(|key| key.public().kid == jwt.header.kid)?;
        let algorithm_fits = jwt.header.alg == key.algorithm().name();
        (algorithm_fits && key.verifies(jwt.signing_input, &jwt.signature)).then_some(jwt)
    }
}

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cryptographic library refused to make, read or use a key.
    #[error("a signing key cannot be {0}")]
    Crypto(&'static str),
    /// No key for what is to be signed.
    #[error("there is no signing key for {0}")]
    NoKey(Algorithm),
    /// The claims cannot be written.
    #[error(transparent)]
    Claims(#[from] JwtError),
}

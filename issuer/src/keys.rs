//! The keys that sign tokens: made at the first start, kept in the store, published as a JWK set.

mod signing_key;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::jwt::{self, Algorithm, Header, JwtError, Unverified};
use serde::Serialize;

use crate::config::Config;
use crate::store::{Store, StoreError};
use evergrant_core::time::UnixTime;

use signing_key::SigningKey;

/// A new key is published this long before it signs: longer than any issuer takes to notice it, and anybody else to ask
/// for the published keys again.
const PUBLISHED_AHEAD: Duration = Duration::from_secs(5 * 60);

/// Every key, the newest first. The newest that has been published long enough signs; older ones stay published until
/// what they signed has expired.
#[derive(Debug)]
pub struct KeyRing {
    keys: RwLock<Arc<[SigningKey]>>,
}

impl KeyRing {
    /// Takes the keys from the store, first making one for each algorithm the configuration uses and the store lacks.
    ///
    /// # Errors
    /// When the store fails or a stored key cannot be used.
    pub async fn open(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Self, KeyError> {
        let stored = store.signing_keys().await?;
        for algorithm in used_algorithms(config) {
            if stored.iter().all(|key| key.algorithm != algorithm) {
                store.add_first_signing_key(SigningKey::generate(algorithm, now)?).await?;
            }
        }
        Ok(Self { keys: RwLock::new(read_all(store).await?) })
    }

    /// Puts a new key for each algorithm in use into the store, and returns their `kid`s. Issuers notice them at their next
    /// [`KeyRing::refresh`].
    ///
    /// # Errors
    /// When the store fails or a key cannot be made.
    pub async fn rotate(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Vec<String>, KeyError> {
        let mut kids = Vec::new();
        for algorithm in used_algorithms(config) {
            let key = SigningKey::generate(algorithm, now)?;
            kids.push(key.kid.clone());
            store.add_signing_key(key).await?;
        }
        Ok(kids)
    }

    /// Notices keys that were added, and removes those that nothing in use was signed with.
    ///
    /// # Errors
    /// When the store fails or a stored key cannot be used.
    pub async fn refresh(&self, store: &dyn Store, config: &Config, now: UnixTime) -> Result<(), KeyError> {
        let mut keys = read_all(store).await?;
        let over: Vec<String> = keys.iter().filter_map(|key| is_over(key, &keys, config, now)).collect();
        for kid in &over {
            store.remove_signing_key(kid).await?;
        }
        if !over.is_empty() {
            keys = read_all(store).await?;
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The public halves (RFC 7517 §5).
    pub fn public(&self) -> JwkSet {
        JwkSet { keys: self.all().iter().map(|key| key.public().clone()).collect() }
    }

    /// Signs claims as a JWT of the given `typ`.
    ///
    /// # Errors
    /// When there is no key for the algorithm, or the claims have no JSON form.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &impl Serialize,
        now: UnixTime,
    ) -> Result<String, KeyError> {
        let keys = self.all();
        let key = signing(&keys, algorithm, now).ok_or(KeyError::NoKey(algorithm))?;
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
        let keys = self.all();
        let key = keys.iter().find(|key| key.public().kid == jwt.header.kid)?;
        let algorithm_fits = jwt.header.alg == key.algorithm().name();
        (algorithm_fits && key.verifies(jwt.signing_input, &jwt.signature)).then_some(jwt)
    }

    fn all(&self) -> Arc<[SigningKey]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn read_all(store: &dyn Store) -> Result<Arc<[SigningKey]>, KeyError> {
    store.signing_keys().await?.iter().map(SigningKey::read).collect()
}

fn used_algorithms(config: &Config) -> impl Iterator<Item = Algorithm> {
    [Algorithm::Es256, Algorithm::Rs256].into_iter().filter(|algorithm| config.uses_algorithm(*algorithm))
}

/// The newest key that has been published long enough; the very first has nobody to wait for.
fn signing(keys: &[SigningKey], algorithm: Algorithm, now: UnixTime) -> Option<&SigningKey> {
    let mut of_algorithm = keys.iter().filter(|key| key.algorithm() == algorithm);
    let published = of_algorithm.clone().find(|key| now >= key.created_at() + PUBLISHED_AHEAD);
    published.or_else(|| of_algorithm.next_back())
}

/// The `kid` of a key whose successor has been signing for longer than any token lasts.
fn is_over(key: &SigningKey, keys: &[SigningKey], config: &Config, now: UnixTime) -> Option<String> {
    let successor = signing(keys, key.algorithm(), now)?;
    let signs_since = successor.created_at() + PUBLISHED_AHEAD;
    let over = key.created_at() < successor.created_at() && now >= signs_since + config.longest_token_lifetime();
    key.public().kid.clone().filter(|_| over)
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

//! The keys that sign tokens: made when they are first needed, kept in the store, published as a JWK set. They belong to the
//! issuer as a whole, or to one client alone, whose tokens then end with it when it is withdrawn.

mod signing_key;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use evergrant_core::protocol::ClientId;
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::jwt::{self, Algorithm, Header, JwtError, Unverified};
use evergrant_core::time::UnixTime;
use serde::Serialize;

use crate::config::{Client, Config, SIGNING_ALGORITHMS};
use crate::store::{Store, StoreError, StoredKey};
use crate::web::conditional::Document;

use signing_key::SigningKey;

/// Every key, the newest first. Of those with the same use, the newest that has been published long enough signs; older ones
/// stay published until what they signed has expired.
#[derive(Debug)]
pub struct KeyRing {
    keys: RwLock<Arc<Keys>>,
    /// [`crate::config::Keys::overlap`].
    overlap: Duration,
}

#[derive(Debug)]
struct Keys {
    all: Vec<SigningKey>,
    published: Document,
    /// One for each key that is no client's own, the newest first; so below.
    nonces: Vec<hmac::Key>,
    known_browsers: Vec<hmac::Key>,
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    algorithm: Algorithm,
    /// The client whose own it is.
    client_id: Option<ClientId>,
}

impl KeyRing {
    /// Takes the keys from the store, first making those the configuration needs and the store lacks.
    ///
    /// # Errors
    /// When the store fails or a stored key cannot be used.
    pub async fn open(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Self, KeyError> {
        let stored = with_missing(store, config, now).await?;
        Ok(Self { keys: RwLock::new(Arc::new(Keys::read(&stored)?)), overlap: config.keys.overlap })
    }

    /// Puts a new key for each use into the store, and returns their `kid`s. Issuers notice them at their next
    /// [`KeyRing::refresh`].
    ///
    /// # Errors
    /// When the store fails or a key cannot be made.
    pub async fn rotate(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Vec<String>, KeyError> {
        let mut kids = Vec::new();
        for needed in needed(config) {
            let key = SigningKey::generate(&needed, now)?;
            kids.push(key.kid.clone());
            // Whatever there is: a clock that was wrong may have made keys of a day to come.
            store.add_signing_key(key, UnixTime::from_millis(i64::MAX)).await?;
        }
        Ok(kids)
    }

    /// Takes keys out of the store that must sign nothing and prove nothing any more, and returns their `kid`s. Issuers notice
    /// at their next [`KeyRing::refresh`], and make new ones where none is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw(store: &dyn Store, withdrawn: &Withdrawn) -> Result<Vec<String>, KeyError> {
        let stored = store.signing_keys().await?;
        let kids: Vec<String> = stored.into_iter().filter(|key| withdrawn.names(key)).map(|key| key.kid).collect();
        for kid in &kids {
            store.remove_signing_key(kid).await?;
        }
        Ok(kids)
    }

    /// Makes new keys where they are due, and removes those that nothing in use was signed with; both are noticed at the next
    /// [`KeyRing::refresh`].
    ///
    /// # Errors
    /// When the store fails or a key cannot be made.
    pub async fn change(store: &dyn Store, config: &Config, now: UnixTime) -> Result<(), KeyError> {
        change(store, config, now).await
    }

    /// Notices keys that were added or withdrawn, and makes those that are missing.
    ///
    /// # Errors
    /// When the store fails or a stored key cannot be used.
    pub async fn refresh(&self, store: &dyn Store, config: &Config, now: UnixTime) -> Result<(), KeyError> {
        let stored = with_missing(store, config, now).await?;
        // Reading keys takes longer than comparing their names.
        if !self.current().are(&stored) {
            let keys = Arc::new(Keys::read(&stored)?);
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    /// The public halves (RFC 7517 §5).
    pub(crate) fn published(&self) -> Document {
        self.current().published.clone()
    }

    /// Signs claims as a JWT of the given `typ`, with the client's own key where it has one.
    ///
    /// # Errors
    /// When there is no key for the algorithm, or the claims have no JSON form.
    pub fn sign(
        &self,
        client: &Client,
        algorithm: Algorithm,
        typ: &str,
        claims: &impl Serialize,
        now: UnixTime,
    ) -> Result<String, KeyError> {
        let keys = self.current();
        let needed = KeyUse::of(client, algorithm);
        let fitting = keys.all.iter().filter(|key| *key.usage() == needed);
        let key = signing(fitting, SigningKey::created_at, self.overlap, now).ok_or(KeyError::NoKey(algorithm))?;
        let header = Header {
            alg: algorithm.name().to_owned(),
            kid: key.public().kid.clone(),
            typ: Some(typ.to_owned()),
            crit: None,
        };
        let signing_input = jwt::signing_input(&header, claims)?;
        let signature = key.sign(signing_input.as_bytes())?;
        Ok(jwt::compact(signing_input, &signature))
    }

    /// Takes a token apart if one of these keys signed it; its claims are still to be judged.
    pub fn verified<'a>(&self, token: &'a str) -> Option<Unverified<'a>> {
        let jwt = Unverified::parse(token).ok()?;
        let keys = self.current();
        let key = keys.all.iter().find(|key| key.public().kid == jwt.header.kid)?;
        let algorithm_fits = jwt.header.alg == key.usage().algorithm.name();
        (algorithm_fits && key.verifies(jwt.signing_input, &jwt.signature)).then_some(jwt)
    }

    /// What nonces are made with (RFC 9449 §8), the newest first: whoever has the keys of the store can make them.
    pub(crate) fn nonce_keys<T>(&self, make: impl FnOnce(&[hmac::Key]) -> T) -> T {
        make(&self.current().nonces)
    }

    /// What the cookies of known browsers are made with, the newest first.
    pub(crate) fn known_browser_keys<T>(&self, make: impl FnOnce(&[hmac::Key]) -> T) -> T {
        make(&self.current().known_browsers)
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Which keys are to be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// Those of one client's own.
    Client(ClientId),
    /// The one of this name.
    Kid(String),
}

impl Withdrawn {
    fn names(&self, key: &StoredKey) -> bool {
        match self {
            Self::Client(client_id) => key.client_id.as_ref() == Some(client_id),
            Self::Kid(kid) => key.kid == *kid,
        }
    }
}

impl Keys {
    fn read(stored: &[StoredKey]) -> Result<Self, KeyError> {
        let all: Vec<SigningKey> = stored.iter().map(SigningKey::read).collect::<Result<_, _>>()?;
        let public = JwkSet { keys: all.iter().map(|key| key.public().clone()).collect() };
        let published = Document::json(&public).map_err(|_| KeyError::Crypto("published"))?;
        let derived = |purpose: &str| {
            let own = stored.iter().filter(|key| key.client_id.is_none());
            own.map(|key| derived_key(key, purpose)).collect()
        };
        let (nonces, known_browsers) = (derived("DPoP nonces"), derived("known browsers"));
        Ok(Self { all, published, nonces, known_browsers })
    }

    fn are(&self, stored: &[StoredKey]) -> bool {
        let kids = self.all.iter().map(|key| key.public().kid.as_deref());
        kids.eq(stored.iter().map(|key| Some(key.kid.as_str())))
    }
}

impl KeyUse {
    fn of(client: &Client, algorithm: Algorithm) -> Self {
        Self { algorithm, client_id: client.own_signing_key.then(|| client.client_id.clone()) }
    }

    fn of_stored(key: &StoredKey) -> Self {
        Self { algorithm: key.algorithm, client_id: key.client_id.clone() }
    }
}

/// Derived from a signing key, and of no use to sign anything.
fn derived_key(key: &StoredKey, purpose: &str) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key.pkcs8), purpose.as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

/// The keys in the store, after adding those that are missing. Each addition is conditional: several issuers on one store make
/// one key.
async fn with_missing(store: &dyn Store, config: &Config, now: UnixTime) -> Result<Vec<StoredKey>, KeyError> {
    let stored = store.signing_keys().await?;
    let mut missing = needed(config);
    missing.retain(|needed| stored.iter().all(|key| KeyUse::of_stored(key) != *needed));
    if missing.is_empty() {
        return Ok(stored);
    }
    for needed in missing {
        store.add_signing_key(SigningKey::generate(&needed, now)?, UnixTime::from_millis(i64::MIN)).await?;
    }
    Ok(store.signing_keys().await?)
}

/// Adds the keys that are due, each on condition that nobody else has, and removes those that are over.
async fn change(store: &dyn Store, config: &Config, now: UnixTime) -> Result<(), KeyError> {
    let stored = store.signing_keys().await?;
    if let Some(rotate_every) = config.keys.rotate_every {
        for needed in needed(config) {
            let newest = stored.iter().find(|key| KeyUse::of_stored(key) == needed).map(|key| key.created_at);
            if let Some(made) = newest.filter(|made| now >= *made + rotate_every) {
                store.add_signing_key(SigningKey::generate(&needed, now)?, made).await?;
            }
        }
    }
    for over in stored.iter().filter(|key| is_over(key, &stored, config, now)) {
        store.remove_signing_key(&over.kid).await?;
    }
    Ok(())
}

/// Every use the configuration has for a key.
fn needed(config: &Config) -> Vec<KeyUse> {
    let shared = SIGNING_ALGORITHMS.into_iter().filter(|algorithm| config.uses_algorithm(*algorithm));
    let mut needed: Vec<KeyUse> = shared.map(|algorithm| KeyUse { algorithm, client_id: None }).collect();
    for client in config.clients.iter().filter(|client| client.own_signing_key) {
        let own = SIGNING_ALGORITHMS.into_iter().filter(|algorithm| config.signs_for(client, *algorithm));
        needed.extend(own.map(|algorithm| KeyUse::of(client, algorithm)));
    }
    needed
}

/// Of keys for the same use, the newest first: the newest that has been published long enough, or the oldest, which nobody
/// can be waiting for.
fn signing<'a, Key>(
    mut newest_first: impl DoubleEndedIterator<Item = &'a Key> + Clone,
    created_at: impl Fn(&Key) -> UnixTime,
    overlap: Duration,
    now: UnixTime,
) -> Option<&'a Key> {
    let published = newest_first.clone().find(|key| now >= created_at(key) + overlap);
    published.or_else(|| newest_first.next_back())
}

/// Whether a key's successor took its place longer ago than any token lasts, whatever came after that one.
fn is_over(key: &StoredKey, all: &[StoredKey], config: &Config, now: UnixTime) -> bool {
    let same_use = all.iter().filter(|other| KeyUse::of_stored(other) == KeyUse::of_stored(key));
    let successor = same_use.map(|other| other.created_at).filter(|created_at| *created_at > key.created_at).min();
    successor.is_some_and(|created_at| now >= created_at + config.keys.overlap + config.longest_token_lifetime())
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

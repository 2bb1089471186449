//! The issuer's public keys, made ready once so that checking a signature is nothing else.

use std::fmt;

use evergrant_core::protocol::access_token::AccessTokenError;
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::jwt::{Algorithm, Unverified};
use evergrant_native::PublicKey;

/// A key set as it was published, and its keys ready for use.
pub(crate) struct Keys {
    published: JwkSet,
    /// For each published key, its forms by algorithm.
    ready: Vec<Vec<(Algorithm, PublicKey)>>,
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
                Algorithm::ALL
                    .into_iter()
                    .filter_map(|algorithm| Some((algorithm, PublicKey::new(key, algorithm)?)))
                    .collect()
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
        key.verifies(jwt.signing_input, &jwt.signature).then_some(()).ok_or(AccessTokenError::Signature)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("version", &self.version).field("published", &self.published).finish()
    }
}

//! Secrets the issuer invents (codes, session ids, form tokens) and the hashes under which they are stored.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::time::UnixTime;
use sha2::{Digest as _, Sha256};

/// 256 bits of fresh randomness, from a generator that the operating system seeds: asking the system itself each time takes
/// several times as long.
///
/// # Errors
/// When it cannot be seeded: nothing may be issued then.
pub fn entropy() -> Result<[u8; 32], NoEntropy> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

/// There is no randomness, and nothing is invented without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoEntropy;

/// A text that opens something to whoever presents it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Invents one of 256 bits, in base64url.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn invent() -> Result<Self, NoEntropy> {
        Ok(Self(URL_SAFE_NO_PAD.encode(entropy()?)))
    }

    /// Invents one for [`SecretHash::of_dated`]: `now` in 48 bits, then 256 random ones, in base64url.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn invent_dated(now: UnixTime) -> Result<Self, NoEntropy> {
        let millis = now.as_millis().to_be_bytes();
        Ok(Self(URL_SAFE_NO_PAD.encode([&millis[8 - DATE..], &entropy()?].concat())))
    }

    /// Takes one that was presented.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for a cookie or a form field, never for a log or a store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored instead of the secret.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// A second secret that only the holder of this one can know; `purpose` keeps several apart.
    pub fn derive(&self, purpose: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(purpose.as_bytes());
        digest.update([0]);
        digest.update(self.0.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// A second secret of 256 bits that takes this one and `parts` to know, whichever of them others have.
    pub fn keyed(&self, parts: &[&[u8]]) -> Self {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes()));
        for part in parts {
            // With its length, so that no part can pass for the end of another.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Self(URL_SAFE_NO_PAD.encode(mac.sign()))
    }

    /// Whether both are the same, in time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.hash().matches(&other.hash())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

/// How many bytes of a dated secret, and of its hash, say when it was made.
const DATE: usize = 6;

/// The SHA-256 of a secret. With 256 random bits behind it, no salt and no slowness is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret text.
    pub fn of(secret: &str) -> Self {
        Self::of_bytes(secret.as_bytes())
    }

    /// Hashes a dated secret: its date as it is, then the first 208 bits of its SHA-256. So what is stored about the same
    /// time lies side by side in the index, and a commit touches few pages. Any other text is hashed as a whole.
    pub fn of_dated(secret: &str) -> Self {
        let mut hash = Self::of(secret);
        let date = secret.get(..DATE * 4 / 3).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        if let Some(date) = date {
            hash.0.copy_within(..32 - DATE, DATE);
            hash.0[..DATE].copy_from_slice(&date);
        }
        hash
    }

    /// Hashes secret bytes.
    pub fn of_bytes(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// From stored bytes; `None` when they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(hidden)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn invented_secrets_differ_and_hide() {
        let (one, two) = (Secret::invent().unwrap(), Secret::invent().unwrap());
        assert!(!one.matches(&two));
        assert_eq!(one.expose().len(), 43);
        assert_eq!(format!("{one:?} {:?}", one.hash()), "Secret(hidden) SecretHash(hidden)");
    }

    #[test]
    fn dated_secrets_are_stored_in_the_order_of_their_dates() {
        let at = |millis| Secret::invent_dated(UnixTime::from_millis(millis)).unwrap();
        let hash = |secret: &Secret| SecretHash::of_dated(secret.expose());
        let secrets = [at(1), at(255), at(256), at(1_800_000_000_000)];
        assert!(secrets.iter().map(|secret| hash(secret).as_bytes().to_vec()).is_sorted());
        assert!(secrets.iter().all(|secret| secret.expose().len() == 51));
        let (one, two) = (at(1), at(1));
        assert_eq!(hash(&one).as_bytes()[..DATE], hash(&two).as_bytes()[..DATE]);
        assert!(!hash(&one).matches(&hash(&two)) && hash(&one).matches(&hash(&one)));
    }

    #[test]
    fn whatever_is_presented_as_a_dated_secret_has_a_hash() {
        for odd in ["", "short", "ÄÖÜÄÖÜÄÖÜ", "????????????"] {
            assert_eq!(SecretHash::of_dated(odd), SecretHash::of(odd));
        }
    }

    #[test]
    fn keyed_secrets_depend_on_secret_and_every_part() {
        let keyed = |secret: &str, parts: &[&[u8]]| Secret::presented(secret).keyed(parts);
        assert!(keyed("s", &[b"a", b"b"]).matches(&keyed("s", &[b"a", b"b"])));
        assert_eq!(keyed("s", &[b"a", b"b"]).expose().len(), 43);
        for other in
            [keyed("t", &[b"a", b"b"]), keyed("s", &[b"ab"]), keyed("s", &[b"ab", b""]), keyed("s", &[b"b", b"a"])]
        {
            assert!(!keyed("s", &[b"a", b"b"]).matches(&other));
        }
    }

    #[test]
    fn derived_secrets_depend_on_secret_and_purpose() {
        let secret = Secret::presented("s");
        assert!(secret.derive("a").matches(&Secret::presented("s").derive("a")));
        assert!(!secret.derive("a").matches(&secret.derive("b")));
        assert!(!secret.derive("a").matches(&Secret::presented("t").derive("a")));
    }
}

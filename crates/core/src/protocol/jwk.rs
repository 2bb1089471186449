//! JSON Web Keys: the public halves an issuer publishes (RFC 7517).

use serde::{Deserialize, Serialize};

use serde_json::Value;

use super::json;
use super::jwt::{Algorithm, Header};

/// The most keys that are looked at in a set.
pub const MOST_KEYS: usize = 100;

/// A public key (RFC 7517 §4, RFC 7518 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `kty`: `EC`, `RSA` or `OKP`.
    pub kty: String,
    /// `kid`: which key this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `use`: `sig` for signatures.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `alg`: the one algorithm this key is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `crv` of an EC key, `P-256`, `P-384` or `P-521`, or of an OKP key, `Ed25519`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// `x` of an EC or OKP key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// `y` of an EC key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// `n` of an RSA key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// `e` of an RSA key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

impl Jwk {
    fn read(key: &Value) -> Option<Self> {
        let member = |name| json::text(key, name);
        Some(Self {
            kty: member("kty")?,
            kid: member("kid"),
            usage: member("use"),
            alg: member("alg"),
            crv: member("crv"),
            x: member("x"),
            y: member("y"),
            n: member("n"),
            e: member("e"),
        })
    }

    /// Whether this key may check a signature made with `algorithm`.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        let (kty, curve) = match algorithm {
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::Es384 => ("EC", Some("P-384")),
            Algorithm::Es512 => ("EC", Some("P-521")),
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
            _ => ("RSA", None),
        };
        let kind = self.kty == kty && curve.is_none_or(|curve| self.crv.as_deref() == Some(curve));
        kind && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| Algorithm::from_name(alg) == Some(algorithm))
    }
}

/// A key set (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, as published. Keys of kinds unknown here are kept and never chosen.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads the document at `jwks_uri`.
    ///
    /// # Errors
    /// [`JwkSetError`] when it is not a key set, or an endless one.
    pub fn parse(body: &[u8]) -> Result<Self, JwkSetError> {
        let document: Value = json::read(body).map_err(|_| JwkSetError::NotAKeySet)?;
        let keys = document.get("keys").and_then(Value::as_array).ok_or(JwkSetError::NotAKeySet)?;
        if keys.len() > MOST_KEYS {
            return Err(JwkSetError::TooMany);
        }
        // A key this crate cannot read must not make the others unreadable (RFC 7517 §5).
        Ok(Self { keys: keys.iter().filter_map(Jwk::read).collect() })
    }

    /// The key that a token's header asks for (OIDC Core §10.1).
    ///
    /// Without a `kid` there must be exactly one key that fits: guessing among several is refused.
    ///
    /// # Errors
    /// [`KeyChoiceError::Unknown`] means: fetch the set once more, the issuer may have changed its keys.
    pub fn choose(&self, header: &Header, algorithm: Algorithm) -> Result<&Jwk, KeyChoiceError> {
        self.position(header, algorithm).map(|position| &self.keys[position])
    }

    /// Where in [`JwkSet::keys`] the key of [`JwkSet::choose`] is.
    ///
    /// # Errors
    /// As [`JwkSet::choose`].
    pub fn position(&self, header: &Header, algorithm: Algorithm) -> Result<usize, KeyChoiceError> {
        let mut fitting = self.keys.iter().enumerate().filter(|(_, key)| key.fits(algorithm));
        if let Some(kid) = &header.kid {
            let named = fitting.find(|(_, key)| key.kid.as_ref() == Some(kid));
            return named.map(|(position, _)| position).ok_or_else(|| KeyChoiceError::Unknown(kid.clone()));
        }
        match (fitting.next(), fitting.next()) {
            (Some((position, _)), None) => Ok(position),
            (None, _) => Err(KeyChoiceError::Unknown(String::new())),
            (Some(_), Some(_)) => Err(KeyChoiceError::Ambiguous),
        }
    }
}

/// Why a document is not a usable key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Not JSON with `keys`.
    #[error("the document is not a JSON Web Key Set")]
    NotAKeySet,
    /// More than [`MOST_KEYS`] keys.
    #[error("the key set has more than {MOST_KEYS} keys")]
    TooMany,
}

/// Why no key could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyChoiceError {
    /// No key has this `kid` and fits the algorithm.
    #[error("the issuer publishes no key `{0}` for this algorithm")]
    Unknown(String),
    /// The token names no key and several fit.
    #[error("the token names no key and several of the issuer's fit")]
    Ambiguous,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set() -> JwkSet {
        JwkSet::parse(
            br#"{"keys":[
                {"kty":"EC","crv":"P-256","kid":"a","x":"x","y":"y","use":"sig"},
                {"kty":"EC","crv":"P-256","kid":"b","x":"x","y":"y","use":"enc"},
                {"kty":"RSA","kid":"c","n":"n","e":"AQAB","alg":"RS256"},
                {"kty":7}
            ]}"#,
        )
        .unwrap()
    }

    fn header(kid: Option<&str>) -> Header {
        Header { alg: "ES256".into(), kid: kid.map(str::to_owned), typ: None, crit: None }
    }

    #[test]
    fn an_unreadable_key_leaves_the_others() {
        assert_eq!(set().keys.len(), 3);
    }

    #[test]
    fn the_kid_and_the_algorithm_must_both_fit() {
        let set = set();
        assert_eq!(set.choose(&header(Some("a")), Algorithm::Es256).unwrap().kid.as_deref(), Some("a"));
        for (kid, algorithm) in [("b", Algorithm::Es256), ("a", Algorithm::Rs256), ("c", Algorithm::Ps256)] {
            assert!(set.choose(&header(Some(kid)), algorithm).is_err(), "{kid}");
        }
    }

    #[test]
    fn a_key_for_ed25519_goes_by_both_its_names() {
        for alg in ["EdDSA", "Ed25519"] {
            let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"x","alg":"{alg}"}}"#);
            let key: Jwk = serde_json::from_str(&key).unwrap();
            assert!(Algorithm::from_name(alg).is_some_and(|algorithm| key.fits(algorithm)), "{alg}");
            assert!(!key.fits(Algorithm::Es256), "{alg}");
        }
    }

    #[test]
    fn without_a_kid_one_key_must_fit() {
        let mut set = set();
        assert!(set.choose(&header(None), Algorithm::Es256).is_ok());
        let mut second = set.keys[0].clone();
        second.kid = None;
        set.keys.push(second);
        assert_eq!(set.choose(&header(None), Algorithm::Es256).unwrap_err(), KeyChoiceError::Ambiguous);
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = JwkSet::parse(&body);
        }
    }
}

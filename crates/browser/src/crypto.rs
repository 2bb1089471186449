//! WebCrypto: randomness and signatures, without a byte of cryptography in the app.

use evergrant_core::protocol::authorize::Entropy;
use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::{Algorithm, CryptoUnavailable, Hash, SignatureVerifier};
use evergrant_core::session::Failure;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// Fresh randomness for one authorization request.
///
/// # Errors
/// [`Failure::Browser`] when the browser gives none: a guessable state is worse than no sign-in.
pub fn entropy() -> Result<Entropy, Failure> {
    let mut entropy = Entropy::default();
    for part in &mut entropy {
        fill(part).ok_or_else(|| Failure::Browser("it gives no random numbers".to_owned()))?;
    }
    Ok(entropy)
}

/// Randomness that spreads renewals; it protects nothing, so without a source there is none.
pub(crate) fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    match fill(&mut bytes) {
        Some(()) => u64::from_le_bytes(bytes),
        None => 0,
    }
}

fn fill(bytes: &mut [u8]) -> Option<()> {
    web_sys::window()?.crypto().ok()?.get_random_values_with_u8_array(bytes).ok().map(drop)
}

/// Checks signatures with `crypto.subtle`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebCrypto;

impl SignatureVerifier for WebCrypto {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoUnavailable> {
        let subtle = subtle()?;
        let key = match import(&subtle, algorithm, key).await {
            Ok(key) => key,
            // A browser from before Ed25519.
            Err(error) if name_of(&error).as_deref() == Some("NotSupportedError") => return Err(unavailable(&error)),
            // A key that cannot be imported is the issuer's fault, not the browser's: its signature is not good.
            Err(_) => return Ok(false),
        };
        let verified = subtle
            .verify_with_object_and_js_u8_array_and_js_u8_array(
                &parameters(algorithm),
                &key,
                &Uint8Array::from(signature),
                &Uint8Array::from(message),
            )
            .map_err(|error| unavailable(&error))?;
        let verified = JsFuture::from(verified).await.map_err(|error| unavailable(&error))?;
        Ok(verified.is_truthy())
    }

    async fn digest(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CryptoUnavailable> {
        let digest = subtle()?
            .digest_with_str_and_js_u8_array(name(hash), &Uint8Array::from(message))
            .map_err(|error| unavailable(&error))?;
        let digest = JsFuture::from(digest).await.map_err(|error| unavailable(&error))?;
        Ok(Uint8Array::new(&digest).to_vec())
    }
}

pub(crate) fn subtle() -> Result<SubtleCrypto, CryptoUnavailable> {
    let crypto = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .ok_or_else(|| CryptoUnavailable("there is no WebCrypto".to_owned()))?;
    // On an insecure origin `subtle` is undefined, though the binding's type does not say so.
    Reflect::get(&crypto, &"subtle".into())
        .ok()
        .and_then(|subtle| subtle.dyn_into().ok())
        .ok_or_else(|| CryptoUnavailable("WebCrypto needs https, or this machine".to_owned()))
}

async fn import(subtle: &SubtleCrypto, algorithm: Algorithm, key: &Jwk) -> Result<CryptoKey, JsValue> {
    // Only what the key type needs is handed over: `use`, `key_ops` and `alg` were judged already, and browsers differ
    // in how strictly they read them.
    let members: &[(&str, &Option<String>)] = match algorithm {
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => &[("crv", &key.crv), ("x", &key.x), ("y", &key.y)],
        Algorithm::EdDsa => &[("crv", &key.crv), ("x", &key.x)],
        _ => &[("n", &key.n), ("e", &key.e)],
    };
    let jwk = object(&[("kty", key.kty.as_str().into())]);
    for (name, value) in members {
        let value = value.as_deref().ok_or(JsValue::NULL)?;
        set(&jwk, name, &value.into());
    }
    let promise =
        subtle.import_key_with_object("jwk", &jwk, &parameters(algorithm), false, &Array::of1(&"verify".into()))?;
    Ok(JsFuture::from(promise).await?.unchecked_into())
}

/// What WebCrypto wants to know of an algorithm, for importing, verifying, making a key and signing alike; it looks at no member more than that.
pub(crate) fn parameters(algorithm: Algorithm) -> Object {
    let kind = match algorithm {
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => "ECDSA",
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => "RSASSA-PKCS1-v1_5",
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => "RSA-PSS",
        Algorithm::EdDsa => "Ed25519",
    };
    let curve = match algorithm {
        Algorithm::Es384 => "P-384",
        Algorithm::Es512 => "P-521",
        _ => "P-256",
    };
    // RFC 7518 §3.5: the salt is as long as the hash.
    let salt = match algorithm.hash() {
        Hash::Sha256 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    };
    object(&[
        ("name", kind.into()),
        ("hash", name(algorithm.hash()).into()),
        ("namedCurve", curve.into()),
        ("saltLength", salt.into()),
    ])
}

const fn name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "SHA-256",
        Hash::Sha384 => "SHA-384",
        Hash::Sha512 => "SHA-512",
    }
}

fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, value);
    }
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a member of a plain object cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

fn unavailable(error: &JsValue) -> CryptoUnavailable {
    CryptoUnavailable(name_of(error).unwrap_or_else(|| "WebCrypto refused".to_owned()))
}

fn name_of(error: &JsValue) -> Option<String> {
    Reflect::get(error, &"name".into()).ok()?.as_string()
}

//! Somebody who signs access tokens, as the issuer of this project makes them.

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::jwt::{self, Algorithm, Header};
use serde_json::json;

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const AUDIENCE: &str = "https://api.example/";

const KEY_ID: &str = "k";
const LIFETIME_SECONDS: i64 = 7200;

/// Tokens, no two alike, and what they are checked with.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) all: Vec<AccessToken>,
    pub(crate) keys: JwkSet,
    pub(crate) public_key: ParsedPublicKey,
}

/// Has a key that nobody else has.
pub(crate) enum TokenSigner {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl TokenSigner {
    /// A new key of P-256, or of RSA with 2048 bits.
    pub(crate) fn new(algorithm: Algorithm) -> anyhow::Result<Self> {
        Ok(match algorithm {
            Algorithm::Es256 => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            _ => Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048)?)),
        })
    }

    /// So many tokens.
    pub(crate) fn tokens(&self, count: usize) -> anyhow::Result<Tokens> {
        let all = (0..count).map(|number| self.token(number)).collect::<anyhow::Result<_>>()?;
        Ok(Tokens { all, keys: self.published()?, public_key: self.public_key()? })
    }

    fn token(&self, number: usize) -> anyhow::Result<AccessToken> {
        let now = evergrant_native::now().as_seconds();
        let alg = match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::Rs256(_) => Algorithm::Rs256,
        };
        let header =
            Header { alg: alg.name().to_owned(), kid: Some(KEY_ID.into()), typ: Some("at+jwt".into()), crit: None };
        let claims = json!({
            "iss": ISSUER, "sub": "user|1f0c7d52", "aud": AUDIENCE, "client_id": "evergrant-app",
            "iat": now, "exp": now + LIFETIME_SECONDS, "auth_time": now,
            "jti": format!("{number:030}"), "grant_id": "b3BxdWUtZ3JhbnQtaWQ", "scope": "openid profile email read:reports",
        });
        let input = jwt::signing_input(&header, &claims)?;
        let signature = self.sign(input.as_bytes()).context("a token cannot be signed")?;
        Ok(AccessToken::new(jwt::compact(&input, &signature)))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    fn published(&self) -> anyhow::Result<JwkSet> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match self {
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "alg": "ES256", "crv": "P-256", "kid": KEY_ID, "x": encode(x), "y": encode(y)})
            }
            Self::Rs256(pair) => {
                let key = pair.public_key();
                let n = encode(key.modulus().big_endian_without_leading_zero());
                let e = encode(key.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "alg": "RS256", "kid": KEY_ID, "n": n, "e": e})
            }
        };
        Ok(JwkSet { keys: vec![serde_json::from_value(key)?] })
    }

    fn public_key(&self) -> anyhow::Result<ParsedPublicKey> {
        Ok(match self {
            Self::Es256(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())?,
            Self::Rs256(pair) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())?,
        })
    }
}

//! How many access tokens are checked per second and core: `cargo bench -p evergrant-api`.
//!
//! A token that is seen for the first time costs one signature check, which is measured alone beside it; a token that was seen
//! before costs a hash.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use divan::Bencher;
use divan::counter::ItemsCount;
use evergrant_api::{Settings, Verifier};
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{self, Algorithm, Header, Unverified};
use evergrant_core::time::UnixTime;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

const ALGORITHMS: [&str; 2] = ["ES256", "RS256"];

fn main() {
    divan::main();
}

#[divan::bench(args = ALGORITHMS)]
fn first_seen(bencher: Bencher<'_, '_>, algorithm: &str) {
    let issuer = Issuer::new(algorithm);
    let (runtime, token) = (runtime(), issuer.token());
    // A verifier that remembers nothing: every token is the first.
    let mut settings = Issuer::settings();
    settings.remembered_tokens = 0;
    let verifier = Verifier::with_keys(settings, issuer.published());
    check(bencher, &runtime, &verifier, &token);
}

#[divan::bench(args = ALGORITHMS)]
fn seen_again(bencher: Bencher<'_, '_>, algorithm: &str) {
    let issuer = Issuer::new(algorithm);
    let (runtime, token) = (runtime(), issuer.token());
    let verifier = Verifier::with_keys(Issuer::settings(), issuer.published());
    check(bencher, &runtime, &verifier, &token);
}

#[divan::bench(args = ALGORITHMS)]
fn signature_alone(bencher: Bencher<'_, '_>, algorithm: &str) {
    let issuer = Issuer::new(algorithm);
    let token = issuer.token();
    let (key, jwt) = (issuer.pair.public(), Unverified::parse(token.secret()).unwrap());
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| key.verify_sig(black_box(jwt.signing_input), &jwt.signature).unwrap());
}

fn check(bencher: Bencher<'_, '_>, runtime: &Runtime, verifier: &Verifier, token: &AccessToken) {
    let now = now();
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| runtime.block_on(verifier.verify(black_box(token), now)).unwrap());
}

/// Somebody who signs.
struct Issuer {
    pair: Pair,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl Issuer {
    fn new(algorithm: &str) -> Self {
        let pair = match algorithm {
            "ES256" => Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            _ => Pair::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        };
        Self { pair }
    }

    fn settings() -> Settings {
        Settings::new("https://issuer.example/", "https://api.example/")
    }

    fn published(&self) -> JwkSet {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match &self.pair {
            Pair::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": encode(x), "y": encode(y)})
            }
            Pair::Rs256(pair) => {
                let key = pair.public_key();
                let n = encode(key.modulus().big_endian_without_leading_zero());
                let e = encode(key.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "alg": "RS256", "kid": "k", "n": n, "e": e})
            }
        };
        JwkSet { keys: vec![serde_json::from_value::<Jwk>(key).unwrap()] }
    }

    /// As the issuer of this project makes them.
    fn token(&self) -> AccessToken {
        let header = Header {
            alg: self.pair.algorithm().name().to_owned(),
            kid: Some("k".into()),
            typ: Some("at+jwt".into()),
            crit: None,
        };
        let claims = json!({
            "iss": "https://issuer.example/", "sub": "user|1f0c7d52", "aud": "https://api.example/",
            "client_id": "evergrant-app", "iat": now().as_seconds(), "exp": now().as_seconds() + 7200,
            "auth_time": now().as_seconds(), "jti": "Yk1nU2V0c0pGb0xRd3B0a0hKc2R2bA", "grant_id": "b3BxdWUtZ3JhbnQtaWQ",
            "scope": "openid profile email read:reports",
        });
        let input = jwt::signing_input(&header, &claims).unwrap();
        AccessToken::new(jwt::compact(&input, &self.pair.sign(input.as_bytes())))
    }
}

impl Pair {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::Rs256(_) => Algorithm::Rs256,
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    fn public(&self) -> ParsedPublicKey {
        match self {
            Self::Es256(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()).unwrap(),
            Self::Rs256(pair) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap(),
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(since.as_secs().try_into().unwrap())
}

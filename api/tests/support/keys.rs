//! Keys of somebody who is no issuer of ours, and what they sign.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::dpop;
use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{self, Header};
use serde_json::{Value, json};

pub(crate) struct TestKey {
    pair: EcdsaKeyPair,
    kid: String,
}

impl TestKey {
    pub(crate) fn new(kid: &str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), kid: kid.to_owned() }
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> Jwk {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": encode(x), "y": encode(y)});
        serde_json::from_value(jwk).unwrap()
    }

    /// A new DPoP proof for a request, with a token where one goes along.
    pub(crate) fn proof(&self, method: &str, htu: &str, token: Option<&AccessToken>) -> String {
        let jti = evergrant_issuer::secret::Secret::invent().unwrap().expose().to_owned();
        let mut claims = json!({ "jti": jti, "htm": method, "htu": htu, "iat": evergrant_native::now().as_seconds() });
        if let Some(token) = token {
            claims["ath"] = dpop::hash(token).into();
        }
        self.signed_proof(&claims)
    }

    pub(crate) fn signed_proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let input = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        jwt::compact(input, signature.as_ref())
    }

    pub(crate) fn published(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk()] }
    }

    /// An access token with this key's name.
    pub(crate) fn token(&self, claims: &Value) -> AccessToken {
        self.signed(&self.header(), claims)
    }

    pub(crate) fn header(&self) -> Header {
        Header { alg: "ES256".into(), kid: Some(self.kid.clone()), typ: Some("at+jwt".into()), crit: None }
    }

    pub(crate) fn signed(&self, header: &Header, claims: &Value) -> AccessToken {
        let input = jwt::signing_input(header, claims).unwrap();
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        AccessToken::new(jwt::compact(&input, signature.as_ref()))
    }
}

//! A key of a client's, and the proofs that it has it (RFC 9449).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::dpop::{self, JwkThumbprint};
use evergrant_core::protocol::{AccessToken, jwt};
use evergrant_issuer::secret::Secret;
use serde_json::{Value, json};

use super::Server;

pub(crate) struct ProofKey(EcdsaKeyPair);

impl ProofKey {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
    }

    pub(crate) fn thumbprint(&self) -> String {
        JwkThumbprint::of(&serde_json::from_value(self.jwk()).unwrap()).unwrap().to_string()
    }

    /// A new proof for a request to the token endpoint.
    pub(crate) fn proof(&self, server: &Server) -> String {
        self.signed(&Self::claims(server))
    }

    /// What it says, to be changed before it is signed.
    pub(crate) fn claims(server: &Server) -> Value {
        Self::claims_for(server, "POST", "/oauth/token")
    }

    pub(crate) fn claims_for(server: &Server, method: &str, path: &str) -> Value {
        let jti = Secret::invent().unwrap().expose().to_owned();
        let (htu, iat) = (format!("{}{path}", server.url), server.clock.now().as_seconds());
        json!({ "jti": jti, "htm": method, "htu": htu, "iat": iat })
    }

    /// A proof that goes with an access token to a resource of the issuer's.
    pub(crate) fn proof_for(&self, server: &Server, path: &str, access_token: &str) -> String {
        let mut claims = Self::claims_for(server, "GET", path);
        claims["ath"] = dpop::hash(&AccessToken::new(access_token)).into();
        self.signed(&claims)
    }

    pub(crate) fn signed(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let input = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        jwt::compact(input, signature.as_ref())
    }
}

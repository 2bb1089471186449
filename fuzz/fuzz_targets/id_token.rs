//! ID tokens, logout tokens and DPoP proofs, with a signature checker that accepts everything, so that the claims are reached.
#![no_main]

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use evergrant_core::protocol::dpop::{self, TargetUri};
use evergrant_core::protocol::id_token::{Expectation, validate};
use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{
    Algorithm, CryptoUnavailable, Hash, Header, SignatureVerifier, compact, signing_input,
};
use evergrant_core::protocol::logout_token;
use evergrant_core::protocol::{AccessToken, AuthorizationCode, ClientId, IdToken, Issuer, Nonce};
use evergrant_core::time::UnixTime;
use libfuzzer_sys::fuzz_target;

/// `{"alg":"ES256","typ":"dpop+jwt","jwk":{"kty":"EC","crv":"P-256","x":"x","y":"y"}}`
const PROOF: &str =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0IiwiandrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoieCIsInkiOiJ5In19";

struct Credulous;

impl SignatureVerifier for Credulous {
    async fn verify(&self, _: Algorithm, _: &Jwk, _: &[u8], _: &[u8]) -> Result<bool, CryptoUnavailable> {
        Ok(true)
    }

    async fn digest(&self, _: Hash, _: &[u8]) -> Result<Vec<u8>, CryptoUnavailable> {
        Ok(b"digest".to_vec())
    }
}

fuzz_target!(|input: (i64, bool, Option<String>, String, String)| {
    let (now, raw, code, text, target_uri) = input;
    let keys = JwkSet::parse(br#"{"keys":[{"kty":"EC","crv":"P-256"}]}"#).unwrap_or_default();
    let token = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(claims) if !raw => {
            let header = Header { alg: "ES256".into(), kid: None, typ: None, crit: None };
            compact(signing_input(&header, &claims).unwrap_or_default(), b"signature")
        }
        _ => text,
    };
    // With the header of a proof, which names its key.
    let proof = match token.split_once('.') {
        Some((_, rest)) if !raw => format!("{PROOF}.{rest}"),
        _ => token.clone(),
    };
    let (token, access_token) = (IdToken::new(token), AccessToken::new("access"));
    // With a code it is the one of a hybrid answer, which the token's `c_hash` has to fit.
    let code = code.map(AuthorizationCode::new);
    let expected = Expectation {
        issuer: &Issuer::new("https://issuer.example/"),
        client_id: &ClientId::new("app"),
        nonce: Some(&Nonce::new("n")),
        algorithms: &Algorithm::ALL,
        max_age: Some(Duration::from_secs(60)),
        access_token: Some(&access_token),
        code: code.as_ref(),
        front_channel: true,
        renews: None,
        now: UnixTime::from_millis(now),
        tolerance: Duration::from_secs(60),
    };
    let mut context = Context::from_waker(Waker::noop());
    let _ = pin!(validate(&token, &keys, &Credulous, &expected)).poll(&mut context);
    let _ = pin!(logout_token::validate(token.secret(), &keys, &Credulous, &expected)).poll(&mut context);
    let uris: Vec<TargetUri> = TargetUri::parse(&target_uri).into_iter().collect();
    let expected = dpop::Expectation {
        method: "POST",
        uris: &uris,
        algorithms: &Algorithm::ALL,
        access_token: Some(&access_token),
        nonces: None,
        now: expected.now,
        tolerance: dpop::TOLERANCE,
    };
    let _ = pin!(dpop::validate(&proof, &Credulous, &expected)).poll(&mut context);
});

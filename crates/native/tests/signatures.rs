//! A server checks a signature of each algorithm.
#![allow(clippy::unwrap_used)]

#[path = "../../core/tests/signatures/tokens.rs"]
mod tokens;

use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::{Algorithm, Unverified};
use evergrant_native::PublicKey;

#[test]
fn each_algorithm_verifies_its_own_signature_alone() {
    for (name, key, token) in tokens::TOKENS {
        let (key, jwt): (Jwk, _) = (serde_json::from_str(key).unwrap(), Unverified::parse(token).unwrap());
        for algorithm in Algorithm::ALL {
            let key = PublicKey::new(&key, algorithm);
            let verifies = key.is_some_and(|key| key.verifies(jwt.signing_input, &jwt.signature));
            assert_eq!(verifies, algorithm.name() == name, "{name} by {algorithm}");
        }
    }
}

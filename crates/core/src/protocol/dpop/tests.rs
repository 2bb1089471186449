//! One negative test for each step, over proofs whose "signature" is their hash.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::protocol::id_token::tests::{HashVerifier, ready};
use crate::protocol::jwt::compact;

const NOW: i64 = 1_800_000_000;

fn key() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    })
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key() })
}

fn claims() -> Value {
    json!({ "jti": "j", "htm": "POST", "htu": "https://server.example/token", "iat": NOW })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn signed(header: &Value, claims: &Value) -> String {
    let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = Sha256::digest(input.as_bytes());
    compact(input, &signature)
}

fn judge_with(proof: &str, access_token: Option<&AccessToken>, nonces: Option<&[String]>) -> Result<Proof, ProofError> {
    let expected = Expectation {
        method: "POST",
        uris: &[TargetUri::parse("https://server.example/token").unwrap()],
        algorithms: &ALGORITHMS,
        access_token,
        nonces,
        now: UnixTime::from_seconds(NOW),
        tolerance: TOLERANCE,
    };
    ready(validate(proof, &HashVerifier, &expected))
}

fn judge_text(proof: &str) -> Result<Proof, ProofError> {
    judge_with(proof, None, None)
}

fn judge(header: &Value, claims: &Value) -> Result<Proof, ProofError> {
    judge_text(&signed(header, claims))
}

#[test]
fn a_good_proof_says_whose_it_is() {
    for typ in ["dpop+jwt", "application/dpop+jwt", "DPoP+JWT"] {
        let proof = judge(&with(header(), "typ", typ.into()), &claims()).unwrap();
        assert_eq!(proof.thumbprint.as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }
    let again = judge(&header(), &claims()).unwrap();
    assert_eq!(again, judge(&header(), &with(claims(), "iat", (NOW + 1).into())).unwrap(), "one jti, one proof");
    assert_ne!(again.id, judge(&header(), &with(claims(), "jti", "k".into())).unwrap().id);
}

#[test]
fn steps_2_and_3_what_is_no_proof() {
    for text in ["", "a.b", "!.b.c"] {
        assert!(matches!(judge_text(text), Err(ProofError::Jwt(_))), "{text}");
    }
    for name in ["jti", "htm", "htu", "iat"] {
        assert!(matches!(judge(&header(), &without(claims(), name)), Err(ProofError::Jwt(_))), "{name}");
    }
    assert_eq!(judge_text(&"a".repeat(LONGEST + 1)), Err(ProofError::TooLong));
    for jti in [String::new(), "j".repeat(LONGEST_JTI + 1)] {
        assert_eq!(judge(&header(), &with(claims(), "jti", jti.into())), Err(ProofError::Jti));
    }
}

#[test]
fn step_4_another_type() {
    for header in [without(header(), "typ"), with(header(), "typ", "JWT".into())] {
        assert_eq!(judge(&header, &claims()), Err(ProofError::Type));
    }
}

#[test]
fn step_5_algorithms_outside_the_list() {
    for alg in ["none", "HS256", "ES384", "RS512"] {
        assert_eq!(judge(&with(header(), "alg", alg.into()), &claims()), Err(ProofError::Algorithm), "{alg}");
    }
}

#[test]
fn step_6_a_wrong_signature() {
    let good = signed(&header(), &claims());
    let (input, _) = good.rsplit_once('.').unwrap();
    assert_eq!(judge_text(&format!("{input}.AAAA")), Err(ProofError::Signature));
}

#[test]
fn step_7_a_private_key_or_none() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("secret"), Value::Null] {
            let header = with(header(), "jwk", with(key(), name, value));
            assert_eq!(judge(&header, &claims()), Err(ProofError::PrivateKey), "{name}");
        }
    }
    for jwk in [
        json!({ "kty": "oct" }),
        json!({ "kty": "RSA", "n": "n", "e": "AQAB" }),
        with(key(), "use", "enc".into()),
        with(key(), "crv", "P-384".into()),
        without(key(), "y"),
        json!("key"),
        Value::Null,
    ] {
        assert_eq!(judge(&with(header(), "jwk", jwk.clone()), &claims()), Err(ProofError::Key), "{jwk}");
    }
    assert_eq!(judge(&without(header(), "jwk"), &claims()), Err(ProofError::Key));
}

#[test]
fn steps_8_and_9_another_request() {
    for method in ["GET", "post"] {
        assert_eq!(judge(&header(), &with(claims(), "htm", method.into())), Err(ProofError::Method));
    }
    for uri in ["https://server.example/tokens", "https://other.example/token", "/token", ""] {
        let refused = judge(&header(), &with(claims(), "htu", uri.into())).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "htu of the DPoP proof is not the address of this request, https://server.example/token"
        );
    }
    judge(&header(), &with(claims(), "htu", "HTTPS://server.example:443/token?a=b#c".into())).unwrap();
}

#[test]
fn step_10_the_nonce_that_is_asked_for() {
    let nonces = ["one".to_owned(), "two".to_owned()];
    let asked = |claims: &Value| judge_with(&signed(&header(), claims), None, Some(&nonces));
    assert_eq!(asked(&claims()), Err(ProofError::Nonce));
    assert_eq!(asked(&with(claims(), "nonce", "three".into())), Err(ProofError::Nonce));
    // Whatever the sender's clock says.
    asked(&with(with(claims(), "nonce", "two".into()), "iat", 7.into())).unwrap();
    judge(&header(), &with(claims(), "nonce", "of another server".into())).unwrap();
}

#[test]
fn step_11_too_old_or_from_the_future() {
    for (seconds, counts) in [(-61, false), (-60, true), (60, true), (61, false)] {
        let judged = judge(&header(), &with(claims(), "iat", (NOW + seconds).into()));
        assert_eq!(judged.is_ok(), counts, "{seconds}");
    }
    let error = judge(&header(), &with(claims(), "iat", (NOW - 61).into())).unwrap_err().to_string();
    assert!(error.contains("2027-01-15T07:58:59Z") && error.contains("2027-01-15T08:00:00Z"), "{error}");
    for absurd in [json!(i64::MIN), json!(i64::MAX), json!(1e300)] {
        assert!(matches!(judge(&header(), &with(claims(), "iat", absurd)), Err(ProofError::Time { .. })));
    }
}

#[test]
fn step_12_the_hash_of_the_token_that_came_along() {
    // RFC 9449 §7.1.
    let token = AccessToken::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
    let presented = |claims: &Value| judge_with(&signed(&header(), claims), Some(&token), None);
    presented(&with(claims(), "ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo".into())).unwrap();
    assert_eq!(presented(&claims()), Err(ProofError::AccessToken));
    assert_eq!(
        presented(&with(claims(), "ath", hash(&AccessToken::new("other")).into())),
        Err(ProofError::AccessToken)
    );
}

#[test]
fn no_error_quotes_the_proof() {
    let secret = "s3cret-7Yz";
    for (header, claims) in [
        (with(header(), "typ", secret.into()), claims()),
        (with(header(), "alg", secret.into()), claims()),
        (with(header(), "jwk", with(key(), "d", secret.into())), claims()),
        (header(), with(claims(), "htm", secret.into())),
        (header(), with(claims(), "htu", secret.into())),
        (header(), with(claims(), "iat", secret.into())),
    ] {
        let error = judge(&header, &claims).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
}

proptest! {
    #[test]
    fn anything_is_judged(text in "\\PC{0,60}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}", jwk in "\\PC{0,60}") {
        let judged = [judge_text(&text), judge(&with(header(), "jwk", jwk.into()), &claims())];
        prop_assert!(judged.iter().all(Result::is_err));
    }
}

#[test]
fn what_a_client_signs_is_what_a_server_expects() {
    let key = key();
    let key = PublicKey { x: key["x"].as_str().unwrap(), y: key["y"].as_str().unwrap() };
    let (token, nonces) = (AccessToken::new("token"), ["fresh".to_owned()]);
    for (access_token, nonce) in [(None, None), (Some(&token), Some("fresh"))] {
        let request = Request { method: "POST", url: "https://server.example/token?page=1#top", access_token, nonce };
        let input = signing_input(&key, &request, [7; 32], UnixTime::from_seconds(NOW));
        let signature = Sha256::digest(input.as_bytes());
        let judged = judge_with(&compact(input, &signature), access_token, nonce.map(|_| nonces.as_slice()));
        assert_eq!(judged.unwrap().thumbprint.as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }
}

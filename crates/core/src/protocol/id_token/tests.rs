//! One negative test for each step.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Sha384, Sha512};

use super::*;
use crate::protocol::jwt::{Header, compact, signing_input};

const NOW: UnixTime = UnixTime::from_seconds(1_000_000);

/// Signs by repeating the message's hash: enough to tell a good signature from a bad one, and nothing like a MAC in production.
pub(crate) struct HashVerifier;

impl SignatureVerifier for HashVerifier {
    async fn verify(&self, _: Algorithm, _: &Jwk, message: &[u8], signature: &[u8]) -> Result<bool, CryptoUnavailable> {
        Ok(Sha256::digest(message)[..] == *signature)
    }

    async fn digest(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CryptoUnavailable> {
        Ok(match hash {
            Hash::Sha256 => panic!("SHA-256 is at hand"),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        })
    }
}

struct Case {
    header: Header,
    claims: Value,
    issuer: Issuer,
    client_id: ClientId,
    nonce: Nonce,
    access_token: AccessToken,
    keys: JwkSet,
}

impl Case {
    fn good() -> Self {
        let access_token = AccessToken::new("access");
        Self {
            header: Header { alg: "ES256".into(), kid: Some("k1".into()), typ: None, crit: None },
            claims: json!({
                "iss": "https://issuer.example/", "sub": "tess", "aud": "app", "exp": 1_000_600, "iat": 1_000_000,
                "nonce": "n", "at_hash": half_hash(access_token.secret()), "auth_time": 999_990,
            }),
            issuer: Issuer::new("https://issuer.example/"),
            client_id: ClientId::new("app"),
            nonce: Nonce::new("n"),
            access_token,
            keys: JwkSet::parse(br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"x","y":"y"}]}"#).unwrap(),
        }
    }

    fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut case = Self::good();
        change(&mut case.claims);
        case
    }

    fn expectation(&self) -> Expectation<'_> {
        Expectation {
            issuer: &self.issuer,
            client_id: &self.client_id,
            nonce: Some(&self.nonce),
            algorithms: &[Algorithm::Es256],
            max_age: None,
            access_token: Some(&self.access_token),
            code: None,
            front_channel: true,
            renews: None,
            now: NOW,
            tolerance: Duration::from_secs(60),
        }
    }

    fn token(&self) -> IdToken {
        IdToken::new(signed(&self.header, &self.claims))
    }

    fn judge(&self) -> Result<IdTokenClaims, IdTokenError> {
        self.judge_with(&self.expectation())
    }

    fn judge_with(&self, expected: &Expectation<'_>) -> Result<IdTokenClaims, IdTokenError> {
        ready(validate(&self.token(), &self.keys, &HashVerifier, expected))
    }
}

/// A token that [`HashVerifier`] takes for a good one.
pub(crate) fn signed(header: &Header, claims: &Value) -> String {
    let input = signing_input(header, claims).unwrap();
    compact(&input, &Sha256::digest(input.as_bytes()))
}

pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn a_good_token_is_accepted() {
    assert_eq!(Case::good().judge().unwrap().sub.as_str(), "tess");
}

#[test]
fn a_name_that_is_no_text_kept_the_person_out() {
    let case = Case::with(|claims| {
        claims["name"] = json!({ "en": "Tess" });
        claims["picture"] = json!(7);
        claims["auth_time"] = json!("2026-10-05T08:00:00Z");
    });
    let claims = case.judge().unwrap();
    assert_eq!(claims.display_name(), "tess");
    assert_eq!((claims.picture, claims.auth_time), (None, None));
    let mut expected = case.expectation();
    expected.max_age = Some(Duration::from_secs(10));
    assert_eq!(case.judge_with(&expected).unwrap_err(), IdTokenError::AuthTime);
    for checked in ["sub", "nonce", "azp", "at_hash", "c_hash", "sid"] {
        let error = Case::with(|claims| claims[checked] = json!(7)).judge().unwrap_err();
        assert!(matches!(error, IdTokenError::Jwt(JwtError::Claims(_))), "{checked}: {error:?}");
    }
}

#[test]
fn step_1_what_is_not_a_token() {
    let case = Case::good();
    let judged = ready(validate(&IdToken::new("x"), &case.keys, &HashVerifier, &case.expectation()));
    assert_eq!(judged.unwrap_err(), IdTokenError::Jwt(JwtError::Parts));
}

#[test]
fn step_2_another_issuer_even_by_a_slash() {
    let error = Case::with(|claims| claims["iss"] = "https://issuer.example".into()).judge().unwrap_err();
    assert!(matches!(error, IdTokenError::Issuer { .. }), "{error}");
}

#[test]
fn step_3_another_audience() {
    for audience in [json!("other"), json!([]), json!(["other"])] {
        let case = Case::with(|claims| claims["aud"] = audience);
        assert_eq!(case.judge().unwrap_err(), IdTokenError::Audience);
    }
}

#[test]
fn step_4_several_audiences_without_an_authorized_party() {
    let case = Case::with(|claims| claims["aud"] = json!(["app", "other"]));
    assert_eq!(case.judge().unwrap_err(), IdTokenError::AuthorizedParty);
    let named = Case::with(|claims| {
        claims["aud"] = json!(["app", "other"]);
        claims["azp"] = "app".into();
    });
    assert!(named.judge().is_ok());
}

#[test]
fn step_5_another_authorized_party() {
    let case = Case::with(|claims| claims["azp"] = "other".into());
    assert_eq!(case.judge().unwrap_err(), IdTokenError::AuthorizedParty);
}

#[test]
fn step_6_a_wrong_signature() {
    let case = Case::good();
    let mut text = case.token().secret().to_owned();
    let other_claims = signing_input(
        &case.header,
        &json!({"iss": "https://issuer.example/", "sub": "eve",
        "aud": "app", "exp": 1_000_600, "iat": 1_000_000, "nonce": "n"}),
    );
    text.replace_range(..text.rfind('.').unwrap(), &other_claims.unwrap());
    let judged = ready(validate(&IdToken::new(text), &case.keys, &HashVerifier, &case.expectation()));
    assert_eq!(judged.unwrap_err(), IdTokenError::Signature);
}

#[test]
fn step_6_an_unknown_key_asks_for_a_fresh_key_set() {
    let mut case = Case::good();
    case.header.kid = Some("k2".into());
    assert_eq!(case.judge().unwrap_err(), IdTokenError::Key(KeyChoiceError::Unknown("k2".into())));
}

#[test]
fn step_7_algorithms_outside_the_allow_list() {
    for name in ["none", "HS256", "RS256", "es256"] {
        let mut case = Case::good();
        case.header.alg = name.into();
        assert_eq!(case.judge().unwrap_err(), IdTokenError::Algorithm(name.into()));
    }
}

#[test]
fn step_9_expired_names_the_clock() {
    let case = Case::with(|claims| claims["exp"] = 999_940.into());
    let error = case.judge().unwrap_err();
    assert!(matches!(error, IdTokenError::Clock { fault: ClockFault::Expired, .. }));
    assert!(error.to_string().contains("clock"), "{error}");
    assert!(Case::with(|claims| claims["exp"] = 999_941.into()).judge().is_ok(), "within the tolerance");
}

#[test]
fn step_10_used_too_early_names_the_clock() {
    let early = Case::with(|claims| claims["iat"] = 1_000_061.into());
    assert!(matches!(early.judge().unwrap_err(), IdTokenError::Clock { fault: ClockFault::UsedTooEarly, .. }));
    assert!(Case::with(|claims| claims["iat"] = 1_000_060.into()).judge().is_ok(), "within the tolerance");
}

#[test]
fn step_11_the_nonce_is_missing_or_another() {
    for change in [json!(null), json!("m")] {
        let case = Case::with(|claims| claims["nonce"] = change);
        assert_eq!(case.judge().unwrap_err(), IdTokenError::Nonce);
    }
}

#[test]
fn step_13_an_old_sign_in() {
    let case = Case::good();
    let mut expected = case.expectation();
    expected.max_age = Some(Duration::from_secs(10));
    assert!(case.judge_with(&expected).is_ok());
    expected.now = NOW + Duration::from_secs(61);
    assert_eq!(case.judge_with(&expected).unwrap_err(), IdTokenError::AuthTime);
    let silent = Case::with(|claims| claims["auth_time"] = json!(null));
    let mut expected = silent.expectation();
    expected.max_age = Some(Duration::from_secs(10));
    assert_eq!(silent.judge_with(&expected).unwrap_err(), IdTokenError::AuthTime);
}

#[test]
fn at_hash_is_required_in_the_front_channel_and_checked_wherever_it_is() {
    let missing = Case::with(|claims| claims["at_hash"] = json!(null));
    assert_eq!(missing.judge().unwrap_err(), IdTokenError::AccessTokenHash);
    let mut expected = missing.expectation();
    expected.front_channel = false;
    assert!(missing.judge_with(&expected).is_ok());
    let wrong = Case::with(|claims| claims["at_hash"] = half_hash("another").into());
    let mut expected = wrong.expectation();
    expected.front_channel = false;
    assert_eq!(wrong.judge_with(&expected).unwrap_err(), IdTokenError::AccessTokenHash);
}

#[test]
fn c_hash_is_required_for_a_code_in_the_front_channel() {
    let case = Case::good();
    let code = AuthorizationCode::new("code");
    let mut expected = case.expectation();
    expected.code = Some(&code);
    assert_eq!(case.judge_with(&expected).unwrap_err(), IdTokenError::CodeHash);
    let bound = Case::with(|claims| claims["c_hash"] = half_hash("code").into());
    let mut expected = bound.expectation();
    expected.code = Some(&code);
    assert!(bound.judge_with(&expected).is_ok());
}

#[test]
fn a_renewal_must_be_for_the_same_person() {
    let before = Case::with(|claims| claims["sub"] = "tom".into()).judge().unwrap();
    let case = Case::good();
    let mut expected = case.expectation();
    expected.renews = Some(&before);
    assert_eq!(case.judge_with(&expected).unwrap_err(), IdTokenError::OtherPerson);
}

#[test]
fn the_example_hash_of_oidc_core_appendix_a() {
    // OIDC Core §A.3 gives this access token and this at_hash.
    assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
}

#[test]
fn a_hash_is_made_with_the_hash_function_of_the_signature() {
    let half = |digest: &[u8]| URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2]);
    for (alg, kind, right) in [
        ("ES384", json!({ "kty": "EC", "crv": "P-384" }), half(&Sha384::digest("access"))),
        ("RS512", json!({ "kty": "RSA" }), half(&Sha512::digest("access"))),
        ("EdDSA", json!({ "kty": "OKP", "crv": "Ed25519" }), half(&Sha512::digest("access"))),
    ] {
        for (at_hash, expected) in [(right, Ok(())), (half_hash("access"), Err(IdTokenError::AccessTokenHash))] {
            let mut case = Case::with(|claims| claims["at_hash"] = at_hash.into());
            case.header.alg = alg.into();
            case.keys = JwkSet::parse(json!({ "keys": [kind] }).to_string().as_bytes()).unwrap();
            case.header.kid = None;
            let mut expectation = case.expectation();
            expectation.algorithms = &Algorithm::ALL;
            assert_eq!(case.judge_with(&expectation).map(drop), expected, "{alg}");
        }
    }
}

#[test]
fn a_person_without_a_name_is_called_by_the_subject() {
    let mut claims = Case::good().judge().unwrap();
    assert_eq!(claims.display_name(), "tess");
    claims.name = Some("  ".into());
    claims.email = Some("tess@example.org".into());
    assert_eq!(claims.display_name(), "tess@example.org");
}

proptest! {
    #[test]
    fn any_claims_are_judged(sub in any::<i32>(), exp in any::<f64>(), aud in "\\PC{0,8}", extra in "\\PC{0,8}") {
        let case = Case::with(|claims| {
            claims["exp"] = json!(exp);
            claims["aud"] = json!([aud, sub]);
            claims["x"] = json!(extra);
        });
        let _ = case.judge();
    }
}

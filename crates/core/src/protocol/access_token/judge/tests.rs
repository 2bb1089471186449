//! One negative test for each step, over tokens whose "signature" is the algorithm's name.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::protocol::jwt::{self, Header};

const ISSUED: i64 = 1_800_000_000;

fn header() -> Header {
    Header { alg: "ES256".into(), kid: Some("k".into()), typ: Some("at+jwt".into()), crit: None }
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example/", "sub": "ann", "aud": "https://api.example/", "client_id": "app",
        "iat": ISSUED, "exp": ISSUED + 600, "jti": "j", "scope": "read:reports",
    })
}

fn token(header: &Header, claims: &Value) -> AccessToken {
    let input = jwt::signing_input(header, claims).unwrap();
    AccessToken::new(jwt::compact(&input, header.alg.as_bytes()))
}

fn judge_at(seconds: i64, token: &AccessToken) -> Result<AccessTokenClaims, AccessTokenError> {
    judge_proven(seconds, token, None)
}

fn judge_proven(
    seconds: i64,
    token: &AccessToken,
    proven: Option<&JwkThumbprint>,
) -> Result<AccessTokenClaims, AccessTokenError> {
    let issuer = Issuer::new("https://issuer.example/");
    let expected = Expectation {
        issuer: &issuer,
        audience: "https://api.example/",
        algorithms: &[Algorithm::Es256, Algorithm::Rs256],
        now: UnixTime::from_seconds(ISSUED + seconds),
        tolerance: Duration::from_secs(60),
        proven,
    };
    judge(token, &expected, |jwt, algorithm| {
        if jwt.header.kid.as_deref() != Some("k") {
            return Err(KeyChoiceError::Unknown(jwt.header.kid.clone().unwrap_or_default()).into());
        }
        let is_right = jwt.signature == algorithm.name().as_bytes();
        is_right.then_some(()).ok_or(AccessTokenError::Signature)
    })
}

fn refused(header: &Header, claims: &Value) -> AccessTokenError {
    judge_at(1, &token(header, claims)).unwrap_err()
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn a_good_token_is_accepted() {
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/at+jwt"] {
        let header = Header { typ: Some(typ.into()), ..header() };
        let judged = judge_at(1, &token(&header, &claims())).unwrap();
        assert!(judged.scope.contains("read:reports"), "{typ}");
    }
    let several = claims_with("aud", json!(["https://other.example/", "https://api.example/"]));
    assert!(judge_at(1, &token(&header(), &several)).is_ok());
}

#[test]
fn what_is_no_jwt_is_refused() {
    assert_eq!(judge_at(1, &AccessToken::new("opaque")).unwrap_err(), AccessTokenError::Jwt(JwtError::Parts));
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in [None, Some("JWT"), Some("application/jwt"), Some("application/"), Some("at+jwt;x"), Some("é")] {
        let header = Header { typ: typ.map(str::to_owned), ..header() };
        assert_eq!(refused(&header, &claims()), AccessTokenError::Type, "{typ:?}");
    }
}

#[test]
fn every_claim_that_rfc_9068_requires_must_be_there() {
    for name in ["iss", "sub", "aud", "client_id", "iat", "exp", "jti"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(matches!(refused(&header(), &claims), AccessTokenError::Jwt(JwtError::Claims(_))), "{name}");
    }
}

#[test]
fn a_token_counted_before_its_issuer_meant_it_to() {
    let later = token(&header(), &claims_with("nbf", json!(ISSUED + 100)));
    let error = judge_at(39, &later).unwrap_err();
    assert!(matches!(error, AccessTokenError::NotYet { .. }), "{error}");
    assert!(judge_at(40, &later).is_ok(), "the two clocks may differ");
}

#[test]
fn another_issuer_is_refused_to_the_letter() {
    for issuer in ["https://issuer.example", "https://issuer.example/x", "HTTPS://issuer.example/"] {
        assert_eq!(refused(&header(), &claims_with("iss", json!(issuer))), AccessTokenError::Issuer);
    }
}

#[test]
fn another_audience_is_refused() {
    for audience in [json!("https://api.example"), json!([]), json!(["https://other.example/"])] {
        assert_eq!(refused(&header(), &claims_with("aud", audience)), AccessTokenError::Audience);
    }
}

#[test]
fn algorithms_that_are_not_on_the_list_are_refused() {
    for alg in ["none", "None", "HS256", "PS256", "es256", ""] {
        let header = Header { alg: alg.into(), ..header() };
        assert_eq!(refused(&header, &claims()), AccessTokenError::Algorithm, "{alg}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_its_name() {
    let header = Header { kid: Some("withdrawn".into()), ..header() };
    let unknown = KeyChoiceError::Unknown("withdrawn".into());
    assert_eq!(refused(&header, &claims()), AccessTokenError::Key(unknown));
}

#[test]
fn a_wrong_signature_is_refused() {
    let input = jwt::signing_input(&header(), &claims()).unwrap();
    let forged = AccessToken::new(jwt::compact(&input, b"RS256"));
    assert_eq!(judge_at(1, &forged).unwrap_err(), AccessTokenError::Signature);
}

#[test]
fn an_expired_token_is_refused_in_the_words_of_the_article() {
    let token = token(&header(), &claims());
    assert!(judge_at(659, &token).is_ok());
    let error = judge_at(660, &token).unwrap_err();
    assert_eq!(error.to_string(), "The access token provided has expired.");
    assert_eq!(OAuthError::from(&error).error, ErrorCode::InvalidToken);
}

#[test]
fn a_token_from_the_future_names_the_clock_and_both_times() {
    let token = token(&header(), &claims());
    assert!(judge_at(-60, &token).is_ok());
    assert_eq!(
        judge_at(-61, &token).unwrap_err().to_string(),
        "The access token provided is used too early: this server's clock says 2027-01-15T07:58:59Z, and by the issuer's \
         clock it was issued at 2027-01-15T08:00:00Z; one of the two clocks is wrong."
    );
}

#[test]
fn a_bound_token_is_its_key_s_and_an_unbound_one_nobody_s() {
    let [key, other] = ["k", "o"].map(|letter| JwkThumbprint::parse(&letter.repeat(43)).unwrap());
    let bound = token(&header(), &claims_with("cnf", json!({ "jkt": key.as_str() })));
    assert!(judge_proven(1, &bound, Some(&key)).is_ok());
    assert_eq!(judge_proven(1, &bound, None).unwrap_err(), AccessTokenError::Unproven);
    assert_eq!(judge_proven(1, &bound, Some(&other)).unwrap_err(), AccessTokenError::OtherKey);
    let unbound = token(&header(), &claims());
    assert_eq!(judge_proven(1, &unbound, Some(&key)).unwrap_err(), AccessTokenError::Unbound);
}

proptest! {
    #[test]
    fn anything_is_judged(text in "\\PC{0,60}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}", now in any::<i32>()) {
        prop_assert!(judge_at(now.into(), &AccessToken::new(text)).is_err());
    }

    /// Whatever the claims say, dates out of all proportion included.
    #[test]
    fn any_dates_are_judged(iat in any::<f64>(), exp in any::<i64>(), now in any::<i32>()) {
        let mut claims = claims_with("iat", json!(iat));
        claims["exp"] = json!(exp);
        let _ = judge_at(now.into(), &token(&header(), &claims));
    }
}

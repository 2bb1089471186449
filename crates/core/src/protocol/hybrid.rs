//! The hybrid flow of a server that keeps a secret: an ID token at once, together with the code (OIDC Core §3.3).
//!
//! `response_type=code id_token`, posted to the server as a form, so that nothing stands in an address. The ID token binds
//! the code before anything is redeemed: a code that was swapped on the way does not fit its `c_hash`.

use super::authorize::{self, Asked, AuthorizationRequest, Entropy, Transaction};
use super::callback::{self, CallbackError};
use super::id_token::{Expectation, IdTokenClaims};
use super::metadata::ProviderMetadata;
use super::names::{AccessToken, AuthorizationCode, IdToken};
use super::params::Params;
use super::pkce;
use super::response_mode::ResponseMode;
use crate::address::Address;
use crate::time::UnixTime;

/// `response_type` of this flow.
pub const RESPONSE_TYPE: &str = "code id_token";

/// How the response comes: the default of this type, `fragment`, never reaches a server (Form Post Response Mode §2).
pub const RESPONSE_MODE: ResponseMode = ResponseMode::FormPost;

/// Begins an authorization: the address to go to, and what to remember. PKCE is used here too (RFC 9700 §2.1.1).
///
/// State, nonce and PKCE verifier are new for every transaction, so `entropy` must be fresh. The request's own flow and
/// response mode play no part.
pub fn begin(
    metadata: &ProviderMetadata,
    request: &AuthorizationRequest<'_>,
    entropy: Entropy,
    now: UnixTime,
) -> (Address, Transaction) {
    let transaction = authorize::transaction(metadata, request, None, entropy, now);
    let challenge = pkce::challenge(&transaction.code_verifier);
    let asked = Asked { response_type: RESPONSE_TYPE, response_mode: Some(RESPONSE_MODE) };
    let endpoint = &metadata.authorization_endpoint;
    (authorize::request_url(endpoint, request, &asked, &transaction, Some(&challenge)), transaction)
}

/// What a good response brings: neither is believed before the ID token is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// A code to redeem.
    pub code: AuthorizationCode,
    /// Who signed in, and which code belongs to it.
    pub id_token: IdToken,
}

/// Judges a response against what was remembered of the request (§3.3.2.8).
///
/// # Errors
/// A [`CallbackError`]. The transaction is spent either way.
pub fn judge(params: &Params, transaction: &Transaction, now: UnixTime) -> Result<Granted, CallbackError> {
    callback::check(params, transaction, now)?;
    // §3.3.2.5: "The Access Token and ID Token are returned" only where the response type says so (RFC 9700 §4.8).
    if params.has("access_token") {
        return Err(CallbackError::Unasked);
    }
    let required = |name: &'static str| params.filled(name).ok_or(CallbackError::Missing(name));
    Ok(Granted { code: AuthorizationCode::new(required("code")?), id_token: IdToken::new(required("id_token")?) })
}

impl Granted {
    /// What the ID token beside the code must agree with (§3.3.2.11, §3.3.2.12): the nonce of the request, and a `c_hash`
    /// that fits the code. `common` is what holds for every ID token of this transaction.
    pub fn expectation<'a>(&'a self, transaction: &'a Transaction, common: Expectation<'a>) -> Expectation<'a> {
        Expectation {
            nonce: Some(&transaction.nonce),
            code: Some(&self.code),
            access_token: None,
            front_channel: true,
            renews: None,
            ..common
        }
    }
}

/// What the ID token that the code was redeemed for must agree with (§3.3.3.6): issuer and person of the `first` one, the
/// same nonce, and the access token, if it names one.
pub fn second_expectation<'a>(
    first: &'a IdTokenClaims,
    transaction: &'a Transaction,
    access_token: &'a AccessToken,
    common: Expectation<'a>,
) -> Expectation<'a> {
    Expectation {
        nonce: Some(&transaction.nonce),
        code: None,
        access_token: Some(access_token),
        front_channel: false,
        renews: Some(first),
        ..common
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::protocol::authorize::tests::metadata;
    use crate::protocol::authorize::{AuthorizationParameters, Flow, Prompt};
    use crate::protocol::id_token::tests::{HashVerifier, ready};
    use crate::protocol::id_token::{self, IdTokenError, half_hash};
    use crate::protocol::jwk::JwkSet;
    use crate::protocol::jwt::{Algorithm, Header, compact, signing_input};
    use crate::protocol::params::encode;
    use crate::protocol::{ClientId, ErrorCode, Issuer, Scope};

    const NOW: UnixTime = UnixTime::from_seconds(1010);
    const ISS: (&str, &str) = ("iss", "https://issuer.example/");

    fn begun() -> (Address, Transaction) {
        let request = AuthorizationRequest {
            client_id: &ClientId::new("server"),
            redirect_uri: "https://server.example/callback",
            flow: Flow::Code,
            response_mode: None,
            scope: &Scope::parse("openid"),
            audience: None,
            prompt: None::<Prompt>,
            parameters: &AuthorizationParameters::default(),
            id_token_hint: None,
        };
        begin(&metadata(), &request, [[1; 32], [2; 32], [3; 32]], UnixTime::from_seconds(1000))
    }

    fn judged(parameters: &[(&str, &str)]) -> Result<Granted, CallbackError> {
        let (_, transaction) = begun();
        let all = parameters.iter().copied().chain([("state", transaction.state.secret())]);
        judge(&Params::parse(&encode(all)).unwrap(), &transaction, NOW)
    }

    /// The claims of the ID token beside the code `c`, good but for `change`, as they are judged.
    fn first(change: impl FnOnce(&mut Value)) -> Result<IdTokenClaims, IdTokenError> {
        let (_, transaction) = begun();
        let granted = judged(&[("code", "c"), ("id_token", "i"), ISS]).unwrap();
        validated(change, |common| granted.expectation(&transaction, common))
    }

    /// The same for the ID token that came with the access token `a`.
    fn second(change: impl FnOnce(&mut Value)) -> Result<IdTokenClaims, IdTokenError> {
        let (_, transaction) = begun();
        let (known, access_token) = (first(|_| {}).unwrap(), AccessToken::new("a"));
        validated(change, |common| second_expectation(&known, &transaction, &access_token, common))
    }

    fn validated<'a>(
        change: impl FnOnce(&mut Value),
        expectation: impl FnOnce(Expectation<'static>) -> Expectation<'a>,
    ) -> Result<IdTokenClaims, IdTokenError> {
        let (_, transaction) = begun();
        let mut claims = json!({
            "iss": "https://issuer.example/", "sub": "tess", "aud": "server", "exp": 2000, "iat": 1005,
            "nonce": transaction.nonce.secret(), "c_hash": half_hash("c"), "at_hash": half_hash("a"),
        });
        change(&mut claims);
        let header = Header { alg: "ES256".into(), kid: None, typ: None, crit: None };
        let input = signing_input(&header, &claims).unwrap();
        let token = IdToken::new(compact(&input, &Sha256::digest(input.as_bytes())));
        let keys = JwkSet::parse(br#"{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y"}]}"#).unwrap();
        let common = Expectation {
            issuer: Box::leak(Box::new(Issuer::new("https://issuer.example/"))),
            client_id: Box::leak(Box::new(ClientId::new("server"))),
            nonce: None,
            algorithms: &[Algorithm::Es256],
            max_age: None,
            access_token: None,
            code: None,
            front_channel: false,
            renews: None,
            now: NOW,
            tolerance: Duration::from_secs(60),
        };
        ready(id_token::validate(&token, &keys, &HashVerifier, &expectation(common)))
    }

    #[test]
    fn the_request_asks_for_both_in_a_form_and_carries_pkce() {
        let (url, transaction) = begun();
        let (_, query) = url.as_str().split_once('?').unwrap();
        let query = Params::parse(query).unwrap();
        assert_eq!(query.first("response_type"), Some("code id_token"));
        assert_eq!(query.first("response_mode"), Some("form_post"));
        assert_eq!(query.first("nonce"), Some(transaction.nonce.secret()));
        assert_eq!(query.first("code_challenge"), Some(pkce::challenge(&transaction.code_verifier).as_str()));
    }

    #[test]
    fn a_code_and_an_id_token_are_granted() {
        let granted = judged(&[("code", "c"), ("id_token", "i"), ISS]).unwrap();
        assert_eq!(granted, Granted { code: AuthorizationCode::new("c"), id_token: IdToken::new("i") });
    }

    #[test]
    fn what_holds_for_every_response_holds_here() {
        let (_, transaction) = begun();
        let forged = Params::parse("code=c&id_token=i&state=forged").unwrap();
        assert_eq!(judge(&forged, &transaction, NOW).unwrap_err(), CallbackError::State);
        assert_eq!(judged(&[("code", "c")]).unwrap_err(), CallbackError::IssuerMissing);
        // RFC 9207 §4: the ID token names the issuer as well.
        assert!(judged(&[("code", "c"), ("id_token", "i")]).is_ok());
        let refused = judged(&[("error", "access_denied"), ISS]).unwrap_err();
        assert!(matches!(refused, CallbackError::Refused(error) if error.error == ErrorCode::AccessDenied));
    }

    #[test]
    fn both_parts_are_needed_and_no_other_comes() {
        assert_eq!(judged(&[("id_token", "i"), ISS]).unwrap_err(), CallbackError::Missing("code"));
        assert_eq!(judged(&[("code", "c"), ISS]).unwrap_err(), CallbackError::Missing("id_token"));
        let more = judged(&[("code", "c"), ("id_token", "i"), ("access_token", "a"), ISS]);
        assert_eq!(more.unwrap_err(), CallbackError::Unasked);
    }

    #[test]
    fn section_3_3_2_11_the_code_must_be_the_one_the_id_token_names() {
        assert_eq!(first(|_| {}).unwrap().sub.as_str(), "tess");
        for hash in [json!(null), half_hash("another").into()] {
            assert_eq!(first(|claims| claims["c_hash"] = hash).unwrap_err(), IdTokenError::CodeHash);
        }
    }

    #[test]
    fn section_3_3_2_12_the_nonce_is_required() {
        for nonce in [json!(null), json!("another")] {
            assert_eq!(first(|claims| claims["nonce"] = nonce).unwrap_err(), IdTokenError::Nonce);
        }
    }

    #[test]
    fn section_3_3_3_6_both_id_tokens_name_the_same_issuer_and_person() {
        assert_eq!(second(|_| {}).unwrap().sub.as_str(), "tess");
        assert_eq!(second(|claims| claims["sub"] = "eve".into()).unwrap_err(), IdTokenError::OtherPerson);
        let other = second(|claims| claims["iss"] = "https://other.example/".into()).unwrap_err();
        assert!(matches!(other, IdTokenError::Issuer { .. }), "{other}");
    }

    #[test]
    fn section_3_3_3_9_the_access_token_must_fit_and_the_hashes_may_be_left_out() {
        let wrong = second(|claims| claims["at_hash"] = half_hash("another").into());
        assert_eq!(wrong.unwrap_err(), IdTokenError::AccessTokenHash);
        let bare = second(|claims| {
            claims["at_hash"] = json!(null);
            claims["c_hash"] = json!(null);
        });
        assert!(bare.is_ok());
    }
}

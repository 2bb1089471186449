//! Discovery: what an issuer says about itself (OpenID Connect Discovery 1.0, RFC 8414).

mod shortcoming;

use serde::Serialize;

use super::json;
use super::jwt::Algorithm;
use super::names::Issuer;
use super::response_mode::ResponseMode;
use crate::address::Address;
pub use shortcoming::Shortcoming;

/// The issuer's own description (Discovery §3, RFC 8414 §2, RFC 9207 §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderMetadata {
    /// The issuer identifier; equal, byte by byte, to the one that was asked.
    pub issuer: Issuer,
    /// Where a person is sent to sign in.
    pub authorization_endpoint: Address,
    /// Where codes and refresh tokens become tokens. Absent for an implicit-only issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<Address>,
    /// Where the public keys are.
    pub jwks_uri: Address,
    /// Claims about the person (OIDC Core §5.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Address>,
    /// Where the issuer's own session ends (RP-Initiated Logout §2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<Address>,
    /// Where tokens are revoked (RFC 7009).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Address>,
    /// Where tokens are looked up (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<Address>,
    /// Where the list of tokens revoked before their time is ([`super::revoked`]). A member of Evergrant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_tokens_endpoint: Option<Address>,
    /// Below which developers move the clock and order failures. A member of Evergrant's own, there with `--dev` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dev_endpoint: Option<Address>,
    /// Which response types work.
    pub response_types_supported: Vec<String>,
    /// Which response modes work; when absent, `query` and `fragment`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// Which grants work; when absent, `authorization_code` and `implicit`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// Which subject identifiers are given: `public`, `pairwise`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_types_supported: Vec<String>,
    /// How ID tokens are signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Which scopes there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Which claims there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
    /// How clients authenticate at the token endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Which PKCE methods work (RFC 8414 §2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Which `prompt` values work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt_values_supported: Vec<String>,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether authorization requests are taken alone that were pushed before (RFC 9126 §5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether authorization requests are taken alone that the client has signed (RFC 9101 §10.5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
}

json::members!(ProviderMetadata {
    issuer: required,
    authorization_endpoint: required,
    token_endpoint: filled,
    jwks_uri: required,
    userinfo_endpoint: filled,
    end_session_endpoint: filled,
    revocation_endpoint: filled,
    introspection_endpoint: filled,
    revoked_tokens_endpoint: filled,
    dev_endpoint: filled,
    response_types_supported: or_default,
    response_modes_supported: or_default,
    grant_types_supported: or_default,
    subject_types_supported: or_default,
    id_token_signing_alg_values_supported: or_default,
    scopes_supported: or_default,
    claims_supported: or_default,
    token_endpoint_auth_methods_supported: or_default,
    code_challenge_methods_supported: or_default,
    prompt_values_supported: or_default,
    authorization_response_iss_parameter_supported: or_default,
    require_pushed_authorization_requests: or_default,
    require_signed_request_object: or_default,
});

impl ProviderMetadata {
    /// The signature algorithms the issuer names that are also accepted here; all accepted ones when it names none.
    pub fn signing_algorithms(&self) -> Vec<Algorithm> {
        if self.id_token_signing_alg_values_supported.is_empty() {
            return Algorithm::ALL.to_vec();
        }
        self.id_token_signing_alg_values_supported.iter().filter_map(|name| Algorithm::from_name(name)).collect()
    }

    /// Whether a refresh token that is revoked takes nothing along but what came of its own grant.
    ///
    /// RFC 7009 §2.1 leaves that to the issuer, and some end every grant that the person gave the client. One that publishes
    /// which grants are over ends them one by one.
    pub fn ends_grants_one_by_one(&self) -> bool {
        self.revoked_tokens_endpoint.is_some()
    }

    /// Whether the issuer names a response type.
    pub fn offers_response_type(&self, response_type: &str) -> bool {
        self.response_types_supported.iter().any(|named| named == response_type)
    }

    /// Whether the issuer says that its answers travel by `mode`. Those that need not be named (Discovery §3) count too.
    pub fn offers_mode(&self, mode: ResponseMode) -> bool {
        match self.response_modes_supported.as_slice() {
            [] => matches!(mode, ResponseMode::Query | ResponseMode::Fragment),
            named => named.iter().any(|name| name == mode.as_str()),
        }
    }
}

/// Where an issuer's metadata is (Discovery §4.1: a terminating `/` is removed first).
pub fn discovery_url(issuer: &Issuer) -> String {
    format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'))
}

/// Judges the answer to a request for [`discovery_url`].
///
/// # Errors
/// A [`MetadataError`]; each of its texts says what to look at.
pub fn judge(issuer: &Issuer, status: u16, body: &[u8]) -> Result<ProviderMetadata, MetadataError> {
    // Discovery §4.2: a successful response is 200.
    if status != 200 {
        return Err(MetadataError::Status(status));
    }
    let metadata: ProviderMetadata = json::read(body).map_err(|error| MetadataError::NotMetadata(error.to_string()))?;
    // Discovery §4.3: exactly the issuer that was asked, or somebody else answers in its name.
    if metadata.issuer != *issuer {
        return Err(MetadataError::OtherIssuer { expected: issuer.clone(), found: metadata.issuer });
    }
    // RFC 9700 §2.6, OIDC Core §3.1.2.1 and RFC 7009 §2: tokens travel over TLS, or not beyond this machine.
    let endpoints = [
        Some(&metadata.authorization_endpoint),
        metadata.token_endpoint.as_ref(),
        Some(&metadata.jwks_uri),
        metadata.end_session_endpoint.as_ref(),
        metadata.revocation_endpoint.as_ref(),
    ];
    if let Some(url) = endpoints.into_iter().flatten().find(|url| !is_safe_to_use(url)) {
        return Err(MetadataError::NotHttps(url.clone()));
    }
    Ok(metadata)
}

/// Whether `url` is `https`, or `http` to this machine (RFC 8252 §8.3).
pub fn is_safe_to_use(url: &Address) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url.is_loopback(),
        _ => false,
    }
}

/// Why an issuer's metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The answer was not 200.
    #[error("the issuer answered {0} when asked for its metadata: is the issuer's address right?")]
    Status(u16),
    /// Not JSON, or a required member is missing.
    #[error("what the issuer sent is not OpenID provider metadata: {0}")]
    NotMetadata(String),
    /// The document speaks for another issuer.
    #[error(
        "the metadata is that of {found}, not of {expected}: the two must be the same to the letter, final slash included"
    )]
    OtherIssuer {
        /// Who was asked.
        expected: Issuer,
        /// Who answered.
        found: Issuer,
    },
    /// An endpoint would send tokens in clear over a network.
    #[error("the endpoint {0} is neither https nor on this machine")]
    NotHttps(Address),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ISSUER: &str = "http://localhost:3000/";

    fn document(issuer: &str, token_endpoint: &str) -> Vec<u8> {
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{ISSUER}authorize","jwks_uri":"{ISSUER}jwks",
                "token_endpoint":"{token_endpoint}","response_types_supported":["code"],
                "id_token_signing_alg_values_supported":["HS256","ES256"]}}"#
        )
        .into_bytes()
    }

    #[test]
    fn discovery_url_drops_the_final_slash_alone() {
        for issuer in ["https://a.example/tenant/", "https://a.example/tenant"] {
            assert_eq!(
                discovery_url(&Issuer::new(issuer)),
                "https://a.example/tenant/.well-known/openid-configuration"
            );
        }
    }

    #[test]
    fn good_metadata_is_read() {
        let metadata = judge(&Issuer::new(ISSUER), 200, &document(ISSUER, "https://a.example/token")).unwrap();
        assert_eq!(metadata.signing_algorithms(), [Algorithm::Es256]);
        assert!(!metadata.authorization_response_iss_parameter_supported);
    }

    #[test]
    fn metadata_from_an_editor_that_marks_its_files_is_read() {
        let document = [b"\xEF\xBB\xBF".as_slice(), &document(ISSUER, "https://a.example/token")].concat();
        assert!(judge(&Issuer::new(ISSUER), 200, &document).is_ok());
    }

    #[test]
    fn an_endpoint_that_is_left_empty_is_not_there() {
        let named = String::from_utf8(document(ISSUER, "")).unwrap();
        let empty = named.replacen('{', r#"{"end_session_endpoint":"","#, 1);
        let metadata = judge(&Issuer::new(ISSUER), 200, empty.as_bytes()).unwrap();
        assert_eq!((metadata.token_endpoint, metadata.end_session_endpoint), (None, None));
    }

    #[test]
    fn what_is_not_named_is_what_discovery_assumes() {
        let mut metadata = judge(&Issuer::new(ISSUER), 200, &document(ISSUER, "https://a.example/token")).unwrap();
        assert!(metadata.offers_mode(ResponseMode::Query) && !metadata.offers_mode(ResponseMode::WebMessage));
        metadata.response_modes_supported = vec!["web_message".into()];
        assert!(metadata.offers_mode(ResponseMode::WebMessage) && !metadata.offers_mode(ResponseMode::Query));
    }

    #[test]
    fn each_way_to_be_wrong_is_named() {
        let issuer = Issuer::new(ISSUER);
        assert_eq!(judge(&issuer, 404, b"").unwrap_err(), MetadataError::Status(404));
        assert!(matches!(judge(&issuer, 200, b"<html>"), Err(MetadataError::NotMetadata(_))));
        let other = judge(&issuer, 200, &document("http://localhost:3000", "https://a.example/t")).unwrap_err();
        assert!(matches!(other, MetadataError::OtherIssuer { .. }), "{other}");
        let clear = judge(&issuer, 200, &document(ISSUER, "http://a.example/token")).unwrap_err();
        assert!(matches!(clear, MetadataError::NotHttps(_)), "{clear}");
    }

    #[test]
    fn a_refresh_token_was_revoked_in_the_clear_where_the_issuer_said_so() {
        let named = String::from_utf8(document(ISSUER, "https://a.example/token")).unwrap();
        let revoked_at = |url: &str| named.replacen('{', &format!(r#"{{"revocation_endpoint":"{url}","#), 1);
        let judged = |url: &str| judge(&Issuer::new(ISSUER), 200, revoked_at(url).as_bytes());
        assert!(matches!(judged("http://a.example/revoke"), Err(MetadataError::NotHttps(_))));
        assert!(judged("https://a.example/revoke").is_ok() && judged("http://localhost:3000/revoke").is_ok());
    }

    proptest! {
        #[test]
        fn anything_is_judged(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = judge(&Issuer::new(ISSUER), status, &body);
        }
    }
}

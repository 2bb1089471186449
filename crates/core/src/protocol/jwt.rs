//! JSON Web Tokens in compact form (RFC 7515, RFC 7519): taken apart, put together, never trusted by themselves.

use std::fmt;
use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::json;
use super::jwk::Jwk;

/// The longest token that is looked at, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Room for the JSON of most tokens, in bytes, so that writing it allocates once.
const USUAL: usize = 512;

/// The signature algorithms that are accepted: asymmetric ones alone, so `none` and the MACs cannot even be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384 (RFC 7518 §3.4).
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA with P-521 and SHA-512 (RFC 7518 §3.4).
    #[serde(rename = "ES512")]
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256 (RFC 7518 §3.5).
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// EdDSA with Ed25519 (RFC 8037 §3.1), the one curve of it that browsers know.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// The hash function of an algorithm: what it signs, and what `at_hash` and `c_hash` are made with (OIDC Core §3.1.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm this system can check.
    pub const ALL: [Self; 10] = [
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
    ];

    /// The algorithm of a registered name (RFC 7518 §3.1); `None` for one that is not accepted here. `Ed25519` says the same as
    /// `EdDSA` with that curve (RFC 9864 §2.2).
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { Self::EdDsa.name() } else { name };
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The registered name (RFC 7518 §3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Its hash function. Ed25519 has SHA-512 inside (RFC 8032 §5.1).
    pub const fn hash(self) -> Hash {
        match self {
            Self::Es256 | Self::Rs256 | Self::Ps256 => Hash::Sha256,
            Self::Es384 | Self::Rs384 | Self::Ps384 => Hash::Sha384,
            Self::Es512 | Self::Rs512 | Self::Ps512 | Self::EdDsa => Hash::Sha512,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A JOSE header, as far as it matters here (RFC 7515 §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// `alg`, still unjudged.
    pub alg: String,
    /// `kid`: which of the issuer's keys signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `typ`: `at+jwt` for access tokens (RFC 9068 §2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// `crit`: extensions that must be understood. None is, so a token that has it is refused (RFC 7515 §4.1.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crit: Option<Vec<String>>,
}

json::members!(Header { alg: required, kid: optional, typ: optional, crit: optional });

/// A token taken apart. Nothing in it is verified. `Debug` shows the header alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified<'a> {
    /// The decoded header.
    pub header: Header,
    /// What was signed: header and payload as they stand on the wire.
    pub signing_input: &'a [u8],
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The decoded signature.
    pub signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a compact serialization apart (RFC 7515 §5.2, steps 1 to 7).
    ///
    /// # Errors
    /// A [`JwtError`] that says which part is not what it must be.
    pub fn parse(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > LONGEST {
            return Err(JwtError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwtError::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwtError::Parts)?;
        if payload.contains('.') {
            return Err(JwtError::Parts);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Base64);
        let header: Header = json::read(&decode(header)?).map_err(|_| JwtError::Header)?;
        if header.crit.is_some() {
            return Err(JwtError::Critical);
        }
        Ok(Self {
            header,
            signing_input: signing_input.as_bytes(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// Reads the payload as claims, still unverified.
    ///
    /// # Errors
    /// [`JwtError::Claims`] when the payload is not JSON of that shape.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwtError> {
        json::read(&self.payload).map_err(|error| JwtError::Claims(JsonPlace::from(&error)))
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Unverified").field("header", &self.header).finish_non_exhaustive()
    }
}

/// What [`Unverified::signing_input`] will be for this header and these claims.
///
/// # Errors
/// [`JwtError::Claims`] when the claims cannot be written as JSON.
pub fn signing_input(header: &Header, claims: &impl Serialize) -> Result<String, JwtError> {
    let written = |error: serde_json::Error| JwtError::Claims(JsonPlace::from(&error));
    let mut json = Vec::with_capacity(USUAL);
    let mut input = String::with_capacity(2 * USUAL);
    serde_json::to_writer(&mut json, header).map_err(written)?;
    URL_SAFE_NO_PAD.encode_string(&json, &mut input);
    input.push('.');
    json.clear();
    serde_json::to_writer(&mut json, claims).map_err(written)?;
    URL_SAFE_NO_PAD.encode_string(&json, &mut input);
    Ok(input)
}

/// The compact serialization: signing input and signature (RFC 7515 §7.1).
pub fn compact(signing_input: impl Into<String>, signature: &[u8]) -> String {
    let mut token = signing_input.into();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// Checks signatures: WebCrypto in the browser, a native crypto crate on servers.
///
/// The answer is a future because WebCrypto's is; a native checker returns one that is ready.
pub trait SignatureVerifier {
    /// Whether `signature` over `message` was made by the private half of `key` with `algorithm`.
    ///
    /// # Errors
    /// [`CryptoUnavailable`] when the signature could not be checked at all: never to be taken for a good one.
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> impl Future<Output = Result<bool, CryptoUnavailable>>;

    /// The digest of `message`. SHA-256 is never asked for: it is at hand without a platform's help.
    ///
    /// # Errors
    /// [`CryptoUnavailable`] when it could not be made.
    fn digest(&self, hash: Hash, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, CryptoUnavailable>>;
}

/// Signatures cannot be checked here, with the reason as the platform gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signatures cannot be checked here: {0}")]
pub struct CryptoUnavailable(pub String);

/// Where in a JSON text something is wrong; never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonPlace {
    /// Line, from 1; 0 when the text is JSON, but lacks a member or has one of another kind.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl From<&serde_json::Error> for JsonPlace {
    fn from(error: &serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column() }
    }
}

impl fmt::Display for JsonPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => formatter.write_str("one is missing, or not of the right kind"),
            line => write!(formatter, "line {line}, column {}", self.column),
        }
    }
}

/// Why a text is not a JWT that could be looked at further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Longer than [`LONGEST`] bytes.
    #[error("the token is longer than {LONGEST} bytes")]
    TooLong,
    /// Not three parts.
    #[error("the token does not have three parts separated by dots: an encrypted one has five")]
    Parts,
    /// A part is not base64url without padding.
    #[error("a part of the token is not base64url")]
    Base64,
    /// The header is not a JOSE header.
    #[error("the token's header is not JSON with an alg")]
    Header,
    /// The header has `crit`.
    #[error("the token's header names critical extensions, and none is known here")]
    Critical,
    /// The payload is not JSON of the expected shape.
    #[error("the token's claims are not what they should be ({0})")]
    Claims(JsonPlace),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The unsecured token of RFC 7519 §6.1.
    const UNSECURED: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

    #[test]
    fn a_token_is_taken_apart() {
        let token = Unverified::parse(UNSECURED).unwrap();
        assert_eq!(token.header.alg, "none");
        assert_eq!(Algorithm::from_name(&token.header.alg), None);
        assert!(token.signature.is_empty());
    }

    #[test]
    fn what_is_not_a_token_says_why() {
        for (text, why) in [
            ("", JwtError::Parts),
            ("a.b", JwtError::Parts),
            ("a.b.c.d", JwtError::Parts),
            ("!.b.c", JwtError::Base64),
            ("e30.e30.e30", JwtError::Header),
            ("eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdfQ.e30.e30", JwtError::Critical),
        ] {
            assert_eq!(Unverified::parse(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn an_encrypted_token_is_spoken_of_where_the_parts_are_not_three() {
        let error = Unverified::parse("e30.key.iv.ciphertext.tag").unwrap_err();
        assert_eq!(error, JwtError::Parts);
        assert!(error.to_string().contains("encrypted"), "{error}");
    }

    #[test]
    fn claims_of_another_kind_are_not_quoted() {
        #[derive(Debug, serde::Deserialize)]
        struct Claims {
            #[expect(dead_code, reason = "it is never a number")]
            sub: u8,
        }
        let header = Header { alg: "ES256".into(), kid: None, typ: None, crit: None };
        for sub in [serde_json::json!("private"), serde_json::json!({ "private": 1 })] {
            let token = compact(signing_input(&header, &serde_json::json!({ "sub": sub })).unwrap(), &[1]);
            let error = Unverified::parse(&token).unwrap().claims::<Claims>().unwrap_err();
            assert!(!error.to_string().contains("private"), "{error}");
        }
    }

    #[test]
    fn what_is_put_together_comes_apart_again() {
        let header = Header { alg: "ES256".into(), kid: Some("1".into()), typ: None, crit: None };
        let input = signing_input(&header, &serde_json::json!({"sub": "tess"})).unwrap();
        let token = compact(&input, &[1, 2, 3]);
        let parsed = Unverified::parse(&token).unwrap();
        assert_eq!(parsed.header, header);
        assert_eq!(parsed.signature, [1, 2, 3]);
        assert_eq!(parsed.signing_input, input.as_bytes());
    }

    proptest! {
        #[test]
        fn anything_is_parsed_or_refused(text in "[ -~]{0,200}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
            if let Ok(token) = Unverified::parse(&text) {
                let _ = token.claims::<serde_json::Value>();
            }
        }
    }
}

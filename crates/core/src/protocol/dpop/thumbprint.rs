//! Which key, in 43 characters (RFC 7638).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::protocol::json::{self, MemberError};
use crate::protocol::jwk::Jwk;

/// The SHA-256 of a public key's required members, in base64url (RFC 7638 §3, RFC 9449 §6.1: `jkt`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct JwkThumbprint(String);

/// Of 32 bytes in base64url.
const LENGTH: usize = 43;

impl JwkThumbprint {
    /// That of a key; `None` where the key is of an unknown kind, or lacks what its kind needs (RFC 7518 §6, RFC 8037 §2).
    pub fn of(key: &Jwk) -> Option<Self> {
        let [x, y, n, e] = [&key.x, &key.y, &key.n, &key.e].map(|member| member.as_deref().filter(is_base64url));
        // The required members alone, in lexicographic order, without spaces.
        let members = match (key.kty.as_str(), key.crv.as_deref()) {
            ("EC", Some(crv @ ("P-256" | "P-384" | "P-521"))) => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#, x?, y?)
            }
            ("OKP", Some("Ed25519")) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, x?),
            ("RSA", _) => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, e?, n?),
            _ => return None,
        };
        Some(Self(URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))))
    }

    /// Reads one; `None` when the text is not the base64url form of a SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == LENGTH && is_base64url(&text)).then(|| Self(text.to_owned()))
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

json::member! { JwkThumbprint: |value| value.as_str().and_then(Self::parse).ok_or(MemberError::OtherKind) }

impl fmt::Display for JwkThumbprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_base64url(text: &&str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(key: serde_json::Value) -> Option<String> {
        JwkThumbprint::of(&serde_json::from_value(key).unwrap()).map(|thumbprint| thumbprint.to_string())
    }

    #[test]
    fn the_example_of_rfc_7638_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                 tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5haj\
                 rn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        assert_eq!(of(key).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    }

    #[test]
    fn the_key_of_rfc_9449_and_that_of_rfc_8037() {
        let key = json!({
            "kty": "EC", "crv": "P-256",
            "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        assert_eq!(of(key).as_deref(), Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        assert_eq!(of(key).as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    }

    #[test]
    fn what_is_no_whole_key_has_none() {
        for key in [
            json!({ "kty": "EC", "crv": "P-256", "x": "x" }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": "x", "y": "y" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "x\",\"y\":\"", "y": "y" }),
            json!({ "kty": "RSA", "n": "n" }),
            json!({ "kty": "oct" }),
        ] {
            assert_eq!(of(key.clone()), None, "{key}");
        }
        for text in ["", "short", &"a".repeat(44), &"+".repeat(43)] {
            assert_eq!(JwkThumbprint::parse(text), None, "{text}");
        }
    }
}

//! What a client signs to prove a request; the signature is for whoever has the key to make.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::TYP;
use crate::protocol::names::AccessToken;
use crate::time::UnixTime;

/// The public half of a P-256 key, each coordinate in base64url (RFC 7518 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey<'a> {
    /// The x coordinate.
    pub x: &'a str,
    /// The y coordinate.
    pub y: &'a str,
}

/// One request that is to be proved; no proof is good for two (§4.3).
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// Where it goes; the query and the fragment are left out of the proof.
    pub url: &'a str,
    /// The access token that goes along, at an API.
    pub access_token: Option<&'a AccessToken>,
    /// The newest nonce of the server that is asked.
    pub nonce: Option<&'a str>,
}

/// What `key` signs with ES256 to prove a request made at `now`: hand it and the signature, 64 bytes of r and s (RFC 7518 §3.4), to
/// [`compact`](crate::protocol::jwt::compact).
pub fn signing_input(key: &PublicKey<'_>, request: &Request<'_>, entropy: [u8; 32], now: UnixTime) -> String {
    let header = json!({
        "typ": TYP,
        "alg": "ES256",
        "jwk": { "kty": "EC", "crv": "P-256", "x": key.x, "y": key.y },
    });
    let mut claims = json!({
        "jti": URL_SAFE_NO_PAD.encode(entropy),
        "htm": request.method,
        "htu": request.url.split(['?', '#']).next(),
        "iat": now.as_seconds(),
    });
    if let Some(token) = request.access_token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token.secret().as_bytes())).into();
    }
    if let Some(nonce) = request.nonce {
        claims["nonce"] = nonce.into();
    }
    let encoded = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encoded(header), encoded(claims))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;

    const KEY: PublicKey<'_> = PublicKey { x: "the-x", y: "the-y" };

    fn parts(request: &Request<'_>) -> [Value; 2] {
        let input = signing_input(&KEY, request, [7; 32], UnixTime::from_seconds(1_562_262_616));
        let (header, claims) = input.split_once('.').unwrap();
        [header, claims].map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
    }

    #[test]
    fn a_proof_says_what_rfc_9449_4_2_asks_for() {
        let url = "https://server.example.com/token?q=1#part";
        let [header, claims] = parts(&Request { method: "POST", url, access_token: None, nonce: None });
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "the-x", "y": "the-y" });
        assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }));
        let jti = URL_SAFE_NO_PAD.encode([7; 32]);
        let htu = "https://server.example.com/token";
        assert_eq!(claims, json!({ "jti": jti, "htm": "POST", "htu": htu, "iat": 1_562_262_616 }));
    }

    /// The example of RFC 9449 §7.1.
    #[test]
    fn at_an_api_it_names_the_token_by_its_hash() {
        let token = AccessToken::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
        let url = "https://resource.example.org/protectedresource";
        let [_, claims] = parts(&Request { method: "GET", url, access_token: Some(&token), nonce: Some("a \" nonce") });
        assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert_eq!(claims["nonce"], "a \" nonce");
    }
}

//! Signatures are checked by WebCrypto, with the examples of RFC 7515.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

#[path = "../../core/tests/signatures/tokens.rs"]
mod tokens;

use evergrant_browser::crypto::{WebCrypto, entropy};
use evergrant_core::protocol::jwk::Jwk;
use evergrant_core::protocol::jwt::{Algorithm, Hash, SignatureVerifier, Unverified};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// RFC 7515 appendix A.3.
const ES256: (&str, &str) = (
    r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);

/// RFC 7515 appendix A.2.
const RS256: (&str, &str) = (
    r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);

async fn verify(algorithm: Algorithm, key: &str, token: &str) -> bool {
    let key: Jwk = serde_json::from_str(key).unwrap();
    let jwt = Unverified::parse(token).unwrap();
    WebCrypto.verify(algorithm, &key, jwt.signing_input, &jwt.signature).await.unwrap()
}

#[wasm_bindgen_test]
async fn the_examples_of_rfc_7515_verify() {
    assert!(verify(Algorithm::Es256, ES256.0, ES256.1).await);
    assert!(verify(Algorithm::Rs256, RS256.0, RS256.1).await);
}

#[wasm_bindgen_test]
async fn each_other_algorithm_verifies_its_own_signature() {
    for (name, key, token) in tokens::TOKENS {
        let algorithm = Algorithm::from_name(name).unwrap();
        assert!(verify(algorithm, key, token).await, "{name}");
        let forged = token.replace(".eyJ", ".fyJ").replace(".RX", ".SX");
        assert_ne!(forged, token);
        assert!(!verify(algorithm, key, &forged).await, "{name}");
    }
}

#[wasm_bindgen_test]
async fn digests_are_those_of_fips_180() {
    // The first bytes of the digests of "abc".
    for (hash, begins) in [(Hash::Sha384, [0xcb, 0x00, 0x75, 0x3f]), (Hash::Sha512, [0xdd, 0xaf, 0x35, 0xa1])] {
        assert_eq!(WebCrypto.digest(hash, b"abc").await.unwrap()[..4], begins, "{hash:?}");
    }
}

#[wasm_bindgen_test]
async fn a_changed_payload_does_not_verify() {
    for (algorithm, (key, token)) in [(Algorithm::Es256, ES256), (Algorithm::Rs256, RS256)] {
        let forged = token.replace(".eyJpc3MiOiJqb2Ui", ".eyJpc3MiOiJldmUi");
        assert_ne!(forged, token);
        assert!(!verify(algorithm, key, &forged).await, "{algorithm}");
    }
}

#[wasm_bindgen_test]
async fn another_algorithm_of_the_same_key_kind_does_not_verify() {
    assert!(!verify(Algorithm::Ps256, RS256.0, RS256.1).await);
}

#[wasm_bindgen_test]
async fn a_key_that_is_none_verifies_nothing() {
    for key in [r#"{"kty":"EC","crv":"P-256"}"#, r#"{"kty":"EC","crv":"P-256","x":"!","y":"AA"}"#, r#"{"kty":"RSA"}"#] {
        assert!(!verify(Algorithm::Es256, key, ES256.1).await, "{key}");
    }
}

#[wasm_bindgen_test]
fn entropy_is_new_every_time() {
    let [first, second] = [entropy().unwrap(), entropy().unwrap()];
    assert_ne!(first, second);
    assert_ne!(first[0], first[1]);
}

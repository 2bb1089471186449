//! Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` protects against nothing we care about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::names::{CodeChallenge, CodeVerifier};

/// The only `code_challenge_method` this system speaks.
pub const METHOD: &str = "S256";

/// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))` (RFC 7636 §4.2).
pub fn challenge(verifier: &CodeVerifier) -> CodeChallenge {
    CodeChallenge::new(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.secret().as_bytes())))
}

/// Whether the verifier has the length and the characters of RFC 7636 §4.1.
pub fn is_well_formed(verifier: &CodeVerifier) -> bool {
    let text = verifier.secret();
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// The server's half: whether `verifier` is the one behind `challenge` (RFC 7636 §4.6).
///
/// The comparison needs no constant time: both sides are hashes of a value used once.
pub fn matches(verifier: &CodeVerifier, expected: &CodeChallenge) -> bool {
    is_well_formed(verifier) && challenge(verifier) == *expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        assert_eq!(challenge(&CodeVerifier::new(VERIFIER)).as_str(), CHALLENGE);
    }

    #[test]
    fn another_verifier_does_not_match() {
        let expected = CodeChallenge::new(CHALLENGE);
        assert!(matches(&CodeVerifier::new(VERIFIER), &expected));
        assert!(!matches(&CodeVerifier::from_entropy([7; 32]), &expected));
    }

    #[test]
    fn a_short_or_odd_verifier_is_refused() {
        for bad in ["short", &"a".repeat(129), &format!("{}!", "a".repeat(43))] {
            let verifier = CodeVerifier::new(bad);
            assert!(!matches(&verifier, &challenge(&verifier)), "{bad}");
        }
    }
}

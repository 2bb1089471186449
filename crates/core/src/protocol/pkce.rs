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

/// Whether the verifier has the length of RFC 7636 §4.1: a shorter one could be guessed.
pub fn has_right_length(verifier: &CodeVerifier) -> bool {
    (43..=128).contains(&verifier.secret().len())
}

/// The server's half: whether `verifier` is the one behind `challenge` (RFC 7636 §4.6), in whatever characters: some clients take
/// plain base64, with `+`, `/` and `=`, and that proves as much.
///
/// The comparison needs no constant time: both sides are hashes of a value used once.
pub fn matches(verifier: &CodeVerifier, expected: &CodeChallenge) -> bool {
    has_right_length(verifier) && challenge(verifier) == *expected
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
    fn a_short_or_long_verifier_is_refused() {
        for bad in ["short", &"a".repeat(42), &"a".repeat(129)] {
            let verifier = CodeVerifier::new(bad);
            assert!(!matches(&verifier, &challenge(&verifier)), "{bad}");
        }
    }
}

//! A type for every string that OAuth names, so that a nonce is never passed as a state. Secrets hide from `Debug`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::json::{self, Member, MemberError};

macro_rules! public_text {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it stands.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        json::member! { $name: |value| Member::read(value).map(Self).ok_or(MemberError::OtherKind) }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

macro_rules! secret_text {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it stands.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The secret itself. Hand it to a request or a store, never to a log.
            pub fn secret(&self) -> &str {
                &self.0
            }
        }

        json::member! { $name: |value| Member::read(value).map(Self).ok_or(MemberError::OtherKind) }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )*};
}

macro_rules! random_text {
    ($($name:ident)*) => {$(
        impl $name {
            /// From 256 bits of fresh randomness, in base64url (43 characters, all of them unreserved).
            pub fn from_entropy(entropy: [u8; 32]) -> Self {
                Self(URL_SAFE_NO_PAD.encode(entropy))
            }
        }
    )*};
}

public_text! {
    /// `client_id` (RFC 6749 §2.2).
    ClientId;
    /// An issuer identifier: compared byte by byte, never normalised (OIDC Core §2, RFC 9207 §2.4).
    Issuer;
    /// `sub`: who signed in, unique and stable at one issuer (OIDC Core §2).
    Subject;
    /// `code_challenge`, always S256 here (RFC 7636 §4.2).
    CodeChallenge;
}

secret_text! {
    /// An access token (RFC 6749 §1.4).
    AccessToken;
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken;
    /// An ID token in its compact form (OIDC Core §2).
    IdToken;
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode;
    /// `client_secret` of a confidential client (RFC 6749 §2.3.1).
    ClientSecret;
    /// `code_verifier` (RFC 7636 §4.1).
    CodeVerifier;
    /// `state`, one-time and bound to this browser (RFC 6749 §10.12).
    State;
    /// `nonce`, which ties an ID token to its request (OIDC Core §3.1.2.1).
    Nonce;
}

random_text! { CodeVerifier State Nonce }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_secret() {
        assert_eq!(format!("{:?}", AccessToken::new("eyJ.a.b")), "AccessToken(hidden)");
        assert_eq!(format!("{:?}", State::new("xyz")), "State(hidden)");
    }

    #[test]
    fn random_texts_are_43_unreserved_characters() {
        let verifier = CodeVerifier::from_entropy([0xff; 32]);
        assert_eq!(verifier.secret().len(), 43);
        assert!(verifier.secret().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}

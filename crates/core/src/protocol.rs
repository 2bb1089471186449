//! OAuth 2.0 and OpenID Connect as pairs of plain functions: one builds a request, one judges the response.
//!
//! | exchange | request | response | specification |
//! |---|---|---|---|
//! | discovery | [`metadata::discovery_url`] | [`metadata::judge`] | OpenID Connect Discovery 1.0 §4 |
//! | authorization | [`authorize::begin`] | [`callback::judge`] | RFC 6749 §4.1, OIDC Core §3 |
//! | authorization of a server, with an ID token at once | [`hybrid::begin`] | [`hybrid::judge`] | OIDC Core §3.3 |
//! | token | [`token::redeem_code`] | [`token::judge`] | RFC 6749 §4.1.3, §5 |
//! | token that is bound to a key | [`dpop::signing_input`] | [`token::judge_bound`] | RFC 9449 §4.2, §5 |
//! | access token | | [`access_token::judge`] | RFC 9068 §4 |
//! | ID token | | [`id_token::validate`] | OIDC Core §3.1.3.7, §3.2.2.11 |
//! | proof of possession | | [`dpop::validate`] | RFC 9449 §4.3 |
//! | revocation | [`revoke::refresh_token`] | [`revoke::judge`] | RFC 7009 §2 |
//! | UserInfo | | [`userinfo::judge`] | OIDC Core §5.3 |
//! | refusal by an API | [`challenge::Challenge`] | [`challenge::Challenge::find`] | RFC 6750 §3 |
//! | sign-out elsewhere, told to a server | | [`logout_token::validate`] | Back-Channel Logout 1.0 §2.6 |
//! | sign-out | [`logout::end_session_url`] | [`logout::judge`] | RP-Initiated Logout 1.0 §2 |
//!
//! Errors are enums; none of their texts carries a token, a code or a state.

pub mod access_token;
pub mod authorize;
pub mod callback;
pub mod challenge;
pub mod dpop;
pub mod error;
pub mod hybrid;
pub mod id_token;
pub(crate) mod json;
pub mod jwk;
pub mod jwt;
pub mod logout;
pub mod logout_token;
pub mod metadata;
pub mod names;
pub mod params;
pub mod pkce;
pub mod response_mode;
pub mod revoke;
pub mod revoked;
pub mod scope;
pub mod token;
pub mod userinfo;

pub use access_token::AccessTokenClaims;
pub use error::{ErrorCode, OAuthError};
pub use names::{
    AccessToken, AuthorizationCode, ClientId, ClientSecret, CodeChallenge, CodeVerifier, IdToken, Issuer, Nonce,
    RefreshToken, State, Subject,
};
pub use response_mode::ResponseMode;
pub use scope::Scope;
pub use userinfo::{Claims, UserInfo};

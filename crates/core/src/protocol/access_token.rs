//! Access tokens in the form of JWTs (RFC 9068): what they say, and whether they count.

mod judge;

use serde::Serialize;

use super::dpop::Confirmation;
use super::id_token::Audience;
use super::json;
use super::names::{ClientId, Issuer, Subject};
use super::scope::Scope;

pub use judge::{AccessTokenError, Expectation, check_confirmation, check_times, judge};

/// `typ` in the header of an access token (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: Issuer,
    /// Who granted it; the client itself where no person takes part.
    pub sub: Subject,
    /// The API it is for.
    pub aud: Audience,
    /// Who may use it.
    pub client_id: ClientId,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// When it begins to be good, in seconds since the epoch, if its issuer says so (RFC 7519 §4.1.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// When the person last entered credentials, in seconds since the epoch, if a person takes part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Unique to this token: what a list of revoked tokens names it by.
    pub jti: String,
    /// The grant it comes from, if a person gave one: what a list of revoked tokens names all tokens of the grant by. A claim
    /// of Evergrant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// What it allows; not written where that is nothing, for a scope has a word at least (RFC 6749 §3.3).
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The key that its sender must have, if it is bound to one (RFC 9449 §6.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

json::members!(AccessTokenClaims {
    iss: required,
    sub: required,
    aud: required,
    client_id: required,
    iat: required,
    exp: required,
    nbf: optional,
    auth_time: lenient,
    jti: required,
    grant_id: optional,
    scope: or_default,
    cnf: optional,
});

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_as_they_are_written() {
        let text = r#"{"iss":"https://a.example/","sub":"ann","aud":"https://api.example/","client_id":"app","iat":1,
                       "exp":61.5,"jti":"j","scope":"read:reports"}"#;
        let claims: AccessTokenClaims = serde_json::from_str(text).unwrap();
        assert_eq!((claims.exp, claims.grant_id.as_deref()), (61, None));
        assert!(claims.scope.contains("read:reports"));
        let written = serde_json::to_string(&claims).unwrap();
        assert_eq!(serde_json::from_str::<AccessTokenClaims>(&written).unwrap(), claims);
        assert!(!written.contains("grant_id") && !written.contains("auth_time"), "{written}");
        assert!(!written.contains("cnf"), "{written}");
    }

    #[test]
    fn a_key_that_it_is_bound_to_in_an_unknown_way_makes_it_unreadable() {
        let claims = |cnf: &str| {
            let rest = r#""iss":"i","sub":"s","aud":"a","client_id":"c","iat":1,"exp":2,"jti":"j""#;
            serde_json::from_str::<AccessTokenClaims>(&format!(r#"{{{rest},"cnf":{cnf}}}"#))
        };
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let bound = claims(&format!(r#"{{"jkt":"{jkt}"}}"#)).unwrap();
        assert_eq!(bound.cnf.as_ref().unwrap().jkt.as_str(), jkt);
        assert!(serde_json::to_string(&bound).unwrap().ends_with(&format!(r#""cnf":{{"jkt":"{jkt}"}}}}"#)));
        for unknown in ["{}", r#"{"x5t#S256":"t"}"#, r#"{"jkt":"short"}"#, "true"] {
            assert!(claims(unknown).is_err(), "{unknown}");
        }
    }
}

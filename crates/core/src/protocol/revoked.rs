//! The list of what was revoked before its time: short, because every entry may be forgotten when the tokens it names have
//! expired by themselves. An issuer publishes it, and whoever accepts its access tokens asks for it every few seconds. No
//! specification has it yet; RFC 7009 §3 leaves to the implementation how resource servers learn of a revocation.

use serde::{Deserialize, Serialize};

use super::access_token::AccessTokenClaims;

/// The document at `revoked_tokens_endpoint`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedTokens {
    /// What no longer counts, in no particular order.
    pub revoked: Vec<RevokedEntry>,
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedEntry {
    /// What it names: `{"jti": …}` or `{"grant_id": …}` on the wire.
    #[serde(flatten)]
    pub what: Revoked,
    /// When the entry may be forgotten, in seconds since the epoch: no token it names expires later.
    pub exp: i64,
}

/// What an entry names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Revoked {
    /// One access token, by its `jti`.
    #[serde(rename = "jti")]
    AccessToken(String),
    /// Every access token of one grant, by its `grant_id`.
    #[serde(rename = "grant_id")]
    Grant(String),
}

impl Revoked {
    /// Whether this names the token with these claims.
    pub fn names(&self, claims: &AccessTokenClaims) -> bool {
        match self {
            Self::AccessToken(jti) => claims.jti == *jti,
            Self::Grant(id) => claims.grant_id.as_ref() == Some(id),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_the_published_form() {
        let list = RevokedTokens {
            revoked: vec![
                RevokedEntry { what: Revoked::AccessToken("a".into()), exp: 1_763_700_000 },
                RevokedEntry { what: Revoked::Grant("g".into()), exp: 1_763_700_001 },
            ],
        };
        let text = r#"{"revoked":[{"jti":"a","exp":1763700000},{"grant_id":"g","exp":1763700001}]}"#;
        assert_eq!(serde_json::to_string(&list).unwrap(), text);
        assert_eq!(serde_json::from_str::<RevokedTokens>(text).unwrap(), list);
    }

    #[test]
    fn a_token_is_named_by_its_own_id_or_by_its_grant() {
        let claims: AccessTokenClaims = serde_json::from_str(
            r#"{"iss":"i","sub":"s","aud":"a","client_id":"c","iat":1,"exp":2,"jti":"j","grant_id":"g"}"#,
        )
        .unwrap();
        for (what, named) in [
            (Revoked::AccessToken("j".into()), true),
            (Revoked::AccessToken("g".into()), false),
            (Revoked::Grant("g".into()), true),
            (Revoked::Grant("j".into()), false),
        ] {
            assert_eq!(what.names(&claims), named, "{what:?}");
        }
    }
}

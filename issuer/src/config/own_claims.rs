//! `[user.claims]` and `[user.access_token_claims]`: what tokens say of a person beyond what OpenID Connect has words for, roles for
//! example.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// The most that a token carries of them, in bytes of JSON: tokens travel in headers, and those are bounded everywhere.
const LONGEST: usize = 4096;

/// What every token says itself, and what is the scopes' `profile` and `email` to open (RFC 7519 §4.1, OIDC Core §2 and §5.4).
const OF_EVERY_TOKEN: [&str; 24] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
];

/// What an ID token says besides, and what would make it look like a logout token (Back-Channel Logout 1.0 §2.4).
const OF_ID_TOKENS: [&str; 6] = ["nonce", "azp", "at_hash", "c_hash", "sid", "events"];

/// What an access token says besides, and the answer about one (RFC 9068 §2.2, RFC 7662 §2.2).
const OF_ACCESS_TOKENS: [&str; 7] = ["client_id", "scope", "grant_id", "cnf", "active", "username", "token_type"];

/// Claims that have the meaning that the issuer and its clients give them. Dates and times of TOML are texts in a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct OwnClaims(Map<String, Value>);

impl OwnClaims {
    /// As they stand in a token.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those among the claims of an access token.
    pub(crate) fn of_access_token(mut claims: Map<String, Value>) -> Self {
        claims.retain(|name, _| !OF_EVERY_TOKEN.contains(&&**name) && !OF_ACCESS_TOKENS.contains(&&**name));
        Self(claims)
    }

    /// What is wrong with them in an ID token, in words that go on from their key.
    pub(super) fn check_for_id_tokens(&self) -> Result<(), String> {
        self.check(&OF_ID_TOKENS)
    }

    /// The same in an access token.
    pub(super) fn check_for_access_tokens(&self) -> Result<(), String> {
        self.check(&OF_ACCESS_TOKENS)
    }

    fn check(&self, of_this_token: &[&str]) -> Result<(), String> {
        let is_taken = |name: &&String| OF_EVERY_TOKEN.contains(&&***name) || of_this_token.contains(&&***name);
        if let Some(name) = self.0.keys().find(is_taken) {
            return Err(format!(
                "has {name:?}, which has a meaning of its own in tokens, in answers about them, or by the scopes profile \
                 and email: use another name"
            ));
        }
        let length = serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len());
        if length > LONGEST {
            return Err(format!(
                "takes {length} bytes of every token, and {LONGEST} are the most: tokens travel in headers"
            ));
        }
        Ok(())
    }
}

impl TryFrom<toml::Table> for OwnClaims {
    type Error = &'static str;

    fn try_from(table: toml::Table) -> Result<Self, Self::Error> {
        members(table).map(Self)
    }
}

fn members(table: toml::Table) -> Result<Map<String, Value>, &'static str> {
    table.into_iter().map(|(name, value)| Ok((name, json(value)?))).collect()
}

fn json(value: toml::Value) -> Result<Value, &'static str> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Number::from_f64(number)
            .ok_or("tokens have no numbers that are infinite (inf) or not a number (nan)")?
            .into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => Value::Array(values.into_iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => Value::Object(members(table)?),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<OwnClaims, String> {
        OwnClaims::try_from(text.parse::<toml::Table>().unwrap()).map_err(str::to_owned)
    }

    #[test]
    fn whatever_toml_can_say_stands_in_a_token() {
        let text = r#"
            roles = ["admin", "auditor"]
            "https://app.example/level" = 3
            share = 0.5
            trial = false
            since = 2026-11-23
            at = 2026-11-23T16:00:00Z
            [team]
            name = "Payments"
            members = [{ id = 1 }]
        "#;
        let claims = read(text).unwrap();
        let expected = json!({
            "roles": ["admin", "auditor"], "https://app.example/level": 3, "share": 0.5, "trial": false,
            "since": "2026-11-23", "at": "2026-11-23T16:00:00Z",
            "team": { "name": "Payments", "members": [{ "id": 1 }] },
        });
        assert_eq!(Value::Object(claims.as_map().clone()), expected);
        assert_eq!(read(&toml::to_string(&claims).unwrap()).unwrap(), claims, "as --print-config has it");
        for number in ["nan", "inf", "-inf"] {
            assert!(read(&format!("deep = [{{ share = {number} }}]")).is_err(), "{number}");
        }
    }

    #[test]
    fn what_a_token_says_itself_is_no_name_for_another_claim() {
        let taken = |name: &str| {
            let claims = read(&format!("trial = true\n{name} = true")).unwrap();
            let [id_token, access_token] = [claims.check_for_id_tokens(), claims.check_for_access_tokens()];
            for error in [&id_token, &access_token].into_iter().filter_map(|checked| checked.as_ref().err()) {
                assert!(error.contains(&format!("{name:?}")), "{error}");
            }
            (id_token.is_err(), access_token.is_err())
        };
        for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "email", "given_name", "birthdate"] {
            assert_eq!(taken(name), (true, true), "{name}");
        }
        for name in ["nonce", "sid", "at_hash", "events"] {
            assert_eq!(taken(name), (true, false), "{name}");
        }
        for name in ["client_id", "scope", "cnf", "grant_id", "active"] {
            assert_eq!(taken(name), (false, true), "{name}");
        }
        for name in ["roles", "groups", "entitlements", "permissions", "Sub", "address"] {
            assert_eq!(taken(name), (false, false), "{name}");
        }
    }

    #[test]
    fn what_a_token_has_room_for_is_bounded() {
        let long = |length: usize| read(&format!("text = \"{}\"", "x".repeat(length))).unwrap();
        let around = r#"{"text":""}"#.len();
        assert_eq!(long(LONGEST - around).check_for_access_tokens(), Ok(()));
        let error = long(LONGEST - around + 1).check_for_id_tokens().unwrap_err();
        assert!(error.contains("4097 bytes") && error.contains("4096"), "{error}");
    }
}

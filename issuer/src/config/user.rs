//! `[[user]]`: a person, the hash of the password, and what tokens may say about them.

use std::fmt;

use evergrant_core::protocol::{Scope, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person who can sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// What the person types.
    pub username: String,
    /// The argon2id hash of the password, as `hash-password` prints it.
    #[serde(skip_serializing)]
    pub password_hash: PasswordHash,
    /// Who this is to clients; never given to anybody else.
    pub sub: Subject,
    /// The claims of the `profile` scope (OIDC Core §5.4).
    #[serde(default)]
    pub profile: Profile,
    /// The address, for the `email` scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address is known to be the person's.
    #[serde(default)]
    pub email_verified: bool,
}

/// The claims of the `profile` scope (OIDC Core §5.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each is the claim of that name, OIDC Core §5.1")]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl User {
    /// What to call this person on a page.
    pub fn display_name(&self) -> &str {
        self.profile.name.as_deref().unwrap_or(&self.username)
    }

    /// The claims that `scope` opens, `sub` not among them (OIDC Core §5.4).
    pub fn claims(&self, scope: &Scope) -> Map<String, Value> {
        let mut claims = Map::new();
        if scope.contains("profile")
            && let Ok(Value::Object(profile)) = serde_json::to_value(&self.profile)
        {
            claims.extend(profile);
        }
        if scope.contains("email")
            && let Some(email) = &self.email
        {
            claims.insert("email".into(), email.as_str().into());
            claims.insert("email_verified".into(), self.email_verified.into());
        }
        claims
    }
}

/// An argon2id hash in PHC form. `Debug` hides it.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = argon2::password_hash::phc::PasswordHash::new(&text);
        match parsed {
            Ok(hash) if hash.algorithm.as_str() == "argon2id" => Ok(Self(text)),
            _ => Err("a password hash is an argon2id PHC string, as `hash-password` prints it"),
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(hidden)")
    }
}

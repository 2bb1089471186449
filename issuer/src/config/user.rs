//! `[[user]]`: a person, the hash of the password, and what tokens may say about them.

use std::fmt;

use argon2::password_hash::phc;
use argon2::{Params, Version};
use evergrant_core::protocol::{Scope, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ConfigError, OwnClaims};
use crate::secret::SecretHash;

/// OIDC Core §2.
const LONGEST_SUB: usize = 255;

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
    /// What else ID tokens and UserInfo say of the person, wherever `openid` is granted (OIDC Core §5.1.2).
    #[serde(default, rename = "claims", skip_serializing_if = "OwnClaims::is_empty")]
    pub own_claims: OwnClaims,
    /// What else access tokens say of the person, such as `roles`, `groups` and `entitlements` (RFC 9068 §2.2.3.1). Whoever runs an
    /// API reads it.
    #[serde(default, skip_serializing_if = "OwnClaims::is_empty")]
    pub access_token_claims: OwnClaims,
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

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let rule = |what: &str, error| ConfigError::rule(format!("[[user]] {:?}: {what} {error}", self.username));
        if self.username.is_empty() {
            return Err(rule("username", "must not be empty: the person types it".to_owned()));
        }
        let sub = self.sub.as_str();
        if sub.is_empty() || sub.len() > LONGEST_SUB || !sub.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let error = format!(
                "{sub:?} must be 1 to {LONGEST_SUB} ASCII characters, and all printable (OpenID Connect Core, section 2)"
            );
            return Err(rule("sub", error));
        }
        self.own_claims.check_for_id_tokens().map_err(|error| rule("claims", error))?;
        self.access_token_claims.check_for_access_tokens().map_err(|error| rule("access_token_claims", error))
    }

    /// The claims that `scope` opens, `sub` not among them (OIDC Core §5.4).
    pub fn claims(&self, scope: &Scope) -> Map<String, Value> {
        let mut claims = Map::new();
        if scope.contains("openid") {
            claims.extend(self.own_claims.as_map().clone());
        }
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
pub struct PasswordHash {
    phc: String,
    fingerprint: SecretHash,
}

impl PasswordHash {
    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.phc
    }

    /// What tells this hash from any other, and brings neither it nor its salt back: it is stored with what the password
    /// opened. The same password, hashed anew, has another, since its salt is another.
    pub fn fingerprint(&self) -> SecretHash {
        self.fingerprint
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let cost = phc::PasswordHash::new(&text).ok().and_then(|hash| cost(&hash)).ok_or(UNREADABLE)?;
        let work = u64::from(cost.m_cost()) * u64::from(cost.t_cost());
        if cost.m_cost() > MOST_MEMORY || work > MOST_WORK {
            return Err(TOO_COSTLY);
        }
        Ok(Self { fingerprint: SecretHash::of(&format!("password {text}")), phc: text })
    }
}

/// The most that a check may take, in KiB: twice what RFC 9106 §4 recommends where there is much.
const MOST_MEMORY: u32 = 4 << 20;

/// The same times the number of passes: some tens of seconds.
const MOST_WORK: u64 = 16 * MOST_MEMORY as u64;

const UNREADABLE: &str = "a password hash is an argon2id PHC string, as `hash-password` prints it";
const TOO_COSTLY: &str = "a password hash takes at most 4 GiB (m=4194304, in KiB) and, with as much, 16 passes (t): whoever signs in waits for it";

/// What a check costs; `None` where nothing can be checked.
fn cost(hash: &phc::PasswordHash) -> Option<Params> {
    let is_whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
    let is_known = hash.version.is_none_or(|version| Version::try_from(version).is_ok());
    Params::try_from(hash).ok().filter(|_| is_whole && is_known)
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(hidden)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_hashes_apart_and_is_none_of_them() {
        let hash = |salt: &str| {
            let phc = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$l4+Zo4YQ6Ua0wwCVWEjMyGq1y9/jySEuoFSOSQ4gkgY");
            PasswordHash::try_from(phc).unwrap()
        };
        let (one, another) = (hash("8XZx9+PD402/s77fK0m83A"), hash("dNi2CZPcq73gHIzmmh4Pyw"));
        assert_eq!(one.fingerprint(), hash("8XZx9+PD402/s77fK0m83A").fingerprint());
        assert_ne!(one.fingerprint(), another.fingerprint());
        assert_ne!(one.fingerprint(), SecretHash::of(one.as_phc()));
    }

    /// The configuration was called fine, and the person could not sign in; or whoever tried to used up the machine's memory.
    #[test]
    fn a_hash_that_cannot_be_checked_was_called_fine() {
        let hash =
            |start: &str, end: &str| PasswordHash::try_from(format!("$argon2id${start}$8XZx9+PD402/s77fK0m83A{end}"));
        let output = "$l4+Zo4YQ6Ua0wwCVWEjMyGq1y9/jySEuoFSOSQ4gkgY";
        for fine in ["v=19$m=19456,t=2,p=1", "m=19456,t=2,p=1", "v=19$m=2097152,t=1,p=4", "v=19$m=8,t=1000,p=1"] {
            assert!(hash(fine, output).is_ok(), "{fine}");
        }
        for wrong in
            ["v=19$m=7,t=1,p=1", "v=19$m=8,t=1,p=8", "v=19$m=19456,t=0,p=1", "v=99$m=19456,t=2,p=1", "v=19$x=1"]
        {
            assert_eq!(hash(wrong, output).unwrap_err(), UNREADABLE, "{wrong}");
        }
        assert_eq!(hash("v=19$m=19456,t=2,p=1", "").unwrap_err(), UNREADABLE);
        for costly in ["v=19$m=4294967295,t=2,p=1", "v=19$m=19456,t=4294967295,p=1", "v=19$m=4194304,t=17,p=1"] {
            assert_eq!(hash(costly, output).unwrap_err(), TOO_COSTLY, "{costly}");
        }
    }
}

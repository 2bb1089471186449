//! `[[api]]`: what access tokens are for, which scopes it has, and how long its tokens last.

use std::collections::BTreeMap;
use std::time::Duration;

use evergrant_core::protocol::Scope;
use evergrant_core::protocol::jwt::Algorithm;
use serde::{Deserialize, Serialize};

use super::{ConfigError, seconds};

/// An API (resource server).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// What clients name in `audience`, and what stands in `aud`.
    pub identifier: String,
    /// What people read on the consent page.
    pub name: String,
    /// Its scopes, separated by spaces.
    #[serde(default)]
    pub scopes: Scope,
    /// Whether refresh tokens may be given for it.
    #[serde(default)]
    pub allow_offline_access: bool,
    /// How long access tokens last.
    #[serde(with = "seconds", default = "general")]
    pub token_lifetime: Duration,
    /// How long access tokens last that a browser holds.
    #[serde(with = "seconds", default = "browser")]
    pub token_lifetime_for_browser_flows: Duration,
    /// How access tokens are signed; the issuer's way when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_alg: Option<Algorithm>,
    /// What scopes let an application do, as people read it on the consent page: `asks to ...`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptions: BTreeMap<String, String>,
}

impl Api {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        // RFC 8707 §2. Beyond that any name will do: it need not be an address.
        if self.identifier.is_empty()
            || self.identifier.contains(|letter: char| letter == '#' || letter.is_whitespace() || letter.is_control())
        {
            return Err(ConfigError::rule(format!(
                "[[api]] identifier: {:?} must be a name without white space, or an address without a fragment (#)",
                self.identifier
            )));
        }
        // RFC 6749 §3.3, `scope-token`.
        let is_token = |word: &str| word.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        if let Some(word) = self.scopes.words().find(|word| !is_token(word)) {
            return Err(ConfigError::rule(format!(
                "[[api]] {:?}: scopes has {word:?}, and a scope has printable ASCII characters alone, neither \" nor \\ (RFC 6749 §3.3)",
                self.identifier
            )));
        }
        match self.descriptions.keys().find(|scope| !self.scopes.contains(scope)) {
            Some(scope) => Err(ConfigError::rule(format!(
                "[[api]] {:?}: descriptions has {scope:?}, which is not among its scopes",
                self.identifier
            ))),
            None => Ok(()),
        }
    }
}

fn general() -> Duration {
    Duration::from_secs(86_400)
}

fn browser() -> Duration {
    Duration::from_secs(7200)
}

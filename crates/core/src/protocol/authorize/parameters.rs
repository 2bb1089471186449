//! What an authorization request says beyond what every request says: "Other parameters MAY be sent" (OIDC Core §3.1.2.1).

use std::time::Duration;

use serde_json::Value;

use crate::protocol::json::Member;

/// More parameters of an authorization request: `login_hint`, `ui_locales`, `acr_values` and others of OIDC Core §3.1.2.1,
/// `resource` (RFC 8707), or an issuer's own, such as `organization`, `kc_idp_hint` or `domain_hint`.
///
/// A name occurs once. A parameter with an empty value is not sent, which is the same (RFC 6749 §3.1): so one that stands in
/// the configuration can be left out of a single sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationParameters(Vec<(String, String)>);

/// What a request says by itself, and what its answer is judged by.
const RESERVED: [&str; 12] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "id_token_hint",
    "request",
    "request_uri",
];

const MAX_AGE: &str = "max_age";

impl AuthorizationParameters {
    /// Takes names and values; of two with one name, the later. They stand in an address, which is written into logs: no
    /// secrets, please.
    ///
    /// # Errors
    /// [`ParameterError`], for a name that is not for the app to set, and a `max_age` that is no number of seconds.
    pub fn new<Name: Into<String>, Text: Into<String>>(
        pairs: impl IntoIterator<Item = (Name, Text)>,
    ) -> Result<Self, ParameterError> {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            if RESERVED.contains(&name.as_str()) {
                return Err(ParameterError::Reserved(name));
            }
            if name == MAX_AGE && !value.is_empty() && value.parse::<u32>().is_err() {
                return Err(ParameterError::MaxAge);
            }
            parameters.set(name, value);
        }
        Ok(parameters)
    }

    /// These, and `others` where they name the same.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        for (name, value) in &others.0 {
            self.set(name.clone(), value.clone());
        }
        self
    }

    /// The value of a parameter; empty when it is to be left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How long ago the person may have signed in: what the ID token's `auth_time` is judged by (OIDC Core §3.1.3.7, step 13).
    pub fn max_age(&self) -> Option<Duration> {
        self.get(MAX_AGE)?.parse().ok().map(Duration::from_secs)
    }

    /// Those that are sent.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(_, value)| !value.is_empty())
    }

    fn set(&mut self, name: String, value: String) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
    }
}

/// An object of texts.
impl Member for Vec<(String, String)> {
    fn read(value: &Value) -> Option<Self> {
        value.as_object()?.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }
}

/// Why a parameter cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It is written by the request itself, or has a key of its own in the configuration.
    #[error("`{0}` is not set here")]
    Reserved(String),
    /// Not a whole number of seconds, below 2^32.
    #[error("`max_age` is a number of seconds")]
    MaxAge,
}

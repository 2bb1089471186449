//! What an authorization request says beyond what every request says: "Other parameters MAY be sent" (OIDC Core §3.1.2.1).

use std::time::Duration;

use serde_json::{Map, Value};

use crate::protocol::{Scope, params};

/// More parameters of an authorization request: `login_hint`, `ui_locales`, `acr_values` and others of OIDC Core §3.1.2.1,
/// `resource` (RFC 8707), or an issuer's own, such as `organization`, `kc_idp_hint` or `domain_hint`.
///
/// A name occurs once. A parameter with an empty value is not sent, which is the same (RFC 6749 §3.1): so one that stands in
/// the configuration can be left out of a single sign-in.
// As they stand in a query, each behind an `&`: that is what they are for, and a list would be more code in every app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationParameters(String);

/// What a request says by itself, and what its answer is judged by.
const RESERVED: &str = "response_type response_mode client_id redirect_uri scope state nonce \
    code_challenge code_challenge_method id_token_hint request request_uri";

const MAX_AGE: &str = "max_age";

impl AuthorizationParameters {
    /// Takes names and values; of two with one name, the later. They stand in an address, which is written into logs: no
    /// secrets, please.
    ///
    /// # Errors
    /// [`ParameterError`], for a name that is not for the app to set, and a `max_age` that is no number of seconds.
    pub fn new<Name: AsRef<str>, Text: AsRef<str>>(
        pairs: impl IntoIterator<Item = (Name, Text)>,
    ) -> Result<Self, ParameterError> {
        let mut all = Self::default();
        for (name, value) in pairs {
            all = all.with(&Self(params::encode([(name.as_ref(), value.as_ref())])));
        }
        if let Some(name) = all.reserved("") {
            return Err(ParameterError::Reserved(name.to_owned()));
        }
        match all.get(MAX_AGE) {
            Some(age) if !age.is_empty() && age.parse::<u32>().is_err() => Err(ParameterError::MaxAge),
            _ => Ok(all),
        }
    }

    /// Those of an object of texts, to be checked by [`AuthorizationParameters::reserved`].
    pub(crate) fn read(object: &Map<String, Value>) -> Option<Self> {
        let pairs = object.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        object.values().all(Value::is_string).then(|| Self::default().with(&Self(params::encode(pairs))))
    }

    /// The first of them that the request says by itself, or that is one of `others`, words with spaces between.
    pub(crate) fn reserved(&self, others: &str) -> Option<&str> {
        self.first_of(&format!("{RESERVED} {others}"))
    }

    /// The first of them that is one of `names`, words with spaces between.
    pub(crate) fn first_of(&self, names: &str) -> Option<&str> {
        let names = Scope::parse(names);
        self.pairs().map(name_of).find(|name| names.contains(name))
    }

    /// These, and `others` where they name the same.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut both = String::new();
        self.write(&mut both, |pair| !others.names(name_of(pair)));
        others.write(&mut both, |_| true);
        Self(both)
    }

    /// The value of a parameter; empty when it is to be left out.
    pub fn get(&self, name: &str) -> Option<String> {
        params::Params::parse(&self.0).ok()?.first(name).map(str::to_owned)
    }

    /// How long ago the person may have signed in: what the ID token's `auth_time` is judged by (OIDC Core §3.1.3.7, step 13).
    pub fn max_age(&self) -> Option<Duration> {
        let age = self.pairs().find_map(|pair| pair.strip_prefix(MAX_AGE)?.strip_prefix('='))?;
        age.parse().ok().map(Duration::from_secs)
    }

    /// Whether one of them has this name, which is one that is the same when it is encoded.
    pub(super) fn names(&self, name: &str) -> bool {
        self.pairs().any(|pair| name_of(pair) == name)
    }

    /// Writes those that are sent behind others.
    pub(crate) fn send(&self, query: &mut String) {
        // What is encoded has no other `=` than that between name and value.
        self.write(query, |pair| !pair.ends_with('='));
    }

    fn write(&self, query: &mut String, is_wanted: impl Fn(&str) -> bool) {
        for pair in self.pairs() {
            if is_wanted(pair) {
                query.push('&');
                query.push_str(pair);
            }
        }
    }

    fn pairs(&self) -> impl Iterator<Item = &str> {
        self.0.split('&').filter(|pair| !pair.is_empty())
    }
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

/// Why a parameter cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It is written by the request itself.
    #[error("`{0}` is not set here")]
    Reserved(String),
    /// Not a whole number of seconds, below 2^32.
    #[error("`max_age` is a number of seconds")]
    MaxAge,
}

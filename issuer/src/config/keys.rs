//! `[keys]`: when signing keys change by themselves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConfigError, seconds};

/// The schedule of the signing keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// A key is followed by a new one this long after it was made; never by itself when left out, only by command.
    #[serde(with = "seconds::optional", skip_serializing_if = "Option::is_none")]
    pub rotate_every: Option<Duration>,
    /// How long a new key is published before it signs: longer than anybody keeps a copy of the published keys. The old one
    /// stays published until everything it signed has expired.
    #[serde(with = "seconds")]
    pub overlap: Duration,
}

impl Default for Keys {
    fn default() -> Self {
        Self { rotate_every: None, overlap: Duration::from_secs(5 * 60) }
    }
}

impl Keys {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.rotate_every {
            Some(rotate_every) if rotate_every <= self.overlap => {
                Err(ConfigError::rule("[keys] rotate_every must be longer than overlap, or no new key would ever sign"))
            }
            _ => Ok(()),
        }
    }
}

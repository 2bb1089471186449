//! `[client.refresh_tokens]`: how long a client's refresh tokens last, and whether each is good for one use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;

/// The rules for the refresh tokens of one client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshTokens {
    /// Whether each use brings a new token and ends the old one (RFC 9700 §4.14.2).
    pub rotation: bool,
    /// For how long a used token still brings its successor, the same each time: for answers that got lost and for two
    /// tabs at once. Zero allows neither.
    #[serde(with = "seconds::from_zero")]
    pub reuse_interval: Duration,
    /// A family ends after this time without any use.
    #[serde(with = "seconds")]
    pub idle_lifetime: Duration,
    /// A family ends this long after the sign-in, used or not.
    #[serde(with = "seconds")]
    pub absolute_lifetime: Duration,
}

impl Default for RefreshTokens {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            rotation: true,
            reuse_interval: Duration::from_secs(3),
            idle_lifetime: Duration::from_secs(15 * DAY),
            absolute_lifetime: Duration::from_secs(30 * DAY),
        }
    }
}

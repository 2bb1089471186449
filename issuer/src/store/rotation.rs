//! The last rotation of a family of refresh tokens, and whom it still serves.

use evergrant_core::time::UnixTime;

use super::{RefreshUse, Successor};
use crate::secret::SecretHash;

/// When the good token of a family took the place of the one before it.
pub(super) struct Rotation {
    /// The token that was used.
    pub(super) used: SecretHash,
    /// The token it brought.
    pub(super) successor: Successor,
    /// When.
    pub(super) at: UnixTime,
}

impl Rotation {
    /// Whether this use asks again for what the rotation brought, and about the same time. That may have been told by a clock
    /// that was ahead: then this use seems to come first.
    pub(super) fn is_repeated_by(&self, usage: &RefreshUse) -> bool {
        let between = usage.now.since(self.at).max(self.at.since(usage.now));
        self.used.matches(&usage.presented) && between < usage.reuse_interval
    }
}

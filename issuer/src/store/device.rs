//! Device authorizations (RFC 8628): what a device has asked for, and what its polls find.

use std::time::Duration;

use evergrant_core::protocol::{ClientId, Scope};
use evergrant_core::time::UnixTime;

use super::Grant;
use crate::secret::SecretHash;

/// How much longer a device waits that has polled too fast: "the interval MUST be increased by 5 seconds for this and all
/// subsequent requests" (RFC 8628 §3.5).
pub(super) const SLOWED_BY: Duration = Duration::from_secs(5);

/// What a device has asked for, until a person has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// The hash of the code that the device polls with.
    pub device_code: SecretHash,
    /// The hash of the code that the person enters.
    pub user_code: SecretHash,
    /// Who asks.
    pub client_id: ClientId,
    /// What.
    pub scope: Scope,
    /// At which API, if any.
    pub audience: Option<String>,
    /// How long the device is to wait between two polls.
    pub interval: Duration,
    /// When it was asked for.
    pub created_at: UnixTime,
    /// When it is given up.
    pub expires_at: UnixTime,
    /// When a person answered.
    pub answered_at: Option<UnixTime>,
}

/// How much room there is for devices from where one asks: where it is full, those go that nobody has answered, the oldest
/// first, and then the oldest of the others.
#[derive(Clone, Copy, Debug)]
pub struct DeviceRoom {
    /// The hash of the address that a request came from.
    pub address: SecretHash,
    /// The most that may wait at one address.
    pub per_address: u32,
}

/// What a poll finds (RFC 8628 §3.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DevicePoll {
    /// The person allowed it, and this is the poll that gets it.
    Granted(Box<Grant>),
    /// Nobody has answered yet.
    Pending,
    /// Nobody has answered yet, and the last poll was too short ago: from now on, this is to be waited.
    TooFast(Duration),
    /// The person refused, or has taken back meanwhile what they allowed.
    Denied,
    /// Nobody answered in time, or the device did not come for the answer.
    Expired,
    /// Unknown, another client's, or handed out before.
    Refused,
}

/// A device authorization whose poll brings no tokens, as that poll has left it.
pub(super) struct Unredeemed {
    /// Whether the poll before was less than the interval ago.
    pub(super) is_too_fast: bool,
    /// How long to wait from now on.
    pub(super) interval: Duration,
    /// Whether the tokens were handed out before.
    pub(super) is_used: bool,
    /// Whether the person refused, or their grant has ended.
    pub(super) is_denied: bool,
    /// When it is given up.
    pub(super) expires_at: UnixTime,
}

impl Unredeemed {
    pub(super) fn outcome(self, now: UnixTime) -> DevicePoll {
        match self {
            Self { is_used: true, .. } => DevicePoll::Refused,
            Self { expires_at, .. } if expires_at <= now => DevicePoll::Expired,
            Self { is_denied: true, .. } => DevicePoll::Denied,
            Self { is_too_fast: true, interval, .. } => DevicePoll::TooFast(interval),
            _ => DevicePoll::Pending,
        }
    }
}

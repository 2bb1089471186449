//! `[limits]`: how often something may be tried in a minute before the answer is 429, and how much is kept for strangers.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// What is held back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sign-ins a minute from one address, and as many codes of devices that are entered there; many people may share it.
    pub sign_ins_per_address: NonZeroU32,
    /// Failed sign-ins a minute as one person from one address, until one succeeds; from all addresses together, ten times as many
    /// sign-ins, whatever they come to. A browser in which that person signed in before has as many failures of its own.
    pub sign_ins_per_person: NonZeroU32,
    /// Failed authentications a minute of one client from one address.
    pub failures_per_client: NonZeroU32,
    /// Sign-in and consent pages that wait for an answer at one address, and as many devices; many people may share it. Where
    /// there are more, the oldest are given up: first the pages that no browser came to, and the devices that nobody answered.
    pub open_interactions_per_address: NonZeroU32,
    /// The same for all addresses together.
    pub open_interactions: NonZeroU32,
    /// Whether a reverse proxy stands in front, whose `X-Forwarded-For` says where a request comes from. Without one, anybody
    /// could write that header.
    pub behind_proxy: bool,
}

impl Default for Limits {
    fn default() -> Self {
        const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(100).unwrap();
        // Slow enough that guessing is hopeless, generous enough for somebody who mistypes.
        const PER_PERSON: NonZeroU32 = NonZeroU32::new(10).unwrap();
        const PER_CLIENT: NonZeroU32 = NonZeroU32::new(20).unwrap();
        // About a kilobyte each, and 16 at most.
        const OPEN_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(1000).unwrap();
        const OPEN: NonZeroU32 = NonZeroU32::new(20_000).unwrap();
        Self {
            sign_ins_per_address: PER_ADDRESS,
            sign_ins_per_person: PER_PERSON,
            failures_per_client: PER_CLIENT,
            open_interactions_per_address: OPEN_PER_ADDRESS,
            open_interactions: OPEN,
            behind_proxy: false,
        }
    }
}

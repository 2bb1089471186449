//! How often sign-ins may be tried: by address and person, and by address alone.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::secret::SecretHash;

type Limiter<Key> = RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>;

/// Slow enough that guessing is hopeless, generous enough for somebody who mistypes.
const PER_PERSON: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Many people may share one address.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The limits on sign-ins. Names are kept as hashes, so that what people type by mistake is not kept at all.
#[derive(Debug)]
pub(crate) struct SignInLimits {
    by_person: Limiter<(IpAddr, SecretHash)>,
    by_address: Limiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            by_person: RateLimiter::hashmap(Quota::per_minute(PER_PERSON)),
            by_address: RateLimiter::hashmap(Quota::per_minute(PER_ADDRESS)),
            clock: DefaultClock::default(),
        }
    }
}

impl SignInLimits {
    /// Counts an attempt.
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn attempt(&self, address: IpAddr, username: &str) -> Result<(), Duration> {
        let wait = |refusal: &governor::NotUntil<_>| refusal.wait_time_from(self.clock.now());
        self.by_address.check_key(&address).map_err(|refusal| wait(&refusal))?;
        let person = (address, SecretHash::of(username));
        self.by_person.check_key(&person).map_err(|refusal| wait(&refusal))
    }

    /// Forgets who has not tried for a while.
    pub(crate) fn forget_idle(&self) {
        self.by_person.retain_recent();
        self.by_address.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_is_held_back_and_another_is_not() {
        let limits = SignInLimits::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let allowed = (0..20).filter(|_| limits.attempt(address, "ann").is_ok()).count();
        assert_eq!(allowed, 10);
        assert!(limits.attempt(address, "ann").is_err_and(|wait| wait > Duration::ZERO));
        assert!(limits.attempt(address, "bob").is_ok());
        assert!(limits.attempt(IpAddr::from([127, 0, 0, 2]), "ann").is_ok());
    }
}

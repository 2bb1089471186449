//! How often sign-ins, codes of devices and client authentications may be tried: by address, by person, and by client.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use evergrant_core::protocol::ClientId;
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config;
use crate::secret::SecretHash;

type Limiter<Key> = RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>;

/// From all addresses together, this many times what one address may try: who guesses from everywhere is slowed down, and
/// cannot so easily lock somebody else out.
const PERSON_ANYWHERE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The limits, and what was tried. Names are kept as hashes, so that what people type by mistake is not kept at all.
#[derive(Debug)]
pub(crate) struct Limits {
    by_address: Limiter<IpAddr>,
    user_codes_by_address: Limiter<IpAddr>,
    by_person_and_address: Tally<(IpAddr, SecretHash)>,
    by_person: Limiter<SecretHash>,
    by_known_browser: Tally<SecretHash>,
    clock: DefaultClock,
    by_client: Tally<(IpAddr, Option<ClientId>)>,
}

impl Limits {
    pub(crate) fn new(limits: &config::Limits) -> Self {
        let per_person = limits.sign_ins_per_person;
        Self {
            by_address: RateLimiter::hashmap(Quota::per_minute(limits.sign_ins_per_address)),
            user_codes_by_address: RateLimiter::hashmap(Quota::per_minute(limits.sign_ins_per_address)),
            by_person_and_address: Tally::new(per_person),
            by_person: RateLimiter::hashmap(Quota::per_minute(per_person.saturating_mul(PERSON_ANYWHERE))),
            by_known_browser: Tally::new(per_person),
            clock: DefaultClock::default(),
            by_client: Tally::new(limits.failures_per_client),
        }
    }

    /// Counts an attempt to sign in.
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn sign_in(&self, address: IpAddr, username: &str) -> Result<(), Duration> {
        let wait = |refusal: &governor::NotUntil<_>| refusal.wait_time_from(self.clock.now());
        let person = SecretHash::of(username);
        self.by_address.check_key(&address).map_err(|refusal| wait(&refusal))?;
        // Counted before the password is looked at, or guesses that come at once would all be looked at.
        self.by_person_and_address.take((address, person), Instant::now())?;
        self.by_person.check_key(&person).map_err(|refusal| wait(&refusal))
    }

    /// Counts an attempt of a person in a browser of theirs that is known: whatever others try elsewhere.
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn sign_in_where_known(&self, browser: SecretHash) -> Result<(), Duration> {
        self.by_known_browser.take(browser, Instant::now())
    }

    /// Forgets what this person's attempts from `address` came to: whoever knows the password guesses nothing.
    pub(crate) fn signed_in(&self, address: IpAddr, username: &str) {
        self.by_person_and_address.forget(&(address, SecretHash::of(username)));
    }

    /// Counts a code of a device that was entered, right or wrong (RFC 8628 §5.1).
    ///
    /// # Errors
    /// How long to wait, when it is one too many.
    pub(crate) fn user_code(&self, address: IpAddr) -> Result<(), Duration> {
        let checked = self.user_codes_by_address.check_key(&address);
        checked.map_err(|refusal| refusal.wait_time_from(self.clock.now()))
    }

    /// Whether a client may try to authenticate. All that are not registered are one.
    ///
    /// # Errors
    /// How long to wait, when it has failed too often: a right secret is then held back as well, or guessing would go on.
    pub(crate) fn authentication(&self, address: IpAddr, client: Option<&ClientId>) -> Result<(), Duration> {
        self.by_client.check(&(address, client.cloned()), Instant::now())
    }

    /// Counts a failed authentication.
    pub(crate) fn authentication_failed(&self, address: IpAddr, client: Option<&ClientId>) {
        self.by_client.count((address, client.cloned()), Instant::now());
    }

    /// Forgets who has not tried for a while.
    pub(crate) fn forget_idle(&self) {
        self.by_address.retain_recent();
        self.user_codes_by_address.retain_recent();
        self.by_person_and_address.forget_old(Instant::now());
        self.by_person.retain_recent();
        self.by_known_browser.forget_old(Instant::now());
        self.by_client.forget_old(Instant::now());
    }
}

/// Failures alone, counted from the first one on for a minute: success costs nothing, however often it comes.
#[derive(Debug)]
struct Tally<Caller> {
    most: u32,
    counts: Mutex<HashMap<Caller, Count>>,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    failed: u32,
}

impl<Caller: Eq + Hash> Tally<Caller> {
    const WINDOW: Duration = Duration::from_secs(60);

    fn new(most: NonZeroU32) -> Self {
        Self { most: most.get(), counts: Mutex::default() }
    }

    /// Counts one that may come to nothing, unless it is one too many.
    fn take(&self, caller: Caller, now: Instant) -> Result<(), Duration> {
        let mut counts = self.counts();
        self.room(&counts, &caller, now)?;
        Self::add(&mut counts, caller, now);
        Ok(())
    }

    fn check(&self, caller: &Caller, now: Instant) -> Result<(), Duration> {
        self.room(&self.counts(), caller, now)
    }

    fn count(&self, caller: Caller, now: Instant) {
        Self::add(&mut self.counts(), caller, now);
    }

    fn forget(&self, caller: &Caller) {
        self.counts().remove(caller);
    }

    fn forget_old(&self, now: Instant) {
        self.counts().retain(|_, count| now - count.since < Self::WINDOW);
    }

    fn room(&self, counts: &HashMap<Caller, Count>, caller: &Caller, now: Instant) -> Result<(), Duration> {
        match counts.get(caller).map(|count| (count.failed, Self::WINDOW.saturating_sub(now - count.since))) {
            Some((failed, wait)) if failed >= self.most && !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }

    fn add(counts: &mut HashMap<Caller, Count>, caller: Caller, now: Instant) {
        let count = counts.entry(caller).or_insert(Count { since: now, failed: 0 });
        if now - count.since >= Self::WINDOW {
            *count = Count { since: now, failed: 0 };
        }
        count.failed += 1;
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Caller, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    fn allowed(limits: &Limits, tries: u32, address: impl Fn(u32) -> IpAddr, name: &str) -> usize {
        (0..tries).filter(|n| limits.sign_in(address(*n), name).is_ok()).count()
    }

    #[test]
    fn one_person_is_held_back_and_another_is_not() {
        let limits = Limits::new(&config::Limits::default());
        assert_eq!(allowed(&limits, 20, |_| address(1), "ann"), 10);
        assert!(limits.sign_in(address(1), "ann").is_err_and(|wait| wait > Duration::ZERO));
        assert!(limits.sign_in(address(1), "bob").is_ok());
        assert!(limits.sign_in(address(2), "ann").is_ok());
    }

    /// As many more as came at the same moment.
    #[test]
    fn attempts_at_one_moment_were_more_than_there_may_be() {
        let limits = Limits::new(&config::Limits::default());
        for round in 0..1000 {
            let (name, step) = (format!("person {round}"), std::sync::Barrier::new(4));
            let address = IpAddr::from((0x0a00_0000_u32 + round).to_be_bytes());
            let one = || {
                step.wait();
                allowed(&limits, 5, |_| address, &name)
            };
            let all: usize = std::thread::scope(|scope| {
                let threads = [(); 4].map(|()| scope.spawn(one));
                threads.map(|thread| thread.join().unwrap_or_default()).iter().sum()
            });
            assert_eq!(all, 10, "round {round}");
        }
    }

    #[test]
    fn whoever_knows_the_password_is_not_held_back_for_using_it() {
        let limits = Limits::new(&config::Limits::default());
        for _ in 0..5 {
            assert_eq!(allowed(&limits, 9, |_| address(1), "ann"), 9);
            limits.signed_in(address(1), "ann");
        }
        assert_eq!(allowed(&limits, 20, |_| address(1), "ann"), 10);
    }

    #[test]
    fn a_person_is_guessed_at_from_everywhere_no_more_than_ten_times_as_often() {
        let limits = Limits::new(&config::Limits::default());
        let everywhere = |n: u32| IpAddr::from((0x0a00_0000 + n).to_be_bytes());
        assert_eq!(allowed(&limits, 300, everywhere, "ann"), 100);
        assert!(limits.sign_in(everywhere(999), "bob").is_ok());
    }

    #[test]
    fn failures_count_for_a_minute_from_the_first_one() {
        let failures = Tally::new(NonZeroU32::MIN.saturating_add(1));
        let (caller, begun) = ((address(1), Some(ClientId::new("app"))), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        failures.count(caller.clone(), at(0));
        assert_eq!(failures.check(&caller, at(1)), Ok(()));
        failures.count(caller.clone(), at(10));
        assert_eq!(failures.check(&caller, at(20)), Err(Duration::from_secs(40)));
        assert_eq!(failures.check(&(address(2), caller.1.clone()), at(20)), Ok(()));
        assert_eq!(failures.check(&caller, at(60)), Ok(()));
        failures.count(caller.clone(), at(61));
        assert_eq!(failures.check(&caller, at(62)), Ok(()), "a new minute");
        failures.forget_old(at(200));
        assert!(failures.counts.lock().is_ok_and(|counts| counts.is_empty()));
    }
}

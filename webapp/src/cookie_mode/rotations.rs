//! Who succeeded whom: what lets a page go on whose answer, with the new cookie in it, was lost on the way.
//!
//! An issuer that rotates refresh tokens takes a used one for stolen, but for a few seconds. A browser that did not get the
//! answer comes back with the used one, minutes later perhaps; this server was told the successor, and uses that. Two
//! requests with one token at the same moment get one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::session::Failure;
use tokio::time::Instant;

use crate::crypto::Fingerprint;

/// So long the same token gets the same answer: two tabs, or a browser that sends a request twice.
const REPEAT: Duration = Duration::from_secs(3);

/// So long a successor is remembered: longer than a page waits between two tries.
const MEMORY: Duration = Duration::from_secs(5 * 60);

/// When one more comes, the oldest goes.
const MOST: usize = 10_000;

/// Refresh tokens that were just replaced, by their hashes.
#[derive(Debug, Default)]
pub(crate) struct Rotations {
    entries: Mutex<HashMap<Fingerprint, Entry>>,
    /// Those in whose place a new sign-in has put its own.
    taken_over: Mutex<HashMap<Fingerprint, Instant>>,
}

#[derive(Clone, Debug)]
struct Entry {
    begun: Instant,
    place: Place,
}

/// Held while the issuer is asked: whoever comes meanwhile with the same token waits for its answer.
type Place = Arc<tokio::sync::Mutex<Option<Rotated>>>;

#[derive(Debug)]
struct Rotated {
    at: Instant,
    answer: TokenResponse,
    successor: RefreshToken,
}

impl Rotations {
    /// Redeems `presented`, or what succeeded it, by asking the issuer with `redeem`.
    ///
    /// # Errors
    /// What `redeem` says.
    pub(super) async fn redeem<Asking>(
        &self,
        presented: RefreshToken,
        redeem: impl Fn(RefreshToken) -> Asking,
    ) -> Result<TokenResponse, Failure>
    where
        Asking: Future<Output = Result<TokenResponse, Failure>>,
    {
        let mut token = presented;
        loop {
            let place = self.place(&token);
            let mut rotated = place.lock().await;
            let next = match &*rotated {
                Some(known) if known.at.elapsed() < REPEAT => return Ok(known.repeat()),
                Some(known) => known.successor.clone(),
                None => {
                    let answer = redeem(token.clone()).await;
                    *rotated = answer.as_ref().ok().and_then(|answer| Rotated::from(&token, answer));
                    if rotated.is_none() {
                        self.entries().remove(&fingerprint(&token));
                    }
                    return answer;
                }
            };
            token = next;
        }
    }

    /// The newest token of the family that `token` is of, as far as it is known here; a renewal under way comes first.
    pub(super) async fn newest(&self, mut token: RefreshToken) -> RefreshToken {
        loop {
            let known = self.entries().get(&fingerprint(&token)).map(|entry| Arc::clone(&entry.place));
            let Some(place) = known else { return token };
            let rotated = place.lock().await;
            match &*rotated {
                Some(known) => token = known.successor.clone(),
                None => return token,
            }
        }
    }

    /// Remembers for a while that a new sign-in of the same browser took the place of `token`.
    pub(super) fn take_over(&self, token: &RefreshToken) {
        let now = Instant::now();
        let mut taken_over = self.taken_over.lock().unwrap_or_else(PoisonError::into_inner);
        taken_over.retain(|_, since| now - *since < MEMORY);
        if taken_over.len() < MOST {
            taken_over.insert(fingerprint(token), now);
        }
    }

    /// Whether one did, of `token` or what succeeded it.
    pub(super) async fn was_taken_over(&self, token: RefreshToken) -> bool {
        let names = [fingerprint(&token), fingerprint(&self.newest(token).await)];
        let taken_over = self.taken_over.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().any(|name| taken_over.contains_key(name))
    }

    fn place(&self, token: &RefreshToken) -> Place {
        let (fingerprint, now) = (fingerprint(token), Instant::now());
        let mut entries = self.entries();
        entries.retain(|_, entry| now - entry.begun < MEMORY);
        if entries.len() >= MOST
            && !entries.contains_key(&fingerprint)
            && let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.begun).map(|(id, _)| *id)
        {
            entries.remove(&oldest);
        }
        let entry = entries.entry(fingerprint).or_insert_with(|| Entry { begun: now, place: Place::default() });
        Arc::clone(&entry.place)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Fingerprint, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rotated {
    /// `None` when the issuer left the token in use: then there is nothing to remember.
    fn from(token: &RefreshToken, answer: &TokenResponse) -> Option<Self> {
        let successor = answer.refresh_token.clone().filter(|successor| successor != token)?;
        Some(Self { at: Instant::now(), answer: answer.clone(), successor })
    }

    /// The answer once more; its lifetime counts from when it was first given.
    fn repeat(&self) -> TokenResponse {
        let expires_in = self.answer.expires_in.map(|lifetime| lifetime.saturating_sub(self.at.elapsed()));
        TokenResponse { expires_in, ..self.answer.clone() }
    }
}

fn fingerprint(token: &RefreshToken) -> Fingerprint {
    Fingerprint::of(token.secret())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use evergrant_core::protocol::AccessToken;

    use super::*;

    /// An issuer that accepts each token once, and counts what it is asked.
    #[derive(Default)]
    struct Issuer {
        current: Cell<u32>,
        asked: Cell<u32>,
        is_down: Cell<bool>,
    }

    impl Issuer {
        async fn redeem(&self, token: RefreshToken) -> Result<TokenResponse, Failure> {
            self.asked.set(self.asked.get() + 1);
            // Another request comes meanwhile.
            tokio::task::yield_now().await;
            if self.is_down.get() {
                return Err(Failure::Unreachable { endpoint: "the issuer" });
            }
            assert_eq!(token.secret(), self.current.get().to_string(), "a used token was presented");
            self.current.set(self.current.get() + 1);
            Ok(TokenResponse {
                access_token: AccessToken::new(format!("access-{}", self.current.get())),
                token_type: "Bearer".to_owned(),
                expires_in: Some(Duration::from_secs(60)),
                refresh_token: Some(RefreshToken::new(self.current.get().to_string())),
                scope: None,
                id_token: None,
            })
        }
    }

    async fn answer(rotations: &Rotations, issuer: &Issuer, token: &str) -> Result<TokenResponse, Failure> {
        rotations.redeem(RefreshToken::new(token), |token| issuer.redeem(token)).await
    }

    async fn successor(rotations: &Rotations, issuer: &Issuer, token: &str) -> String {
        answer(rotations, issuer, token).await.unwrap().refresh_token.unwrap().secret().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn two_requests_at_once_are_one_to_the_issuer() {
        let (rotations, issuer) = (Rotations::default(), Issuer::default());
        let both = tokio::join!(successor(&rotations, &issuer, "0"), successor(&rotations, &issuer, "0"));
        assert_eq!(both, ("1".to_owned(), "1".to_owned()));
        assert_eq!(issuer.asked.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeated_answer_does_not_seem_younger() {
        let (rotations, issuer) = (Rotations::default(), Issuer::default());
        answer(&rotations, &issuer, "0").await.unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        let again = answer(&rotations, &issuer, "0").await.unwrap();
        assert_eq!(again.expires_in, Some(Duration::from_secs(58)));
        assert_eq!(issuer.asked.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_lost_answers_goes_on_with_the_successor() {
        let (rotations, issuer) = (Rotations::default(), Issuer::default());
        for newest in ["1", "2", "3"] {
            assert_eq!(successor(&rotations, &issuer, "0").await, newest);
            tokio::time::advance(REPEAT).await;
        }
        assert_eq!(rotations.newest(RefreshToken::new("0")).await.secret(), "3");
        assert_eq!(rotations.newest(RefreshToken::new("unknown")).await.secret(), "unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_leaves_the_token_as_it_was() {
        let (rotations, issuer) = (Rotations::default(), Issuer::default());
        issuer.is_down.set(true);
        assert!(answer(&rotations, &issuer, "0").await.is_err());
        assert!(rotations.entries().is_empty());
        issuer.is_down.set(false);
        assert_eq!(successor(&rotations, &issuer, "0").await, "1");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_sign_in_took_over_is_known_for_a_while() {
        let (rotations, issuer) = (Rotations::default(), Issuer::default());
        answer(&rotations, &issuer, "0").await.unwrap();
        rotations.take_over(&RefreshToken::new("1"));
        for (token, taken_over) in [("0", true), ("1", true), ("2", false)] {
            assert_eq!(rotations.was_taken_over(RefreshToken::new(token)).await, taken_over, "{token}");
        }
        for number in 0..2 * MOST {
            rotations.take_over(&RefreshToken::new(format!("other {number}")));
        }
        assert_eq!(rotations.taken_over.lock().unwrap().len(), MOST);
        tokio::time::advance(MEMORY).await;
        rotations.take_over(&RefreshToken::new("another"));
        assert_eq!(rotations.taken_over.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_forgotten() {
        let rotations = Rotations::default();
        for number in 0..=MOST {
            rotations.place(&RefreshToken::new(number.to_string()));
        }
        assert_eq!(rotations.entries().len(), MOST);
        tokio::time::advance(MEMORY).await;
        rotations.place(&RefreshToken::new("another"));
        assert_eq!(rotations.entries().len(), 1);
    }
}

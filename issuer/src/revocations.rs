//! What was revoked before its time, as this process knows it: a copy of the store's list, looked at where the store is not
//! asked, and published for resource servers. A revocation here is in it before its answer leaves; those of other processes
//! on the same store follow within a moment ([`Provider::notice`]).

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use evergrant_core::protocol::AccessTokenClaims;
use evergrant_core::protocol::revoked::{Revoked, RevokedEntry, RevokedTokens};
use evergrant_core::time::UnixTime;
use tokio::sync::Mutex;

use crate::error::Failure;
use crate::provider::Provider;
use crate::store::{Store, StoreError};
use crate::web::conditional::Document;

/// Entries stay this long after their tokens have expired by the issuer's clock: a resource server's clock may be behind, and
/// some accept a token for a while past its time.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// The copy.
#[derive(Debug)]
pub(crate) struct RevokedList {
    copy: RwLock<Arc<Snapshot>>,
    /// How many looks at the store have begun.
    begun: AtomicU64,
    /// Held while the store is looked at: a look that began earlier must not undo what a later one has seen. Which one was the
    /// last that came to its end.
    turn: Mutex<u64>,
}

#[derive(Debug)]
struct Snapshot {
    names: HashSet<Revoked>,
    published: Document,
}

impl RevokedList {
    /// # Errors
    /// When the store fails.
    pub(crate) async fn open(store: &dyn Store, now: UnixTime) -> Result<Self, StoreError> {
        let copy = Arc::new(Snapshot::of(listed(store, now).await?)?);
        Ok(Self { copy: RwLock::new(copy), begun: AtomicU64::default(), turn: Mutex::default() })
    }

    /// Takes the list from the store anew. Of many who ask at once a few look, and all have what was there when they asked.
    ///
    /// # Errors
    /// When the store fails; then the copy stays as it is.
    pub(crate) async fn refresh(&self, store: &dyn Store, now: UnixTime) -> Result<(), StoreError> {
        self.replace(async || listed(store, now).await).await
    }

    async fn replace(
        &self,
        look: impl AsyncFnOnce() -> Result<Vec<RevokedEntry>, StoreError>,
    ) -> Result<(), StoreError> {
        let asked = self.begun.load(Ordering::SeqCst);
        let mut last = self.turn.lock().await;
        if *last > asked {
            return Ok(());
        }
        let this = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let copy = Arc::new(Snapshot::of(look().await?)?);
        *self.copy.write().unwrap_or_else(PoisonError::into_inner) = copy;
        *last = this;
        Ok(())
    }

    /// Whether a token is named, by itself or by its grant.
    pub(crate) fn names(&self, claims: &AccessTokenClaims) -> bool {
        let copy = self.current();
        let grant = claims.grant_id.clone().map(Revoked::Grant);
        copy.names.contains(&Revoked::AccessToken(claims.jti.clone()))
            || grant.is_some_and(|grant| copy.names.contains(&grant))
    }

    /// The list as it is published.
    pub(crate) fn published(&self) -> Document {
        self.current().published.clone()
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.copy.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Snapshot {
    fn of(revoked: Vec<RevokedEntry>) -> Result<Self, StoreError> {
        let list = RevokedTokens { revoked };
        let published = Document::json(&list).map_err(|_| StoreError::Unreadable("list of revoked tokens"))?;
        Ok(Self { names: list.revoked.into_iter().map(|entry| entry.what).collect(), published })
    }
}

async fn listed(store: &dyn Store, now: UnixTime) -> Result<Vec<RevokedEntry>, StoreError> {
    store.revoked(now - CLOCKS_DIFFER).await
}

/// To be called after something was revoked here, before the answer leaves.
pub(crate) async fn notice(provider: &Provider) -> Result<(), Failure> {
    Ok(provider.revoked.refresh(&*provider.store, provider.clock.now()).await?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::store::SqliteStore;

    async fn list() -> RevokedList {
        RevokedList::open(&SqliteStore::in_memory().unwrap(), UnixTime::default()).await.unwrap()
    }

    fn entry() -> RevokedEntry {
        RevokedEntry { what: Revoked::Grant("g".to_owned()), exp: 1 }
    }

    /// For a moment, what had just been revoked counted again.
    #[tokio::test]
    async fn a_look_at_the_store_undid_what_a_later_one_had_seen() {
        let (list, (go, wait)) = (list().await, oneshot::channel());
        let early = list.replace(async || {
            wait.await.unwrap();
            Ok(Vec::new())
        });
        let late = list.replace(async || Ok(vec![entry()]));
        let (early, late, ()) = tokio::join!(early, late, async { go.send(()).unwrap() });
        early.and(late).unwrap();
        assert!(list.current().names.contains(&entry().what));
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_few_look_and_a_failure_is_told() {
        let (list, looks, (go, wait)) = (list().await, AtomicU64::default(), oneshot::channel());
        let first = list.replace(async || {
            wait.await.unwrap();
            Ok(Vec::new())
        });
        let look = || {
            list.replace(async || {
                looks.fetch_add(1, Ordering::Relaxed);
                Ok(vec![entry()])
            })
        };
        let (first, second, third, ()) = tokio::join!(first, look(), look(), async { go.send(()).unwrap() });
        first.and(second).and(third).unwrap();
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        assert!(list.replace(async || Err(StoreError::Closed)).await.is_err());
        assert!(list.current().names.contains(&entry().what));
    }
}

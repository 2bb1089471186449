//! What was revoked before its time, as this process knows it: a copy of the store's list, looked at where the store is not
//! asked, and published for resource servers. A revocation here is in it before its answer leaves; those of other processes
//! on the same store follow within a moment ([`Provider::notice`]).

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use evergrant_core::protocol::AccessTokenClaims;
use evergrant_core::protocol::revoked::{Revoked, RevokedTokens};
use evergrant_core::time::UnixTime;

use crate::error::Failure;
use crate::provider::Provider;
use crate::store::{Store, StoreError};
use crate::web::conditional::Document;

/// Entries stay this long after their tokens have expired by the issuer's clock: a resource server's clock may be behind, and
/// some accept a token for a while past its time.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// The copy.
#[derive(Debug)]
pub(crate) struct RevokedList(RwLock<Arc<Snapshot>>);

#[derive(Debug)]
struct Snapshot {
    names: HashSet<Revoked>,
    published: Document,
}

impl RevokedList {
    /// # Errors
    /// When the store fails.
    pub(crate) async fn open(store: &dyn Store, now: UnixTime) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(Arc::new(Snapshot::of(store, now).await?))))
    }

    /// Takes the list from the store anew.
    ///
    /// # Errors
    /// When the store fails; then the copy stays as it is.
    pub(crate) async fn refresh(&self, store: &dyn Store, now: UnixTime) -> Result<(), StoreError> {
        let copy = Arc::new(Snapshot::of(store, now).await?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = copy;
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
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Snapshot {
    async fn of(store: &dyn Store, now: UnixTime) -> Result<Self, StoreError> {
        let list = RevokedTokens { revoked: store.revoked(now - CLOCKS_DIFFER).await? };
        let published = Document::json(&list).map_err(|_| StoreError::Unreadable("list of revoked tokens"))?;
        Ok(Self { names: list.revoked.into_iter().map(|entry| entry.what).collect(), published })
    }
}

/// To be called after something was revoked here, before the answer leaves.
pub(crate) async fn notice(provider: &Provider) -> Result<(), Failure> {
    Ok(provider.revoked.refresh(&*provider.store, provider.clock.now()).await?)
}

//! What was revoked before its time, as this process knows it: a copy of the store's list, looked at where the store is not
//! asked, and published for resource servers. A revocation here is in it before its answer leaves; those of other processes
//! on the same store follow within a moment ([`Provider::notice`]).
//!
//! A look at the store reads what came since the one before. Once a minute all is read again, since what was removed, or came
//! back with a copy of the database, is not new. What has expired is in the copy as long as in the store, which removes it once
//! the clock is to be believed, and is not published.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use evergrant_core::protocol::AccessTokenClaims;
use evergrant_core::protocol::revoked::{Revoked, RevokedEntry, RevokedTokens};
use evergrant_core::time::UnixTime;
use tokio::sync::Mutex;

use crate::error::Failure;
use crate::provider::Provider;
use crate::store::{RevokedMark, RevokedRead, Store, StoreError};
use crate::web::conditional::Document;

/// Entries stay this long after their tokens have expired by the issuer's clock: a resource server's clock may be behind, and
/// some accept a token for a while past its time.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// How long after the whole list was read it is read again.
const WHOLE_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The copy.
#[derive(Debug, Default)]
pub(crate) struct RevokedList {
    copy: RwLock<Copied>,
    /// How many looks at the store have begun.
    begun: AtomicU64,
    /// Held while the store is looked at: a look that began earlier must not undo what a later one has seen.
    turn: Mutex<Turn>,
    /// Held while it is made: of many who ask for it at once one makes it.
    published: Mutex<Option<Published>>,
}

#[derive(Debug, Default)]
struct Copied {
    /// Until when each may be needed, in seconds since the epoch.
    revoked: HashMap<Revoked, i64>,
    /// How often that has changed.
    changes: u64,
}

#[derive(Debug, Default)]
struct Turn {
    /// Which look was the last that came to its end.
    last: u64,
    /// Where the next one goes on, and when the whole list was read last.
    known: Option<(RevokedMark, Instant)>,
}

#[derive(Debug)]
struct Published {
    document: Document,
    /// After how many changes of the copy it was made.
    changes: u64,
    /// It lists what expires after a time; for every time in here the same, in seconds since the epoch.
    fits: Range<i64>,
}

impl RevokedList {
    /// # Errors
    /// When the store fails.
    pub(crate) async fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let list = Self::default();
        list.refresh(store).await?;
        Ok(list)
    }

    /// Takes from the store what is new. Of many who ask at once a few look, and all have what was there when they asked.
    ///
    /// # Errors
    /// When the store fails; then the copy stays as it is.
    pub(crate) async fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.look(Instant::now(), |mark| store.revoked(mark)).await
    }

    async fn look<F: Future<Output = Result<RevokedRead, StoreError>>>(
        &self,
        at: Instant,
        read: impl FnOnce(Option<RevokedMark>) -> F,
    ) -> Result<(), StoreError> {
        let asked = self.begun.load(Ordering::SeqCst);
        let mut turn = self.turn.lock().await;
        if turn.last > asked {
            return Ok(());
        }
        let this = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let known = turn.known.clone();
        let known = known.filter(|(_, whole)| at.saturating_duration_since(*whole) < WHOLE_AGAIN_AFTER);
        let (mark, whole) = known.unzip();
        let read = read(mark).await?;
        let whole = whole.filter(|_| !read.is_whole).unwrap_or(at);
        self.take_in(read.entries, read.is_whole);
        *turn = Turn { last: this, known: Some((read.mark, whole)) };
        Ok(())
    }

    fn take_in(&self, entries: Vec<RevokedEntry>, are_all: bool) {
        let entries = entries.into_iter().map(|entry| (entry.what, entry.exp));
        if are_all {
            // Compared before anybody has to wait; nobody else writes meanwhile.
            let mut revoked: HashMap<_, _> = entries.collect();
            if self.copy().revoked != revoked {
                let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut copy.revoked, &mut revoked);
                copy.changes += 1;
            }
        } else if entries.len() > 0 {
            let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
            for (what, exp) in entries {
                if copy.revoked.insert(what, exp) != Some(exp) {
                    copy.changes += 1;
                }
            }
        }
    }

    /// Whether a token is named, by itself or by its grant.
    pub(crate) fn names(&self, claims: &AccessTokenClaims) -> bool {
        let grant = claims.grant_id.clone().map(Revoked::Grant);
        let copy = self.copy();
        copy.revoked.contains_key(&Revoked::AccessToken(claims.jti.clone()))
            || grant.is_some_and(|grant| copy.revoked.contains_key(&grant))
    }

    /// The list as it is published: made when somebody asks, and kept until something changes.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub(crate) async fn published(&self, now: UnixTime) -> Result<Document, StoreError> {
        let after = (now - CLOCKS_DIFFER).as_seconds();
        let mut published = self.published.lock().await;
        if let Some(published) = published.as_ref()
            && published.changes == self.copy().changes
            && published.fits.contains(&after)
        {
            return Ok(published.document.clone());
        }
        let made = self.publish(after).map_err(|_| StoreError::Unreadable("list of revoked tokens"))?;
        Ok(published.insert(made).document.clone())
    }

    fn publish(&self, after: i64) -> Result<Published, serde_json::Error> {
        let (mut revoked, mut fits) = (Vec::new(), i64::MIN..i64::MAX);
        let changes = {
            let copy = self.copy();
            for (what, &exp) in &copy.revoked {
                if exp > after {
                    fits.end = fits.end.min(exp);
                    revoked.push(RevokedEntry { what: what.clone(), exp });
                } else {
                    fits.start = fits.start.max(exp);
                }
            }
            copy.changes
        };
        // Several issuers on one store say the same, to the letter.
        revoked.sort_unstable_by(|one, other| (one.exp, name(one)).cmp(&(other.exp, name(other))));
        Ok(Published { document: Document::json(&RevokedTokens { revoked })?, changes, fits })
    }

    fn copy(&self) -> RwLockReadGuard<'_, Copied> {
        self.copy.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(entry: &RevokedEntry) -> &str {
    match &entry.what {
        Revoked::AccessToken(id) | Revoked::Grant(id) => id,
    }
}

/// To be called after something was revoked here, before the answer leaves.
pub(crate) async fn notice(provider: &Provider) -> Result<(), Failure> {
    Ok(provider.revoked.refresh(&*provider.store).await?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;

    use tokio::sync::oneshot;

    use super::*;
    use crate::store::SqliteStore;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn grant(id: &str) -> RevokedEntry {
        RevokedEntry { what: Revoked::Grant(id.to_owned()), exp: NOW.as_seconds() + 60 }
    }

    fn whole(entries: &[RevokedEntry]) -> RevokedRead {
        RevokedRead { entries: entries.to_vec(), is_whole: true, mark: RevokedMark::Row(1) }
    }

    fn new(entries: &[RevokedEntry]) -> RevokedRead {
        RevokedRead { is_whole: false, ..whole(entries) }
    }

    fn has(list: &RevokedList, id: &str) -> bool {
        list.copy().revoked.contains_key(&grant(id).what)
    }

    async fn read(list: &RevokedList, read: RevokedRead) {
        list.look(Instant::now(), |_| ready(Ok(read))).await.unwrap();
    }

    /// For a moment, what had just been revoked counted again.
    #[tokio::test]
    async fn a_look_at_the_store_undid_what_a_later_one_had_seen() {
        let (list, (go, wait)) = (RevokedList::default(), oneshot::channel());
        let early = list.look(Instant::now(), |_| async {
            wait.await.unwrap();
            Ok(whole(&[]))
        });
        let late = list.look(Instant::now(), |_| ready(Ok(new(&[grant("g")]))));
        let (early, late, ()) = tokio::join!(early, late, async { go.send(()).unwrap() });
        early.and(late).unwrap();
        assert!(has(&list, "g"));
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_few_look_and_a_failure_is_told() {
        let (list, looks, (go, wait)) = (RevokedList::default(), AtomicU64::default(), oneshot::channel());
        let first = list.look(Instant::now(), |_| async {
            wait.await.unwrap();
            Ok(whole(&[]))
        });
        let look = || {
            list.look(Instant::now(), |_| {
                looks.fetch_add(1, Ordering::Relaxed);
                ready(Ok(new(&[grant("g")])))
            })
        };
        let (first, second, third, ()) = tokio::join!(first, look(), look(), async { go.send(()).unwrap() });
        first.and(second).and(third).unwrap();
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        assert!(list.look(Instant::now(), |_| ready(Err(StoreError::Closed))).await.is_err());
        assert!(has(&list, "g"));
    }

    #[tokio::test]
    async fn a_look_goes_on_from_the_one_before_and_once_a_minute_all_is_read_again() {
        let (list, marks) = (RevokedList::default(), RefCell::new(Vec::new()));
        let begun = Instant::now();
        let look = async |seconds, entries, is_whole| {
            let read = |mark| {
                marks.borrow_mut().push(mark);
                let mark = RevokedMark::Row(seconds as i64);
                ready(Ok(RevokedRead { entries, is_whole, mark }))
            };
            list.look(begun + Duration::from_secs(seconds), read).await.unwrap();
        };
        look(0, vec![grant("gone"), grant("there")], true).await;
        look(1, vec![grant("new")], false).await;
        look(59, vec![], false).await;
        assert!(["gone", "there", "new"].iter().all(|id| has(&list, id)));
        look(60, vec![grant("there"), grant("new")], true).await;
        assert!(!has(&list, "gone") && has(&list, "there") && has(&list, "new"));
        look(119, vec![], false).await;
        look(120, vec![], true).await;
        let row = |number| Some(RevokedMark::Row(number));
        assert_eq!(*marks.borrow(), [None, row(0), row(1), None, row(60), None]);
        // A look that failed was none.
        let failed = list.look(begun + Duration::from_secs(121), |_| ready(Err(StoreError::Closed))).await;
        assert!(failed.is_err());
        look(122, vec![], false).await;
        assert_eq!(marks.borrow().last(), Some(&row(120)));
    }

    #[tokio::test]
    async fn the_document_is_made_again_only_when_what_it_lists_has_changed() {
        let list = RevokedList::default();
        let (lasting, long) = (grant("lasting"), NOW + Duration::from_secs(10) + CLOCKS_DIFFER);
        let short = RevokedEntry { exp: NOW.as_seconds() + 10, ..grant("short") };
        read(&list, whole(&[lasting.clone(), short.clone()])).await;
        let made = async |now| {
            list.published(now).await.unwrap();
            list.published.lock().await.as_ref().unwrap().document.body().as_ptr()
        };
        let first = made(NOW).await;
        read(&list, new(&[])).await;
        read(&list, new(std::slice::from_ref(&short))).await;
        read(&list, whole(&[short.clone(), lasting.clone()])).await;
        assert_eq!(made(long - Duration::from_secs(1)).await, first);
        let listed = async |now| {
            let document = list.published(now).await.unwrap();
            serde_json::from_slice::<RevokedTokens>(document.body()).unwrap().revoked
        };
        assert_eq!(listed(NOW).await, [short.clone(), lasting.clone()], "in the order of their ends");
        assert_eq!(listed(long).await, std::slice::from_ref(&lasting));
        assert_eq!(listed(NOW).await, [short.clone(), lasting.clone()], "the clock was set right");
        let longer = RevokedEntry { exp: lasting.exp + 1, ..short };
        read(&list, new(std::slice::from_ref(&longer))).await;
        assert_eq!(listed(NOW).await, [lasting, longer]);
    }

    #[tokio::test]
    async fn a_copy_of_the_database_that_was_put_back_is_seen() {
        let store = SqliteStore::in_memory().unwrap();
        store.revoke_access_token("one".to_owned(), NOW).await.unwrap();
        let list = RevokedList::open(&store).await.unwrap();
        let other = SqliteStore::in_memory().unwrap();
        list.refresh(&other).await.unwrap();
        assert!(list.copy().revoked.is_empty());
    }
}

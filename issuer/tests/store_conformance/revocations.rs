//! The list of what was revoked before its time.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::store::{RefreshOutcome, RefreshUse, RevokedMark, RevokedRead};

use super::refresh::{begin, present};
use super::rows::{add_code, after, ann, app, code, family, grant, hash, usage};
use super::{Opened, Place, at_once, in_postgres};

/// Rows stay this long after what they name has expired by the issuer's clock: others may be behind.
const CLOCKS_DIFFER: u64 = 300;

fn listed(id: &str, seconds: u64) -> RevokedEntry {
    RevokedEntry { what: Revoked::Grant(id.to_owned()), exp: after(seconds).as_seconds() }
}

fn jti(id: &str, seconds: u64) -> RevokedEntry {
    RevokedEntry { what: Revoked::AccessToken(id.to_owned()), exp: after(seconds).as_seconds() }
}

fn name(entry: &RevokedEntry) -> String {
    match &entry.what {
        Revoked::AccessToken(id) | Revoked::Grant(id) => id.clone(),
    }
}

fn in_order(read: &RevokedRead) -> Vec<RevokedEntry> {
    let mut entries = read.entries.clone();
    entries.sort_by_key(|entry| (entry.exp, name(entry)));
    entries
}

/// The whole list.
async fn list(store: &Arc<dyn Store>) -> Vec<RevokedEntry> {
    let read = store.revoked(None).await.unwrap();
    assert!(read.is_whole);
    in_order(&read)
}

/// What is new since the mark, which moves on.
async fn news(store: &Arc<dyn Store>, mark: &mut RevokedMark) -> Vec<RevokedEntry> {
    let read = store.revoked(Some(mark.clone())).await.unwrap();
    assert!(!read.is_whole);
    *mark = read.mark.clone();
    in_order(&read)
}

async fn revoke(store: &Arc<dyn Store>, id: &str, expires_at: UnixTime) {
    store.revoke_access_token(id.to_owned(), expires_at).await.unwrap();
}

pub(super) async fn an_access_token_is_listed_by_itself_until_it_has_expired_everywhere(Opened { store, .. }: &Opened) {
    for _ in 0..2 {
        store.revoke_access_token("later".to_owned(), after(61)).await.unwrap();
    }
    store.revoke_access_token("sooner".to_owned(), after(60)).await.unwrap();
    assert!(store.is_revoked("later", None).await.unwrap());
    assert!(store.is_revoked("later", Some("grant")).await.unwrap());
    assert!(!store.is_revoked("another", Some("later")).await.unwrap(), "a name of another kind");
    assert_eq!(list(store).await, [jti("sooner", 60), jti("later", 61)]);

    store.sweep(after(60 + CLOCKS_DIFFER)).await.unwrap();
    assert_eq!(list(store).await, [jti("later", 61)]);
    store.sweep(after(61 + CLOCKS_DIFFER)).await.unwrap();
    assert!(!store.is_revoked("later", None).await.unwrap());
}

pub(super) async fn however_a_grant_ends_it_is_listed_once(Opened { store, .. }: &Opened) {
    for name in ["ended", "ended by its person", "replayed", "alive"] {
        begin(store, name).await;
    }
    store.end_grant("ended".to_owned(), after(1)).await.unwrap();
    store.end_grant("ended".to_owned(), after(2)).await.unwrap();
    store.end_grant_of(&ann(), "ended by its person", after(1)).await.unwrap();
    assert_eq!(present(store, "replayed", 9, after(1)).await, RefreshOutcome::Replayed);
    add_code(store, grant("of a code"), code("of a code")).await;
    for _ in 0..3 {
        store.use_code(hash("of a code"), &app(), after(1)).await.unwrap();
    }
    let ended = ["ended", "ended by its person", "of a code", "replayed"].map(|id| listed(id, 50));
    assert_eq!(list(store).await, ended);
    assert!(store.is_revoked("any", Some("ended")).await.unwrap());
    assert!(!store.is_revoked("any", Some("alive")).await.unwrap());

    store.add_grant(grant("without a code")).await.unwrap();
    store.sign_out_everywhere(&ann(), after(2)).await.unwrap();
    assert_eq!(list(store).await.len(), 6);
    assert!(store.is_revoked("any", Some("without a code")).await.unwrap());
}

pub(super) async fn a_grant_is_listed_as_long_as_its_last_access_token_lasts(Opened { store, .. }: &Opened) {
    for name in ["used", "used for less", "expired"] {
        begin(store, name).await;
    }
    present(store, "used", 0, after(20)).await;
    let short = RefreshUse { tokens_until: after(30), ..usage("used for less", 0, after(20)) };
    store.use_refresh_token(short).await.unwrap().committed().await.unwrap();
    for name in ["used", "used for less"] {
        store.end_grant(name.to_owned(), after(30)).await.unwrap();
    }
    store.end_grant("expired".to_owned(), after(50)).await.unwrap();
    let ended = [listed("expired", 50), listed("used for less", 50), listed("used", 80)];
    assert_eq!(list(store).await, ended);

    // The family is over, and what it brought is not: it has to be known for longer.
    let mut lasting = family("lasting", "lasting");
    lasting.tokens_until = after(5000);
    store.add_refresh_family(grant("lasting"), lasting).await.unwrap();
    store.sweep(after(2000)).await.unwrap();
    store.sign_out_everywhere(&ann(), after(2000)).await.unwrap();
    assert!(list(store).await.contains(&listed("lasting", 5000)));
}

/// Its access tokens counted again when the clock had been set right.
pub(super) async fn a_grant_that_ended_while_the_clock_was_ahead_was_not_listed(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    store.end_grant("one".to_owned(), after(1_000_000)).await.unwrap();
    store.add_grant(grant("two")).await.unwrap();
    store.sign_out_everywhere(&ann(), after(1_000_000)).await.unwrap();
    assert_eq!(list(store).await, [listed("one", 50), listed("two", 50)]);
}

pub(super) async fn a_token_that_was_brought_while_its_grant_ended_is_listed_too(opened: &Opened) {
    const LASTING: u64 = 500;
    for round in 0..20 {
        let name = format!("family {round:02}");
        begin(&opened.store, &name).await;
        let race = |store: Arc<dyn Store>, number: usize| {
            let name = name.clone();
            async move {
                if number == 0 {
                    store.end_grant(name, after(1)).await.unwrap();
                    return false;
                }
                let tokens_until = after(LASTING);
                let usage = RefreshUse { tokens_until, reuse_interval: Duration::ZERO, ..usage(&name, 0, after(1)) };
                matches!(
                    store.use_refresh_token(usage).await.unwrap().committed().await.unwrap(),
                    RefreshOutcome::Accepted(_)
                )
            }
        };
        let was_brought = at_once(opened, 2, race).await.contains(&true);
        let list = list(&opened.store).await;
        let entry = list.iter().find(|entry| entry.what == Revoked::Grant(name.clone())).unwrap();
        let lasts = if was_brought { LASTING } else { 50 };
        assert_eq!(entry.exp, after(lasts).as_seconds(), "{name}");
    }
}

pub(super) async fn a_look_reads_what_is_new_and_nothing_twice(Opened { store, .. }: &Opened) {
    let mut mark = store.revoked(None).await.unwrap().mark;
    assert_eq!(news(store, &mut mark).await, []);
    begin(store, "grant").await;
    revoke(store, "token", after(50)).await;
    store.end_grant("grant".to_owned(), after(1)).await.unwrap();
    assert_eq!(news(store, &mut mark).await, [listed("grant", 50), jti("token", 50)]);
    assert_eq!(news(store, &mut mark).await, []);
    // What is listed already is not new, and neither is that something leaves the list.
    revoke(store, "token", after(50)).await;
    store.sweep(after(50 + CLOCKS_DIFFER)).await.unwrap();
    assert_eq!((news(store, &mut mark).await, list(store).await), (vec![], vec![]));
    // Its number, if it has one, is not that of one that has left.
    revoke(store, "another", after(50)).await;
    assert_eq!(news(store, &mut mark).await, [jti("another", 50)]);
    assert_eq!(list(store).await, [jti("another", 50)]);
}

pub(super) async fn an_entry_that_lasts_longer_is_new(opened: &Opened) {
    let store = &opened.store;
    for id in ["one", "other"] {
        revoke(store, id, after(50)).await;
    }
    let mut mark = store.revoked(None).await.unwrap().mark;
    let until = after(70).as_millis();
    opened
        .execute(&format!(
            "INSERT INTO revoked (kind, id, expires_at) VALUES ('jti', 'one', {until})
             ON CONFLICT (kind, id) DO UPDATE SET expires_at = excluded.expires_at"
        ))
        .await;
    assert_eq!(news(store, &mut mark).await, [jti("one", 70)]);
    opened.execute("UPDATE revoked SET expires_at = expires_at").await;
    assert_eq!(news(store, &mut mark).await, []);
    assert_eq!(list(store).await, [jti("other", 50), jti("one", 70)]);
}

/// Two write at once, and a third reads all the while.
pub(super) async fn of_what_two_processes_write_a_third_reads_all_and_nothing_twice(opened: &Opened) {
    const REVOKED: usize = 400;
    let reader = opened.place.open().await;
    let mut mark = reader.revoked(None).await.unwrap().mark;
    let mut seen = Vec::new();
    let write = |store: Arc<dyn Store>, number: usize| async move {
        let name = format!("{number:03}");
        if number.is_multiple_of(2) {
            return revoke(&store, &name, after(50)).await;
        }
        begin(&store, &name).await;
        store.end_grant(name, after(1)).await.unwrap();
    };
    let writing = at_once(opened, REVOKED, write);
    tokio::pin!(writing);
    let mut done = false;
    while !done {
        tokio::select! {
            biased;
            _ = &mut writing, if !done => done = true,
            () = tokio::task::yield_now() => {}
        }
        seen.extend(news(&reader, &mut mark).await);
    }
    assert_eq!(news(&reader, &mut mark).await, []);
    seen.sort_by_key(name);
    assert_eq!((seen.len(), &seen), (REVOKED, &list(&reader).await));
}

pub(super) async fn where_the_database_has_gone_back_all_is_read(opened: &Opened) {
    let store = &opened.store;
    revoke(store, "one", after(50)).await;
    let ahead = match opened.place {
        Place::File(_) => RevokedMark::Row(1000),
        Place::Database(_) => RevokedMark::Snapshot("1000000:1000000:".to_owned()),
    };
    let of_another_kind = match opened.place {
        Place::File(_) => RevokedMark::Snapshot("1:1:".to_owned()),
        Place::Database(_) => RevokedMark::Row(1),
    };
    for mark in [ahead, of_another_kind] {
        let read = store.revoked(Some(mark)).await.unwrap();
        assert_eq!((read.is_whole, in_order(&read)), (true, vec![jti("one", 50)]));
        let mut mark = read.mark;
        assert_eq!(news(store, &mut mark).await, []);
    }
}

/// Transactions are committed in another order than they begin in, and some are given up.
#[tokio::test]
async fn a_transaction_that_is_committed_late_is_read_then() {
    let opened = in_postgres().await;
    let store = &opened.store;
    let Place::Database(database) = &opened.place else { unreachable!() };
    let insert = |id: &str| {
        format!("INSERT INTO revoked (kind, id, expires_at) VALUES ('jti', '{id}', {})", after(50).as_millis())
    };
    let mut mark = store.revoked(None).await.unwrap().mark;
    let (late, given_up) = (database.connect().await, database.connect().await);
    for (client, id) in [(&late, "late"), (&given_up, "given up")] {
        client.batch_execute(&format!("BEGIN; {}", insert(id))).await.unwrap();
    }
    revoke(store, "in between", after(50)).await;
    assert_eq!(news(store, &mut mark).await, [jti("in between", 50)]);
    assert_eq!(news(store, &mut mark).await, []);
    revoke(store, "another", after(50)).await;
    late.batch_execute("COMMIT").await.unwrap();
    given_up.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(news(store, &mut mark).await, [jti("another", 50), jti("late", 50)]);
    assert_eq!(news(store, &mut mark).await, []);
}

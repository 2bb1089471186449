//! How a database becomes one of ours, and stays one.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use evergrant_core::time::UnixTime;
use evergrant_issuer::SqliteStore;
use evergrant_issuer::store::StoreError;

use super::rows::{after, session};
use super::{Opened, Place};
use crate::support::Postgres;

pub(super) async fn many_may_open_an_empty_database_at_once(opened: &Opened) {
    let place = match opened.place {
        Place::File(_) => Place::File(tempfile::tempdir().unwrap()),
        Place::Database(_) => Place::Database(Postgres::shared().database().await),
    };
    let place = Arc::new(place);
    let mut openings = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let place = Arc::clone(&place);
        openings.spawn(async move { place.open().await });
    }
    for store in openings.join_all().await {
        assert!(store.signing_keys().await.unwrap().is_empty());
    }
}

pub(super) async fn what_was_written_is_there_for_the_next_process(opened: &Opened) {
    let written = session("one");
    opened.store.start_session(written.clone(), None).await.unwrap();
    let next = opened.place.open().await;
    assert_eq!(next.session(written.id, after(0)).await.unwrap(), Some(written));
}

pub(super) async fn a_server_of_its_own_tells_the_time_and_a_file_does_not(opened: &Opened) {
    let time = opened.store.time().await.unwrap();
    let is_now = |time: UnixTime| {
        let now = evergrant_native::now();
        now.since(time).max(time.since(now)) < Duration::from_secs(60)
    };
    match opened.place {
        Place::File(_) => assert_eq!(time, None),
        Place::Database(_) => assert!(time.is_some_and(is_now), "{time:?}"),
    }
}

/// Twenty times: about one time in five it happened.
#[test]
fn one_of_those_that_opened_a_new_file_at_once_was_told_that_it_is_locked() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuer.sqlite3");
        let ready = Barrier::new(8);
        thread::scope(|scope| {
            let open = || {
                ready.wait();
                SqliteStore::open(&path).map(drop)
            };
            let openings: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            openings.into_iter().for_each(|opening| opening.join().unwrap().unwrap());
        });
    }
}

/// Without them, another process that closes the file takes itself for the last one, and removes the log that is written to
/// here.
#[cfg(target_os = "linux")]
#[test]
fn opening_a_file_once_more_released_the_locks_on_it() {
    use std::os::unix::fs::MetadataExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("issuer.sqlite3");
    let process = format!(" {} ", std::process::id());
    let locked = || {
        let inode = format!(":{} ", std::fs::metadata(&path).unwrap().ino());
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|lock| lock.contains(&inode) && lock.contains(&process))
    };
    let _one = SqliteStore::open(&path).unwrap();
    assert!(locked());
    let _other = SqliteStore::open(&path).unwrap();
    assert!(locked());
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("issuer.sqlite3");
    drop(SqliteStore::open(&path).unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 1000).unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 1000, .. }), "{refused}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let database = Postgres::shared().database().await;
    drop(database.open().await.unwrap());
    database.execute("UPDATE evergrant_schema SET version = 1000").await;
    let refused = database.open().await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 1000, .. }), "{refused}");
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

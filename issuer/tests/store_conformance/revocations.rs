//! The list of what was revoked before its time.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_issuer::Store;
use evergrant_issuer::store::{RefreshOutcome, RefreshUse};

use super::refresh::{begin, present};
use super::rows::{START, after, ann, app, code, family, grant, hash, usage};
use super::{Opened, at_once};

/// Rows stay this long after what they name has expired by the issuer's clock: others may be behind.
const CLOCKS_DIFFER: u64 = 300;

fn listed(id: &str, seconds: u64) -> RevokedEntry {
    RevokedEntry { what: Revoked::Grant(id.to_owned()), exp: after(seconds).as_seconds() }
}

pub(super) async fn an_access_token_is_listed_by_itself_until_it_has_expired_everywhere(Opened { store, .. }: &Opened) {
    for _ in 0..2 {
        store.revoke_access_token("later".to_owned(), after(61)).await.unwrap();
    }
    store.revoke_access_token("sooner".to_owned(), after(60)).await.unwrap();
    assert!(store.is_revoked("later", None).await.unwrap());
    assert!(store.is_revoked("later", Some("grant")).await.unwrap());
    assert!(!store.is_revoked("another", Some("later")).await.unwrap(), "a name of another kind");
    let entry = |jti: &str, seconds| RevokedEntry {
        what: Revoked::AccessToken(jti.to_owned()),
        exp: after(seconds).as_seconds(),
    };
    assert_eq!(store.revoked(START).await.unwrap(), [entry("sooner", 60), entry("later", 61)]);
    assert_eq!(store.revoked(after(60)).await.unwrap(), [entry("later", 61)]);

    store.sweep(after(60 + CLOCKS_DIFFER)).await.unwrap();
    assert_eq!(store.revoked(START).await.unwrap(), [entry("later", 61)]);
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
    store.add_code(grant("of a code"), code("of a code")).await.unwrap();
    for _ in 0..3 {
        store.use_code(hash("of a code"), &app(), after(1)).await.unwrap();
    }
    let ended = ["ended", "ended by its person", "of a code", "replayed"].map(|id| listed(id, 50));
    assert_eq!(store.revoked(START).await.unwrap(), ended);
    assert!(store.is_revoked("any", Some("ended")).await.unwrap());
    assert!(!store.is_revoked("any", Some("alive")).await.unwrap());

    store.add_grant(grant("without a code")).await.unwrap();
    store.sign_out_everywhere(&ann(), after(2)).await.unwrap();
    assert_eq!(store.revoked(START).await.unwrap().len(), 6);
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
    let list = [listed("expired", 50), listed("used for less", 50), listed("used", 80)];
    assert_eq!(store.revoked(START).await.unwrap(), list);
    assert_eq!(store.revoked(after(50)).await.unwrap(), list[2..]);

    // The family is over, and what it brought is not: it has to be known for longer.
    let mut lasting = family("lasting", "lasting");
    lasting.tokens_until = after(5000);
    store.add_refresh_family(grant("lasting"), lasting).await.unwrap();
    store.sweep(after(2000)).await.unwrap();
    store.sign_out_everywhere(&ann(), after(2000)).await.unwrap();
    assert!(store.revoked(START).await.unwrap().contains(&listed("lasting", 5000)));
}

/// Its access tokens counted again when the clock had been set right.
pub(super) async fn a_grant_that_ended_while_the_clock_was_ahead_was_not_listed(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    store.end_grant("one".to_owned(), after(1_000_000)).await.unwrap();
    store.add_grant(grant("two")).await.unwrap();
    store.sign_out_everywhere(&ann(), after(1_000_000)).await.unwrap();
    assert_eq!(store.revoked(START).await.unwrap(), [listed("one", 50), listed("two", 50)]);
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
        let list = opened.store.revoked(START).await.unwrap();
        let entry = list.iter().find(|entry| entry.what == Revoked::Grant(name.clone())).unwrap();
        let lasts = if was_brought { LASTING } else { 50 };
        assert_eq!(entry.exp, after(lasts).as_seconds(), "{name}");
    }
}

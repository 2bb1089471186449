//! Families of refresh tokens: how they rotate, forgive, end and last.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::store::{Grant, RefreshFamily, RefreshOutcome, RefreshUse};

use super::Opened;
use super::rows::{after, ann, app, bob, family, grant, hash, key, successor, token, usage};

/// Begins a family whose grant has the same name.
pub(super) async fn begin(store: &Arc<dyn Store>, name: &str) {
    store.add_refresh_family(grant(name), family(name, name)).await.unwrap();
}

/// Uses the token with this number.
pub(super) async fn present(store: &Arc<dyn Store>, name: &str, number: usize, now: UnixTime) -> RefreshOutcome {
    store.use_refresh_token(usage(name, number, now)).await.unwrap().committed().await.unwrap()
}

fn accepted(name: &str) -> RefreshOutcome {
    RefreshOutcome::Accepted(Box::new(grant(name)))
}

fn repeated(name: &str, number: usize) -> RefreshOutcome {
    RefreshOutcome::Repeated(Box::new(grant(name)), successor(name, number))
}

pub(super) async fn a_family_rotates_and_forgives_a_lost_answer_in_time(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    assert_eq!(store.refresh_family(hash("one"), after(1)).await.unwrap(), Some((grant("one"), family("one", "one"))));
    assert_eq!(present(store, "one", 0, after(10)).await, accepted("one"));
    // Whoever asks again brings a successor of their own, and gets the first one.
    let again = RefreshUse { successor: Some(successor("other", 7)), ..usage("one", 0, after(19)) };
    assert_eq!(store.use_refresh_token(again).await.unwrap().committed().await.unwrap(), repeated("one", 0));
    let (_, rotated) = store.refresh_family(hash("one"), after(19)).await.unwrap().unwrap();
    let expected = RefreshFamily {
        current: token("one", 1),
        last_used_at: after(10),
        expires_at: after(110),
        tokens_until: after(70),
        ..family("one", "one")
    };
    assert_eq!(rotated, expected);
    assert_eq!(present(store, "one", 1, after(100)).await, accepted("one"));
    assert_eq!(present(store, "one", 1, after(109)).await, repeated("one", 1));
    assert_eq!(present(store, "one", 2, after(110)).await, accepted("one"));
}

pub(super) async fn a_late_replay_ends_its_family_and_no_other(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    begin(store, "two").await;
    assert_eq!(present(store, "one", 0, after(10)).await, accepted("one"));
    assert_eq!(present(store, "one", 0, after(20)).await, RefreshOutcome::Replayed);
    assert_eq!(present(store, "one", 1, after(20)).await, RefreshOutcome::Refused);
    assert_eq!(present(store, "one", 0, after(20)).await, RefreshOutcome::Refused);
    assert_eq!(store.refresh_family(hash("one"), after(20)).await.unwrap(), None);
    assert_eq!(present(store, "two", 0, after(20)).await, accepted("two"));
}

pub(super) async fn a_replay_ends_the_family_once_the_successor_was_used(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    present(store, "one", 0, after(1)).await;
    present(store, "one", 1, after(2)).await;
    assert_eq!(present(store, "one", 0, after(3)).await, RefreshOutcome::Replayed);
    assert_eq!(present(store, "one", 2, after(3)).await, RefreshOutcome::Refused);
}

/// While the clock was ahead, or told by somebody who is told it later: then a replay was forgiven until that time had come, and
/// where none is.
pub(super) async fn a_replay_before_the_time_of_the_use_was_forgiven(Opened { store, .. }: &Opened) {
    for (name, replayed_at) in [("before", 45), ("long before", 5)] {
        begin(store, name).await;
        assert_eq!(present(store, name, 0, after(50)).await, accepted(name));
        let expected = if replayed_at == 45 { repeated(name, 0) } else { RefreshOutcome::Replayed };
        assert_eq!(present(store, name, 0, after(replayed_at)).await, expected, "{name}");
    }
    begin(store, "never").await;
    for (now, expected) in [(50, accepted("never")), (49, RefreshOutcome::Replayed)] {
        let never = RefreshUse { reuse_interval: Duration::ZERO, ..usage("never", 0, after(now)) };
        assert_eq!(store.use_refresh_token(never).await.unwrap().committed().await.unwrap(), expected);
    }
}

pub(super) async fn a_token_that_never_was_ends_its_family(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    assert_eq!(present(store, "one", 5, after(1)).await, RefreshOutcome::Replayed);
    assert_eq!(present(store, "one", 0, after(1)).await, RefreshOutcome::Refused);
    assert_eq!(present(store, "never was", 0, after(1)).await, RefreshOutcome::Refused);
}

pub(super) async fn a_family_ends_when_idle_and_at_its_absolute_limit(Opened { store, .. }: &Opened) {
    begin(store, "idle").await;
    assert_eq!(present(store, "idle", 0, after(100)).await, RefreshOutcome::Refused);
    assert_eq!(store.refresh_family(hash("idle"), after(100)).await.unwrap(), None);
    begin(store, "used").await;
    for number in 0..11 {
        assert_eq!(present(store, "used", number, after(99 + 90 * number as u64)).await, accepted("used"), "{number}");
    }
    let (_, last) = store.refresh_family(hash("used"), after(999)).await.unwrap().unwrap();
    assert_eq!(last.expires_at, after(1000), "the successor inherits what is left");
    assert_eq!(present(store, "used", 11, after(1000)).await, RefreshOutcome::Refused);
}

pub(super) async fn a_token_of_another_client_is_refused_and_unharmed(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    let stranger = || ClientId::new("stranger");
    for number in [0, 5] {
        let usage = RefreshUse { client_id: stranger(), ..usage("one", number, after(1)) };
        assert_eq!(store.use_refresh_token(usage).await.unwrap().committed().await.unwrap(), RefreshOutcome::Refused);
    }
    assert_eq!(present(store, "one", 0, after(1)).await, accepted("one"));
    let replayed = RefreshUse { client_id: stranger(), ..usage("one", 0, after(50)) };
    assert_eq!(store.use_refresh_token(replayed).await.unwrap().committed().await.unwrap(), RefreshOutcome::Refused);
    assert_eq!(present(store, "one", 1, after(50)).await, accepted("one"));
}

pub(super) async fn a_token_that_does_not_rotate_stays_good(Opened { store, .. }: &Opened) {
    begin(store, "one").await;
    for seconds in [50, 140, 230] {
        let usage = RefreshUse { successor: None, ..usage("one", 0, after(seconds)) };
        assert_eq!(store.use_refresh_token(usage).await.unwrap().committed().await.unwrap(), accepted("one"));
    }
    let (_, used) = store.refresh_family(hash("one"), after(230)).await.unwrap().unwrap();
    assert_eq!((used.current, used.last_used_at, used.expires_at), (token("one", 0), after(230), after(330)));
    // A client that is told to rotate from now on goes on from the same token.
    assert_eq!(present(store, "one", 0, after(240)).await, accepted("one"));
    assert_eq!(present(store, "one", 1, after(250)).await, accepted("one"));
}

pub(super) async fn a_family_of_a_key_does_nothing_for_who_has_not_shown_it(Opened { store, .. }: &Opened) {
    let bound = RefreshFamily { dpop_jkt: Some(key(1)), ..family("one", "one") };
    store.add_refresh_family(grant("one"), bound.clone()).await.unwrap();
    assert_eq!(store.refresh_family(hash("one"), after(1)).await.unwrap(), Some((grant("one"), bound)));
    let present = async |number, proven, seconds| {
        let usage = RefreshUse { proven, ..usage("one", number, after(seconds)) };
        store.use_refresh_token(usage).await.unwrap().committed().await.unwrap()
    };
    for thief in [None, Some(key(2))] {
        // The good token, and one that never was.
        for number in [0, 7] {
            assert_eq!(present(number, thief.clone(), 1).await, RefreshOutcome::OtherKey, "{number}");
        }
    }
    assert_eq!(present(0, Some(key(1)), 2).await, accepted("one"));
    for thief in [None, Some(key(2))] {
        // One that is forgiven, and one that is not.
        for seconds in [3, 50] {
            assert_eq!(present(0, thief.clone(), seconds).await, RefreshOutcome::OtherKey, "{seconds}");
        }
    }
    assert_eq!(present(0, Some(key(1)), 3).await, repeated("one", 0));
    assert_eq!(present(1, Some(key(1)), 50).await, accepted("one"));
    assert_eq!(present(0, Some(key(1)), 90).await, RefreshOutcome::Replayed, "whoever has the key is not a thief");
    assert_eq!(present(2, Some(key(1)), 90).await, RefreshOutcome::Refused);
}

pub(super) async fn a_family_of_no_key_is_bound_by_the_first_that_is_shown(Opened { store, .. }: &Opened) {
    for (name, binds) in [("public", true), ("confidential", false)] {
        begin(store, name).await;
        let shown = RefreshUse { proven: Some(key(1)), binds, ..usage(name, 0, after(1)) };
        assert_eq!(store.use_refresh_token(shown).await.unwrap().committed().await.unwrap(), accepted(name));
        let (_, used) = store.refresh_family(hash(name), after(1)).await.unwrap().unwrap();
        assert_eq!(used.dpop_jkt, binds.then(|| key(1)), "{name}");
    }
    assert_eq!(present(store, "public", 1, after(2)).await, RefreshOutcome::OtherKey);
    assert_eq!(present(store, "confidential", 1, after(2)).await, accepted("confidential"));
}

pub(super) async fn ending_a_grant_ends_its_family(Opened { store, .. }: &Opened) {
    for name in ["one", "two", "three"] {
        begin(store, name).await;
    }
    store.end_grant("one".to_owned(), after(1)).await.unwrap();
    store.end_grant("never was".to_owned(), after(1)).await.unwrap();
    assert_eq!(present(store, "one", 0, after(1)).await, RefreshOutcome::Refused);

    assert!(!store.end_grant_of(&bob(), "two", after(1)).await.unwrap());
    assert!(!store.end_grant_of(&ann(), "two\0", after(1)).await.unwrap());
    assert!(store.end_grant_of(&ann(), "two", after(1)).await.unwrap());
    assert!(!store.end_grant_of(&ann(), "two", after(1)).await.unwrap());
    assert_eq!(present(store, "two", 0, after(1)).await, RefreshOutcome::Refused);
    assert_eq!(present(store, "three", 0, after(1)).await, accepted("three"));
}

pub(super) async fn grants_end_by_session_and_by_client(Opened { store, .. }: &Opened) {
    let other_client = ClientId::new("other");
    for (name, changed) in [
        ("here", grant("here")),
        ("there", Grant { sid: "other sid".to_owned(), ..grant("there") }),
        (
            "other client",
            Grant { client_id: other_client.clone(), sid: "other sid".to_owned(), ..grant("other client") },
        ),
        ("bob's", Grant { subject: bob(), ..grant("bob's") }),
    ] {
        store.add_refresh_family(changed, family(name, name)).await.unwrap();
    }
    let live = async || {
        let names = ["here", "there", "other client", "bob's"];
        let mut live = Vec::new();
        for name in names {
            live.extend(store.refresh_family(hash(name), after(1)).await.unwrap().map(|_| name));
        }
        live
    };
    for hostile in ["", "sid\0", "' OR 1=1 --"] {
        store.sign_out_of_session(&ann(), hostile, after(1)).await.unwrap();
        store.end_grants_to(&ann(), &ClientId::new(hostile), after(1)).await.unwrap();
    }
    assert_eq!(live().await.len(), 4);
    store.sign_out_of_session(&ann(), "sid", after(1)).await.unwrap();
    assert_eq!(live().await, ["there", "other client", "bob's"]);
    store.end_grants_to(&ann(), &app(), after(1)).await.unwrap();
    assert_eq!(live().await, ["other client", "bob's"]);
    assert!(store.is_revoked("any", Some("here")).await.unwrap());
    assert!(store.is_revoked("any", Some("there")).await.unwrap());
}

pub(super) async fn a_person_sees_their_own_families_the_last_used_first(Opened { store, .. }: &Opened) {
    for name in ["unused", "used", "ended"] {
        begin(store, name).await;
    }
    let bobs = Grant { subject: bob(), ..grant("bob's") };
    store.add_refresh_family(bobs.clone(), family("bob's", "bob's")).await.unwrap();
    present(store, "used", 0, after(50)).await;
    store.end_grant("ended".to_owned(), after(50)).await.unwrap();
    let names = |families: Vec<(Grant, RefreshFamily)>| -> Vec<String> {
        families.into_iter().map(|(grant, family)| format!("{} {}", grant.id, family.grant_id)).collect()
    };
    assert_eq!(names(store.refresh_families_of(&ann(), after(60)).await.unwrap()), ["used used", "unused unused"]);
    assert_eq!(names(store.refresh_families_of(&ann(), after(100)).await.unwrap()), ["used used"]);
    assert_eq!(store.refresh_families_of(&bob(), after(60)).await.unwrap(), [(bobs, family("bob's", "bob's"))]);
}

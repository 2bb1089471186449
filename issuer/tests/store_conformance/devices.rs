//! Devices that wait for a person (RFC 8628): answered once, by one, and handed out once.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::ClientId;
use evergrant_issuer::Store;
use evergrant_issuer::store::{DeviceAuthorization, DevicePoll, DeviceRoom, Grant, Session};

use super::rows::{after, ann, app, bob, device, family, grant, hash, session};
use super::{Opened, at_once};

fn room() -> DeviceRoom {
    DeviceRoom { address: hash("address"), per_address: 10_000 }
}

/// In a session of its person's.
async fn allow(store: &Arc<dyn Store>, name: &str, grant: Grant, seconds: u64) -> bool {
    let begun = Session { subject: grant.subject.clone(), ..session(grant.subject.as_str()) };
    let allowed_in = begun.id;
    store.start_session(begun, None).await.unwrap();
    store.allow_device(user_code(name), grant, allowed_in, after(seconds)).await.unwrap()
}

async fn open(store: &Arc<dyn Store>, name: &str) {
    assert!(store.open_device_authorization(device(name), room()).await.unwrap(), "{name}");
}

async fn poll(store: &Arc<dyn Store>, name: &str, seconds: u64) -> DevicePoll {
    store.poll_device(hash(&format!("device {name}")), &app(), after(seconds)).await.unwrap()
}

fn user_code(name: &str) -> evergrant_issuer::secret::SecretHash {
    hash(&format!("user {name}"))
}

/// Which of these are still there.
async fn left(store: &Arc<dyn Store>, names: std::ops::Range<usize>) -> Vec<usize> {
    let mut left = Vec::new();
    for name in names {
        if store.device_authorization(user_code(&name.to_string())).await.unwrap().is_some() {
            left.push(name);
        }
    }
    left
}

pub(super) async fn a_device_is_found_by_its_user_code_as_it_was_stored(Opened { store, .. }: &Opened) {
    let bare = DeviceAuthorization { audience: None, ..device("bare") };
    for stored in [device("one"), bare] {
        assert!(store.open_device_authorization(stored.clone(), room()).await.unwrap());
        let found = store.device_authorization(stored.user_code).await.unwrap();
        assert_eq!(found, Some(stored));
    }
    assert_eq!(store.device_authorization(user_code("two")).await.unwrap(), None);
    let same_user_code = DeviceAuthorization { user_code: user_code("one"), ..device("other") };
    assert!(!store.open_device_authorization(same_user_code, room()).await.unwrap());
    assert_eq!(store.device_authorization(user_code("one")).await.unwrap(), Some(device("one")));
}

pub(super) async fn a_device_that_polls_too_fast_is_slowed_each_time(Opened { store, .. }: &Opened) {
    open(store, "one").await;
    for (seconds, expected) in [
        (0, DevicePoll::Pending),
        (5, DevicePoll::Pending),
        (9, DevicePoll::TooFast(Duration::from_secs(10))),
        (19, DevicePoll::Pending),
        (20, DevicePoll::TooFast(Duration::from_secs(15))),
        (34, DevicePoll::TooFast(Duration::from_secs(20))),
        (54, DevicePoll::Pending),
        (59, DevicePoll::TooFast(Duration::from_secs(25))),
        (60, DevicePoll::Expired),
    ] {
        assert_eq!(poll(store, "one", seconds).await, expected, "{seconds}");
    }
    assert_eq!(poll(store, "unknown", 0).await, DevicePoll::Refused);
}

pub(super) async fn what_was_allowed_is_handed_out_once_and_to_its_client(Opened { store, .. }: &Opened) {
    open(store, "one").await;
    let full = Grant { device: "A device".to_owned(), ..grant("one") };
    assert!(allow(store, "one", full.clone(), 1).await);
    let found = store.device_authorization(user_code("one")).await.unwrap();
    assert_eq!(found.unwrap().answered_at, Some(after(1)));
    let stranger = ClientId::new("stranger");
    let refused = store.poll_device(hash("device one"), &stranger, after(2)).await.unwrap();
    assert_eq!(refused, DevicePoll::Refused);
    assert_eq!(poll(store, "one", 2).await, DevicePoll::Granted(Box::new(full)));
    assert_eq!(poll(store, "one", 3).await, DevicePoll::Refused);
    assert_eq!(poll(store, "one", 60).await, DevicePoll::Refused);
    store.add_refresh_family(grant("one"), family("one", "one")).await.unwrap();
    assert!(store.refresh_family(hash("one"), after(3)).await.unwrap().is_some(), "a second poll ends nothing");
}

pub(super) async fn one_answer_counts_and_the_same_of_the_same_person_again(Opened { store, .. }: &Opened) {
    for name in ["allowed", "denied", "late"] {
        open(store, name).await;
    }
    let allows = |name: &'static str, id: &'static str, subject| allow(store, name, Grant { subject, ..grant(id) }, 1);
    let deny =
        |name: &'static str, subject| async move { store.deny_device(user_code(name), &subject, after(1)).await };
    assert!(allows("allowed", "one", ann()).await);
    assert!(allows("allowed", "two", ann()).await, "again");
    assert!(!allows("allowed", "three", bob()).await);
    assert!(!deny("allowed", ann()).await.unwrap() && !deny("allowed", bob()).await.unwrap());
    assert!(matches!(poll(store, "allowed", 2).await, DevicePoll::Granted(granted) if granted.id == "one"));

    assert!(deny("denied", ann()).await.unwrap() && deny("denied", ann()).await.unwrap());
    assert!(!deny("denied", bob()).await.unwrap() && !allows("denied", "four", ann()).await);
    assert_eq!(poll(store, "denied", 2).await, DevicePoll::Denied);
    assert!(!allow(store, "late", grant("five"), 60).await);
    assert!(!store.deny_device(user_code("late"), &ann(), after(60)).await.unwrap());
    assert!(!allow(store, "unknown", grant("six"), 1).await);
    // Of answers that did not count, nothing is left to end.
    for id in ["two", "three", "four", "five", "six"] {
        let ended = store.end_grant_of(&ann(), id, after(2)).await.unwrap();
        assert!(!ended && !store.end_grant_of(&bob(), id, after(2)).await.unwrap(), "{id}");
    }
}

pub(super) async fn what_was_taken_back_before_the_device_came_is_not_handed_out(Opened { store, .. }: &Opened) {
    open(store, "one").await;
    assert!(allow(store, "one", grant("one"), 1).await);
    store.sign_out_everywhere(&ann(), after(2)).await.unwrap();
    assert_eq!(poll(store, "one", 3).await, DevicePoll::Denied);
}

/// The yes came from a session that was over when it was written.
pub(super) async fn a_device_that_was_allowed_at_the_moment_of_a_sign_out_everywhere_outlived_it(opened: &Opened) {
    for round in 0..20 {
        let name = round.to_string();
        opened.store.start_session(session(&name), None).await.unwrap();
        for number in 0..8 {
            open(&opened.store, &format!("{name} {number}")).await;
        }
        let step = |store: Arc<dyn Store>, number: usize| {
            let (name, session) = (format!("{name} {number}"), hash(&name));
            async move {
                if number == 4 {
                    store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
                    return;
                }
                let is_allowed = store.allow_device(user_code(&name), grant(&name), session, after(1)).await.unwrap();
                let is_allowed_again = store.allow_device(user_code(&name), grant("again"), session, after(1)).await;
                assert!(!is_allowed || is_allowed_again.unwrap(), "who presses twice is told the same");
            }
        };
        at_once(opened, 8, step).await;
        for number in 0..8 {
            let polled = poll(&opened.store, &format!("{name} {number}"), 2).await;
            assert!(!matches!(polled, DevicePoll::Granted(_)), "{name} {number}");
        }
    }
}

pub(super) async fn of_many_polls_at_once_one_has_the_grant(opened: &Opened) {
    open(&opened.store, "one").await;
    assert!(allow(&opened.store, "one", grant("one"), 1).await);
    let step = |store: Arc<dyn Store>, _| async move { poll(&store, "one", 2).await };
    let polls = at_once(opened, 50, step).await;
    assert_eq!(polls.iter().filter(|poll| matches!(poll, DevicePoll::Granted(_))).count(), 1);
    assert_eq!(polls.iter().filter(|poll| **poll == DevicePoll::Refused).count(), 49);
}

pub(super) async fn of_many_answers_at_once_one_counts(opened: &Opened) {
    open(&opened.store, "one").await;
    let answer = |store: Arc<dyn Store>, number: usize| async move {
        let subject = evergrant_core::protocol::Subject::new(format!("person {number}"));
        match number % 3 {
            0 => store.deny_device(user_code("one"), &subject, after(1)).await.unwrap(),
            _ => {
                let grant = Grant { subject, ..grant(&number.to_string()) };
                allow(&store, "one", grant, 1).await
            }
        }
    };
    let answers = at_once(opened, 30, answer).await;
    assert_eq!(answers.iter().filter(|counts| **counts).count(), 1);
}

/// A poll between an answer and its commit takes the one for neither a refusal nor lost.
pub(super) async fn a_device_that_polls_while_it_is_allowed_is_never_denied(opened: &Opened) {
    for round in 0..20 {
        let name = round.to_string();
        open(&opened.store, &name).await;
        let step = |store: Arc<dyn Store>, number: usize| {
            let name = name.clone();
            async move {
                if number == 5 {
                    assert!(allow(&store, &name, grant(&name), 1).await);
                    return None;
                }
                Some(poll(&store, &name, 2).await)
            }
        };
        let mut polls: Vec<DevicePoll> = at_once(opened, 10, step).await.into_iter().flatten().collect();
        polls.push(poll(&opened.store, &name, 3).await);
        assert_eq!(polls.iter().filter(|poll| matches!(poll, DevicePoll::Granted(_))).count(), 1, "{polls:?}");
        assert!(!polls.contains(&DevicePoll::Denied), "{polls:?}");
    }
}

pub(super) async fn where_there_is_no_room_at_an_address_the_oldest_devices_go(Opened { store, .. }: &Opened) {
    let tight = DeviceRoom { per_address: 3, ..room() };
    let elsewhere = DeviceRoom { address: hash("elsewhere"), ..tight };
    let opened =
        |number: usize| DeviceAuthorization { created_at: after(number as u64), ..device(&number.to_string()) };
    store.open_device_authorization(opened(0), elsewhere).await.unwrap();
    for number in 1..4 {
        store.open_device_authorization(opened(number), tight).await.unwrap();
    }
    assert!(allow(store, "1", grant("one"), 4).await);
    for number in 4..7 {
        store.open_device_authorization(opened(number), tight).await.unwrap();
    }
    assert_eq!(left(store, 0..7).await, [0, 1, 5, 6], "who was answered stays");
    store.trim_device_authorizations(2).await.unwrap();
    assert_eq!(left(store, 0..7).await, [1, 6]);
}

pub(super) async fn devices_that_are_over_leave_in_batches_after_a_while(opened: &Opened) {
    let store = &opened.store;
    let step = |store: Arc<dyn Store>, number: usize| async move { open(&store, &number.to_string()).await };
    at_once(opened, 250, step).await;
    assert!(allow(store, "7", grant("seven"), 1).await);
    let live = DeviceAuthorization { expires_at: after(1000), ..device("live") };
    assert!(store.open_device_authorization(live, room()).await.unwrap());
    assert!(!store.sweep(after(60 + 599)).await.unwrap());
    assert_eq!(left(store, 0..250).await.len(), 250);
    assert!(store.sweep(after(60 + 600)).await.unwrap(), "there may be more");
    assert!(!store.sweep(after(60 + 600)).await.unwrap());
    assert_eq!(left(store, 0..250).await, [0; 0]);
    assert!(store.device_authorization(user_code("live")).await.unwrap().is_some());
}

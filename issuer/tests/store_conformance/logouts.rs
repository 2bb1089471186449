//! Which clients hear that a session is over, and when.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::store::{DueLogout, Grant, LoggedInRp, Session};

use super::Place;
use super::rows::{START, after, ann, app, bob, family, grant, hash, session};
use super::{Opened, at_once, in_postgres};

/// Ann's at the client `app`, by the session of this name.
fn rp(name: &str) -> LoggedInRp {
    LoggedInRp {
        sid: format!("sid of {name}"),
        client_id: app(),
        subject: ann(),
        has_session: true,
        keep_until: after(10_000),
    }
}

async fn sign_in(store: &Arc<dyn Store>, name: &str) {
    store.start_session(session(name), None).await.unwrap();
    store.note_logged_in_rp(rp(name), START).await.unwrap();
}

/// Who hears at this time, by the names of the sessions, without being put off.
async fn heard_at(store: &Arc<dyn Store>, now: UnixTime) -> Vec<String> {
    let due = store.take_due_logouts(now, 100).await.unwrap();
    for due in &due {
        store.remove_logout(due).await.unwrap();
    }
    let mut names: Vec<String> = due.into_iter().map(|due| due.sid.replace("sid of ", "")).collect();
    names.sort();
    names
}

async fn heard(store: &Arc<dyn Store>) -> Vec<String> {
    heard_at(store, after(1)).await
}

pub(super) async fn however_a_session_ends_its_clients_hear_and_no_others(Opened { store, .. }: &Opened) {
    for name in ["cookie", "hint", "device", "stays"] {
        sign_in(store, name).await;
    }
    let second = LoggedInRp { client_id: ClientId::new("second"), ..rp("cookie") };
    store.note_logged_in_rp(second, START).await.unwrap();
    store.start_session(session("nobody's"), None).await.unwrap();
    assert!(heard(store).await.is_empty());

    store.end_session(hash("cookie"), after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["cookie", "cookie"]);
    store.end_session_called("sid of hint", &bob(), after(1)).await.unwrap();
    assert!(heard(store).await.is_empty());
    store.end_session_called("sid of hint", &ann(), after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["hint"]);
    store.sign_out_of_session(&ann(), "sid of device", after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["device"]);
    store.end_session(hash("nobody's"), after(1)).await.unwrap();
    store.sign_out_everywhere(&bob(), after(1)).await.unwrap();
    assert!(heard(store).await.is_empty());

    sign_in(store, "stays, too").await;
    store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["stays", "stays, too"]);
    sign_in(store, "everybody's").await;
    store.end_every_session().await.unwrap();
    assert_eq!(heard(store).await, ["everybody's"]);
    sign_in(store, "password").await;
    for password in ["password", "another"] {
        store.note_passwords(vec![(ann(), hash(password))], after(1)).await.unwrap();
    }
    assert_eq!(heard(store).await, ["password"]);
}

pub(super) async fn who_signs_in_again_stays_and_who_signs_in_over_somebody_ends_them(Opened { store, .. }: &Opened) {
    sign_in(store, "first").await;
    store.start_session(session("second"), Some(hash("first"))).await.unwrap();
    store.note_logged_in_rp(rp("second"), START).await.unwrap();
    assert!(heard(store).await.is_empty(), "the same person");
    let bobs = Session { subject: bob(), ..session("bob's") };
    store.start_session(bobs, Some(hash("second"))).await.unwrap();
    assert_eq!(heard(store).await, ["first", "second"]);
}

/// Who had signed in at an application by one session, and signed in again before the application had redeemed its code.
pub(super) async fn who_signed_in_again_was_signed_out_of_an_application_that_redeemed_its_code_after_that(
    Opened { store, .. }: &Opened,
) {
    sign_in(store, "first").await;
    store.start_session(session("second"), Some(hash("first"))).await.unwrap();
    store.note_logged_in_rp(rp("first"), after(1)).await.unwrap();
    assert!(heard_at(store, after(60)).await.is_empty());
    store.end_session(hash("second"), after(61)).await.unwrap();
    assert_eq!(heard_at(store, after(61)).await, ["first"]);
}

pub(super) async fn time_tells_nobody_and_then_the_end_of_what_was_granted_does(Opened { store, .. }: &Opened) {
    let granted = |name: &str| Grant { sid: format!("sid of {name}"), ..grant(name) };
    for name in ["over", "replayed"] {
        sign_in(store, name).await;
        store.add_refresh_family(granted(name), family(name, name)).await.unwrap();
    }
    store
        .add_refresh_family(Grant { id: "another".to_owned(), ..granted("over") }, family("another", "another"))
        .await
        .unwrap();
    let without_session = LoggedInRp { has_session: false, ..rp("by password") };
    store.note_logged_in_rp(without_session, START).await.unwrap();
    store.add_refresh_family(granted("by password"), family("by password", "by password")).await.unwrap();
    while store.sweep(after(100)).await.unwrap() {}
    assert_eq!(store.session(hash("over"), after(0)).await.unwrap(), None, "swept");
    assert!(heard_at(store, after(101)).await.is_empty());

    store.end_grant("replayed".to_owned(), after(101)).await.unwrap();
    assert_eq!(heard_at(store, after(101)).await, ["replayed"]);
    store.end_grant("another".to_owned(), after(101)).await.unwrap();
    assert!(heard_at(store, after(101)).await.is_empty(), "something is left");
    store.sign_out_everywhere(&ann(), after(101)).await.unwrap();
    assert_eq!(heard_at(store, after(101)).await, ["by password", "over"]);
}

pub(super) async fn as_long_as_a_session_lasts_the_end_of_a_grant_tells_nobody(Opened { store, .. }: &Opened) {
    sign_in(store, "lasts").await;
    let granted = Grant { sid: "sid of lasts".to_owned(), ..grant("one") };
    store.add_refresh_family(granted, family("one", "one")).await.unwrap();
    store.end_grant("one".to_owned(), after(1)).await.unwrap();
    assert!(heard(store).await.is_empty());
}

/// The client's session is over then, though the issuer's is not.
pub(super) async fn whoever_ends_an_application_has_it_hear(Opened { store, .. }: &Opened) {
    let second = ClientId::new("second");
    let at = |client_id: &ClientId, name: &str| {
        let sid = format!("sid of {name}");
        let id = format!("{client_id} by {name}");
        let rp = LoggedInRp { client_id: client_id.clone(), ..rp(name) };
        (rp, Grant { id, client_id: client_id.clone(), sid, ..grant("") })
    };
    for name in ["here", "there", "elsewhere"] {
        store.start_session(session(name), None).await.unwrap();
        for client_id in [&app(), &second] {
            let (rp, grant) = at(client_id, name);
            store.note_logged_in_rp(rp, START).await.unwrap();
            store.add_grant(grant).await.unwrap();
        }
    }
    let bobs = LoggedInRp { subject: bob(), ..rp("bob's") };
    store.start_session(Session { subject: bob(), ..session("bob's") }, None).await.unwrap();
    store.note_logged_in_rp(bobs, START).await.unwrap();

    assert!(!store.end_grant_of(&bob(), "second by here", after(1)).await.unwrap());
    assert!(heard(store).await.is_empty());
    assert!(store.end_grant_of(&ann(), "second by here", after(1)).await.unwrap());
    assert_eq!(heard(store).await, ["here"]);
    // Signed in over that one, by the same person: it is the new session's.
    store.start_session(session("again"), Some(hash("elsewhere"))).await.unwrap();
    store.withdraw_consent(&ann(), &second, after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["elsewhere", "there"]);
    store.end_grants_to(&ann(), &app(), after(1)).await.unwrap();
    assert_eq!(heard(store).await, ["elsewhere", "here", "there"]);
    store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
    assert!(heard(store).await.is_empty());
}

/// Its code was on its way: it hears when it has had time to begin a session of its own.
pub(super) async fn a_client_that_comes_after_the_end_hears_in_a_while(Opened { store, .. }: &Opened) {
    store.start_session(session("over"), None).await.unwrap();
    store.end_session(hash("over"), after(1)).await.unwrap();
    store.note_logged_in_rp(rp("over"), START).await.unwrap();
    assert!(heard_at(store, after(9)).await.is_empty());
    assert_eq!(heard_at(store, after(10)).await, ["over"]);
}

pub(super) async fn one_that_did_not_hear_is_tried_again_with_growing_pauses(Opened { store, .. }: &Opened) {
    sign_in(store, "one").await;
    store.end_session(hash("one"), after(1)).await.unwrap();
    let (mut tries, mut now) = (Vec::new(), after(1));
    while tries.len() < 4 {
        for due in store.take_due_logouts(now, 100).await.unwrap() {
            assert_eq!((due.sid.as_str(), &due.subject, due.tries as usize), ("sid of one", &ann(), tries.len() + 1));
            tries.push(now.since(after(1)).as_secs());
        }
        now = now + Duration::from_secs(1);
    }
    assert_eq!(tries, [0, 15, 45, 105]);
    // By a clock that was ahead, and is right again.
    let ahead = store.take_due_logouts(now + Duration::from_secs(90_000), 100).await.unwrap();
    assert_eq!(ahead.len(), 1);
    let due = store.take_due_logouts(now, 100).await.unwrap();
    assert_eq!(due[0].tries, 6);
    // One that was taken before knows nothing of this try.
    store.remove_logout(&ahead[0]).await.unwrap();
    store.remove_logout(&due[0]).await.unwrap();
    assert!(heard_at(store, now + Duration::from_secs(9000)).await.is_empty());
}

pub(super) async fn of_many_issuers_one_tells_each_client(opened: &Opened) {
    for number in 0..50 {
        sign_in(&opened.store, &number.to_string()).await;
    }
    opened.store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
    let take = |store: Arc<dyn Store>, _| async move { store.take_due_logouts(after(1), 4).await.unwrap() };
    let mut taken: Vec<DueLogout> = at_once(opened, 30, take).await.into_iter().flatten().collect();
    taken.extend(opened.store.take_due_logouts(after(1), 100).await.unwrap());
    let mut sids: Vec<String> = taken.into_iter().map(|due| due.sid).collect();
    assert_eq!(sids.len(), 50);
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 50);
}

pub(super) async fn a_client_that_is_told_of_a_session_while_it_ends_hears(opened: &Opened) {
    for round in 0..20 {
        let name = format!("round {round}");
        opened.store.start_session(session(&name), None).await.unwrap();
        let race = |store: Arc<dyn Store>, number: usize| {
            let name = name.clone();
            async move {
                match number {
                    0 => store.note_logged_in_rp(rp(&name), START).await.unwrap(),
                    _ => drop(store.end_session(hash(&name), after(1)).await.unwrap()),
                }
            }
        };
        at_once(opened, 2, race).await;
        assert_eq!(heard_at(&opened.store, after(10)).await, [name]);
    }
}

pub(super) async fn who_cannot_be_signed_in_any_more_is_forgotten(Opened { store, .. }: &Opened) {
    sign_in(store, "one").await;
    store.note_logged_in_rp(LoggedInRp { keep_until: after(500), ..rp("one") }, START).await.unwrap();
    store.extend_session(hash("one"), after(1), after(20_000)).await.unwrap();
    store.start_session(Session { absolute_until: after(20_000), ..session("two") }, Some(hash("one"))).await.unwrap();
    while store.sweep(after(10_000)).await.unwrap() {}
    store.sign_out_everywhere(&ann(), after(10_000)).await.unwrap();
    assert!(heard_at(store, after(10_000)).await.is_empty(), "the session was over by time");
    store.start_session(session("three"), None).await.unwrap();
    store.note_logged_in_rp(rp("three"), START).await.unwrap();
    assert!(!store.sweep(after(99)).await.unwrap());
    store.end_session(hash("three"), after(1)).await.unwrap();
    while store.sweep(after(10_000)).await.unwrap() {}
    assert!(heard_at(store, after(10_000)).await.is_empty(), "nobody told it in time");
}

/// What ends the session has looked for whom to tell before the client was there, and is committed after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_waits_for_who_is_ending_its_session() {
    let opened = in_postgres().await;
    let Place::Database(database) = &opened.place else { unreachable!() };
    opened.store.start_session(session("one"), None).await.unwrap();
    let [ending, watching] = [database.connect().await, database.connect().await];
    ending.batch_execute("BEGIN; DELETE FROM session").await.unwrap();
    let store = Arc::clone(&opened.store);
    let mut noting = tokio::spawn(async move { store.note_logged_in_rp(rp("one"), START).await });
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watching.query_opt(waiting, &[]).await.unwrap().is_none() {
        assert!(!noting.is_finished(), "it did not wait");
    }
    ending.batch_execute("COMMIT").await.unwrap();
    (&mut noting).await.unwrap().unwrap();
    assert_eq!(heard_at(&opened.store, after(10)).await, ["one"]);
}

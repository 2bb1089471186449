//! Who is signed in where.

use std::sync::Arc;

use evergrant_core::protocol::revoked::Revoked;
use evergrant_core::protocol::{Scope, Subject};
use evergrant_issuer::Store;
use evergrant_issuer::store::{CodeUse, ConsentUse, Grant, LoggedInRp, Overtaken, RefreshFamily, Session, SignedOut};

use super::rows::{after, ann, app, bob, code, family, grant, hash, session};
use super::{Opened, at_once};

async fn start(store: &Arc<dyn Store>, name: &str) -> Session {
    store.start_session(session(name), None).await.unwrap();
    session(name)
}

async fn is_there(store: &Arc<dyn Store>, name: &str) -> bool {
    store.session(hash(name), after(0)).await.unwrap().is_some()
}

pub(super) async fn a_session_lasts_until_the_earlier_of_its_limits(Opened { store, .. }: &Opened) {
    let started = start(store, "one").await;
    assert_eq!(store.session(started.id, after(99)).await.unwrap(), Some(started.clone()));
    assert_eq!(store.session(started.id, after(100)).await.unwrap(), None);
    store.extend_session(started.id, after(50), after(2000)).await.unwrap();
    assert!(store.session(started.id, after(999)).await.unwrap().is_some());
    assert_eq!(store.session(started.id, after(1000)).await.unwrap(), None);
    assert_eq!(store.session(hash("another"), after(0)).await.unwrap(), None);
}

pub(super) async fn a_sign_in_ends_the_session_it_replaces_and_no_other(Opened { store, .. }: &Opened) {
    start(store, "one").await;
    start(store, "two").await;
    store.start_session(session("three"), Some(hash("one"))).await.unwrap();
    store.start_session(session("four"), Some(hash("never was"))).await.unwrap();
    let there = [is_there(store, "one").await, is_there(store, "two").await, is_there(store, "three").await];
    assert_eq!(there, [false, true, true]);
    assert!(is_there(store, "four").await);
}

pub(super) async fn a_session_that_begins_twice_is_one_and_lasts_from_the_later(opened: &Opened) {
    let begin = |store: Arc<dyn Store>, number: usize| async move {
        let seconds = number as u64;
        let begun = Session {
            auth_time: after(seconds),
            idle_until: after(100 + seconds),
            absolute_until: after(1000 + seconds),
            ..session("one")
        };
        store.start_session(begun, Some(hash("zero"))).await.unwrap();
    };
    start(&opened.store, "zero").await;
    at_once(opened, 20, begin).await;
    let sessions = opened.store.sessions_of(&ann(), after(0)).await.unwrap();
    let lasting =
        Session { auth_time: after(19), idle_until: after(119), absolute_until: after(1019), ..session("one") };
    assert_eq!(sessions, [lasting]);
}

/// In PostgreSQL, now and then: it found the row of another that was not there yet when it looked.
pub(super) async fn of_sign_ins_that_are_one_at_once_one_was_refused(opened: &Opened) {
    for round in 0..100 {
        let begin = |store: Arc<dyn Store>, _| async move {
            store.start_session(session(&format!("session {round}")), None).await.unwrap();
        };
        at_once(opened, 16, begin).await;
    }
    assert_eq!(opened.store.sessions_of(&ann(), after(0)).await.unwrap().len(), 100);
}

pub(super) async fn use_moves_the_idle_limit_ahead_and_wakes_nothing(Opened { store, .. }: &Opened) {
    let id = start(store, "one").await.id;
    store.extend_session(id, after(50), after(150)).await.unwrap();
    store.extend_session(id, after(50), after(120)).await.unwrap();
    assert!(store.session(id, after(149)).await.unwrap().is_some(), "an earlier limit changes nothing");
    store.extend_session(id, after(150), after(300)).await.unwrap();
    assert_eq!(store.session(id, after(150)).await.unwrap(), None);
    store.extend_session(hash("never was"), after(0), after(300)).await.unwrap();
    assert!(!is_there(store, "never was").await);
}

pub(super) async fn a_session_is_ended_by_one_of_many(opened: &Opened) {
    start(&opened.store, "one").await;
    let ended =
        at_once(opened, 20, |store, _| async move { store.end_session(hash("one"), after(1)).await.unwrap() }).await;
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
    assert!(!is_there(&opened.store, "one").await);
}

pub(super) async fn a_session_is_ended_by_its_public_name_for_its_person_alone(Opened { store, .. }: &Opened) {
    let sid = start(store, "one").await.sid;
    assert!(!store.end_session_called(&sid, &bob(), after(1)).await.unwrap());
    for hostile in ["", "sid of one\0", "\0", "' OR 1=1 --", "sid of \u{1F980}"] {
        assert!(!store.end_session_called(hostile, &ann(), after(1)).await.unwrap(), "{hostile:?}");
    }
    assert!(is_there(store, "one").await);
    assert!(store.end_session_called(&sid, &ann(), after(1)).await.unwrap());
    assert!(!store.end_session_called(&sid, &ann(), after(1)).await.unwrap());
    assert!(!is_there(store, "one").await);
}

pub(super) async fn signing_out_of_a_session_ends_it_for_its_person_alone(Opened { store, .. }: &Opened) {
    let sid = start(store, "one").await.sid;
    start(store, "two").await;
    store.sign_out_of_session(&bob(), &sid, after(1)).await.unwrap();
    assert!(is_there(store, "one").await);
    store.sign_out_of_session(&ann(), &sid, after(1)).await.unwrap();
    assert!(!is_there(store, "one").await && is_there(store, "two").await);
}

/// What was granted in the session of this name: with and without `offline_access`.
async fn grant_in(store: &Arc<dyn Store>, name: &str) {
    let sid = || format!("sid of {name}");
    for scope in ["openid", "", "offline_accesses not_offline_access OFFLINE_ACCESS offline-access"] {
        let id = format!("{name}: {scope}");
        store.add_grant(Grant { sid: sid(), scope: Scope::parse(scope), ..grant(&id) }).await.unwrap();
    }
    for scope in ["openid offline_access", "offline_access openid"] {
        let id = format!("{name}: {scope}");
        let stays = Grant { sid: sid(), scope: Scope::parse(scope), ..grant(&id) };
        store.add_refresh_family(stays, family(&id, &id)).await.unwrap();
    }
    for (whose, changed) in [
        ("bob's", Grant { subject: bob(), sid: sid(), ..grant("") }),
        ("elsewhere", Grant { sid: format!("another than {name}"), ..grant("") }),
    ] {
        let scope = Scope::parse("openid");
        store.add_grant(Grant { id: format!("{name}: {whose}"), scope, ..changed }).await.unwrap();
    }
}

/// Which of those have ended.
async fn ended_in(store: &Arc<dyn Store>, name: &str) -> Vec<String> {
    let read = store.revoked(None).await.unwrap();
    let ended = read.entries.into_iter().filter_map(|entry| match entry.what {
        Revoked::Grant(id) => id.strip_prefix(&format!("{name}: ")).map(str::to_owned),
        Revoked::AccessToken(_) => None,
    });
    let mut ended: Vec<String> = ended.collect();
    ended.sort();
    ended
}

const WITHOUT_OFFLINE_ACCESS: [&str; 3] =
    ["", "offline_accesses not_offline_access OFFLINE_ACCESS offline-access", "openid"];

pub(super) async fn a_session_ends_with_what_was_granted_in_it_but_offline_access(Opened { store, .. }: &Opened) {
    for name in ["by cookie", "by name", "over by time", "stays"] {
        start(store, name).await;
        grant_in(store, name).await;
    }
    store.end_session(hash("never was"), after(1)).await.unwrap();
    store.end_session_called("sid of by name", &Subject::new("carol"), after(1)).await.unwrap();
    assert_eq!(ended_in(store, "by name").await, [""; 0]);

    store.end_session(hash("by cookie"), after(1)).await.unwrap();
    assert_eq!(ended_in(store, "by cookie").await, WITHOUT_OFFLINE_ACCESS);
    store.end_session_called("sid of by name", &ann(), after(1)).await.unwrap();
    assert_eq!(ended_in(store, "by name").await, WITHOUT_OFFLINE_ACCESS);
    for name in ["by cookie", "by name"] {
        for stays in ["openid offline_access", "offline_access openid"] {
            assert!(store.refresh_family(hash(&format!("{name}: {stays}")), after(2)).await.unwrap().is_some());
        }
    }
    store.extend_session(hash("stays"), after(1), after(200)).await.unwrap();
    while store.sweep(after(100)).await.unwrap() {}
    assert!(!store.end_session_called("sid of over by time", &ann(), after(100)).await.unwrap(), "swept");
    assert_eq!(ended_in(store, "stays").await, [""; 0]);
    store.end_every_session().await.unwrap();
    assert_eq!(ended_in(store, "stays").await, [""; 0]);
}

pub(super) async fn what_was_granted_goes_over_to_the_next_session_of_its_person_and_ends_with_it(
    Opened { store, .. }: &Opened,
) {
    start(store, "first").await;
    grant_in(store, "first").await;
    store.start_session(session("second"), Some(hash("first"))).await.unwrap();
    grant_in(store, "second").await;
    assert_eq!(ended_in(store, "first").await, [""; 0], "the same person");
    store.sign_out_of_session(&ann(), "sid of first", after(1)).await.unwrap();
    assert_eq!(ended_in(store, "first").await, ["offline_access openid", "openid offline_access"], "they outlive it");

    let bobs = Session { subject: bob(), ..session("bob's") };
    store.start_session(bobs, Some(hash("second"))).await.unwrap();
    assert_eq!(ended_in(store, "first").await.len(), 5, "all but those of another session or person");
    assert_eq!(ended_in(store, "second").await, WITHOUT_OFFLINE_ACCESS);
}

/// A way in which a session ends.
#[derive(Clone, Copy, Debug)]
enum End {
    ByCookie,
    ByName,
    InAccount,
    Everywhere,
    BySomebodyElse,
    BySamePerson,
    ByPassword,
}

impl End {
    const ALL: [Self; 7] = [
        Self::ByCookie,
        Self::ByName,
        Self::InAccount,
        Self::Everywhere,
        Self::BySomebodyElse,
        Self::BySamePerson,
        Self::ByPassword,
    ];

    /// Ends Ann's session of this name.
    async fn come(self, store: &Arc<dyn Store>, name: &str) {
        let (sid, next) = (format!("sid of {name}"), session(&format!("after {name}")));
        match self {
            Self::ByCookie => store.end_session(hash(name), after(1)).await.map(drop),
            Self::ByName => store.end_session_called(&sid, &ann(), after(1)).await.map(drop),
            Self::InAccount => store.sign_out_of_session(&ann(), &sid, after(1)).await,
            Self::Everywhere => store.sign_out_everywhere(&ann(), after(1)).await.map(drop),
            Self::BySomebodyElse => store.start_session(Session { subject: bob(), ..next }, Some(hash(name))).await,
            Self::BySamePerson => store.start_session(next, Some(hash(name))).await,
            Self::ByPassword => store.note_passwords(vec![(ann(), hash(name))], after(1)).await.map(drop),
        }
        .unwrap();
    }
}

/// A code, or a token, that was on its way while the person signed out was good for hours.
pub(super) async fn what_was_granted_at_the_moment_in_which_its_session_ended_outlived_it(opened: &Opened) {
    let store = &opened.store;
    store.note_passwords(vec![(ann(), hash("password"))], after(0)).await.unwrap();
    for (round, end) in End::ALL.into_iter().flat_map(|end| [end; 10]).enumerate() {
        let name = format!("session {round}");
        start(store, &name).await;
        let race = |store: Arc<dyn Store>, number: usize| {
            let name = name.clone();
            async move {
                let id = format!("{name}: {number}");
                let granted = Grant { sid: format!("sid of {name}"), scope: Scope::parse("openid"), ..grant(&id) };
                let is_stored = match number {
                    4 => {
                        end.come(&store, &name).await;
                        false
                    }
                    0 | 6 => store.add_grant_of_session(granted, ConsentUse::Unneeded).await.unwrap().is_ok(),
                    _ => store.add_code(granted, code(&id), ConsentUse::Unneeded).await.unwrap().is_ok(),
                };
                is_stored.then_some(number)
            }
        };
        let stored: Vec<usize> = at_once(opened, 8, race).await.into_iter().flatten().collect();
        if matches!(end, End::BySamePerson) {
            assert_eq!(ended_in(store, &name).await, [""; 0]);
            store.end_session(hash(&format!("after {name}")), after(1)).await.unwrap();
        }
        let ended = ended_in(store, &name).await;
        for number in stored {
            assert!(ended.contains(&number.to_string()), "{end:?}: {number} goes on");
            let used = store.use_code(hash(&format!("{name}: {number}")), &app(), after(2)).await.unwrap();
            assert_eq!(used, CodeUse::Refused, "{end:?}: {number}");
        }
        store.note_passwords(vec![(ann(), hash("password"))], after(2)).await.unwrap();
    }
}

pub(super) async fn nothing_is_granted_in_a_session_that_is_over_or_somebody_elses(Opened { store, .. }: &Opened) {
    start(store, "one").await;
    let of_one = |id: &str| Grant { sid: "sid of one".to_owned(), ..grant(id) };
    let bobs = |id: &str| Grant { subject: bob(), ..of_one(id) };
    let add_code = async |grant: Grant, consent| {
        let code = code(&grant.id);
        store.add_code(grant, code, consent).await.unwrap()
    };
    let add_token = async |grant, consent| store.add_grant_of_session(grant, consent).await.unwrap();
    assert_eq!(add_code(of_one("code"), ConsentUse::Unneeded).await, Ok(()));
    assert_eq!(add_token(of_one("token"), ConsentUse::Unneeded).await, Ok(()));
    for consent in [ConsentUse::Unneeded, ConsentUse::Remembered, ConsentUse::New] {
        assert_eq!(add_code(bobs("code of bob's"), consent).await, Err(Overtaken::SessionEnded));
        assert_eq!(add_token(bobs("token of bob's"), consent).await, Err(Overtaken::SessionEnded));
    }
    store.end_session(hash("one"), after(1)).await.unwrap();
    for consent in [ConsentUse::Unneeded, ConsentUse::Remembered, ConsentUse::New] {
        assert_eq!(add_code(of_one("late code"), consent).await, Err(Overtaken::SessionEnded));
        assert_eq!(add_token(of_one("late token"), consent).await, Err(Overtaken::SessionEnded));
    }
    assert!(store.consents_of(&ann()).await.unwrap().is_empty() && store.consents_of(&bob()).await.unwrap().is_empty());
    assert_eq!(store.use_code(hash("late code"), &app(), after(1)).await.unwrap(), CodeUse::Refused);
    // Nothing of them is there to end.
    for (subject, id) in
        [(ann(), "late code"), (ann(), "late token"), (bob(), "code of bob's"), (bob(), "token of bob's")]
    {
        assert!(!store.end_grant_of(&subject, id, after(2)).await.unwrap(), "{id}");
    }
}

pub(super) async fn a_person_sees_their_own_sessions_newest_first(Opened { store, .. }: &Opened) {
    let older = start(store, "older").await;
    let newer = Session { auth_time: after(10), idle_until: after(200), ..session("newer") };
    let bobs = Session { subject: bob(), ..session("bob's") };
    for session in [&newer, &bobs] {
        store.start_session(session.clone(), None).await.unwrap();
    }
    assert_eq!(store.sessions_of(&ann(), after(20)).await.unwrap(), [newer.clone(), older]);
    assert_eq!(store.sessions_of(&ann(), after(100)).await.unwrap(), [newer]);
    assert_eq!(store.sessions_of(&bob(), after(20)).await.unwrap(), [bobs]);
}

pub(super) async fn all_sessions_end_for_one_person_or_for_everybody(Opened { store, .. }: &Opened) {
    start(store, "phone").await;
    start(store, "laptop").await;
    store.start_session(Session { subject: bob(), ..session("bob's") }, None).await.unwrap();
    store.add_refresh_family(grant("ann's"), family("ann's", "ann's")).await.unwrap();
    let of_bob = Grant { subject: bob(), ..grant("of bob") };
    store.add_refresh_family(of_bob, family("of bob", "of bob")).await.unwrap();

    let over = Session { idle_until: after(1), ..session("over") };
    store.start_session(over, None).await.unwrap();
    let idle = RefreshFamily { expires_at: after(1), ..family("idle", "idle") };
    store.add_refresh_family(grant("idle"), idle).await.unwrap();
    store.add_grant(grant("without a refresh token")).await.unwrap();
    store.add_refresh_family(grant("ended"), family("ended", "ended")).await.unwrap();
    store.end_grant("ended".to_owned(), after(0)).await.unwrap();

    let signed_out = store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
    assert_eq!(signed_out, SignedOut { sessions: 2, refresh_tokens: 1 });
    let again = store.sign_out_everywhere(&ann(), after(1)).await.unwrap();
    assert_eq!(again, SignedOut { sessions: 0, refresh_tokens: 0 });
    assert!(store.sessions_of(&ann(), after(1)).await.unwrap().is_empty());
    assert!(store.refresh_family(hash("ann's"), after(1)).await.unwrap().is_none());
    assert!(is_there(store, "bob's").await);
    assert!(store.refresh_family(hash("of bob"), after(1)).await.unwrap().is_some());

    store.end_every_session().await.unwrap();
    assert!(!is_there(store, "bob's").await);
}

/// In PostgreSQL, now and then: two waited for each other, and one was refused. An issuer that was started did not start, or somebody
/// who signed out everywhere was not signed out.
pub(super) async fn of_what_was_done_to_a_person_at_once_something_was_refused(opened: &Opened) {
    for round in 0..20 {
        let store = &opened.store;
        store.note_passwords(vec![(ann(), hash("password"))], after(0)).await.unwrap();
        for number in 0..6 {
            let name = format!("{round} {number}");
            store.start_session(session(&name), None).await.unwrap();
            for scope in ["openid", "openid offline_access"] {
                let id = format!("{name}: {scope}");
                let granted = Grant { sid: format!("sid of {name}"), scope: Scope::parse(scope), ..grant(&id) };
                store.add_refresh_family(granted, family(&id, &id)).await.unwrap();
            }
            let rp = LoggedInRp {
                sid: format!("sid of {name}"),
                client_id: app(),
                subject: ann(),
                has_session: true,
                keep_until: after(10_000),
            };
            store.note_logged_in_rp(rp, after(0)).await.unwrap();
        }
        let step = |store: Arc<dyn Store>, number: usize| async move {
            let (store, name) = (&store, format!("{round} {}", number % 6));
            let new = Grant { sid: format!("sid of {name}"), ..grant(&format!("{name} new {number}")) };
            match number % 12 {
                0 => store.sign_out_everywhere(&ann(), after(1)).await.map(drop),
                1 => store.note_passwords(vec![(ann(), hash(&format!("another {number}")))], after(1)).await.map(drop),
                2 => store.withdraw_consent(&ann(), &app(), after(1)).await,
                3 => store.end_grants_to(&ann(), &app(), after(1)).await,
                4 => store.sign_out_of_session(&ann(), &new.sid, after(1)).await,
                5 => store.end_session(hash(&name), after(1)).await.map(drop),
                6 => store.add_code(new, code(&format!("{round} {number}")), ConsentUse::New).await.map(drop),
                7 => store.add_grant_of_session(new, ConsentUse::Remembered).await.map(drop),
                8 => store.start_session(session(&format!("over {round} {number}")), Some(hash(&name))).await,
                9 => store.end_grant_of(&ann(), &format!("{name}: openid"), after(1)).await.map(drop),
                10 => store.take_due_logouts(after(2), 100).await.map(drop),
                _ => store.sweep(after(2000)).await.map(drop),
            }
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", number % 12));
        };
        at_once(opened, 24, step).await;
    }
}

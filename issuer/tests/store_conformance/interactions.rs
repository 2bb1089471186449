//! Requests that wait for a person, and what people have allowed.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_issuer::Store;
use evergrant_issuer::store::{
    Consent, ConsentKey, ConsentUse, DeviceAuthorization, DeviceRoom, Grant, Interaction, Overtaken, Room, Session,
};
use tokio::sync::Barrier;

use super::rows::{after, ann, app, bob, code, device, family, grant, hash, interaction, room, session};
use super::{Opened, at_once};

pub(super) async fn an_interaction_is_for_its_browser_and_its_time(Opened { store, .. }: &Opened) {
    let opened = interaction("one");
    store.open_interaction(opened.clone(), room()).await.unwrap();
    let found = store.interaction(opened.id, opened.browser, after(99)).await.unwrap();
    assert_eq!(found, Some(opened.clone()));
    assert_eq!(store.interaction(opened.id, opened.browser, after(100)).await.unwrap(), None);
    assert_eq!(store.interaction(opened.id, hash("another browser"), after(0)).await.unwrap(), None);
    assert_eq!(store.interaction(hash("two"), opened.browser, after(0)).await.unwrap(), None);
}

pub(super) async fn an_interaction_that_was_answered_stays_as_long_as_its_first_answer_says(opened: &Opened) {
    opened.store.open_interaction(interaction("one"), room()).await.unwrap();
    let answer = |store: Arc<dyn Store>, n: usize| async move {
        let now = after(10 + n as u64);
        store.answer_interaction(hash("one"), now, now + Duration::from_secs(30)).await.unwrap()
    };
    assert!(at_once(opened, 1, answer).await[0]);
    assert!(at_once(opened, 20, answer).await.iter().all(|answered| *answered), "all within its time");
    let find = |at| opened.store.interaction(hash("one"), hash("browser"), at);
    let answered = Interaction { answered_at: Some(after(10)), expires_at: after(40), ..interaction("one") };
    assert_eq!(find(after(39)).await.unwrap(), Some(answered));
    assert_eq!(find(after(40)).await.unwrap(), None);
    assert!(!opened.store.answer_interaction(hash("one"), after(40), after(70)).await.unwrap());
    assert!(!opened.store.answer_interaction(hash("other"), after(10), after(40)).await.unwrap());
}

pub(super) async fn an_answer_makes_no_interaction_last_longer(Opened { store, .. }: &Opened) {
    store.open_interaction(interaction("one"), room()).await.unwrap();
    assert!(store.answer_interaction(hash("one"), after(99), after(129)).await.unwrap());
    assert_eq!(store.interaction(hash("one"), hash("browser"), after(100)).await.unwrap(), None);
}

/// Opens the interaction of this number, in a browser of its own unless one is named.
async fn open(store: &Arc<dyn Store>, number: u64, browser: Option<&str>, room: Room) {
    let name = number.to_string();
    let browser = hash(browser.unwrap_or(&name));
    let opened = Interaction { browser, created_at: after(number), ..interaction(&name) };
    store.open_interaction(opened, room).await.unwrap();
}

/// Which of the first few are still there.
async fn open_ones(store: &Arc<dyn Store>, browser: Option<&str>) -> Vec<u64> {
    let mut found = Vec::new();
    for number in 0..20 {
        let name = number.to_string();
        let browser = hash(browser.unwrap_or(&name));
        if store.interaction(hash(&name), browser, after(0)).await.unwrap().is_some() {
            found.push(number);
        }
    }
    found
}

pub(super) async fn where_there_is_no_room_in_a_browser_its_oldest_interaction_goes(Opened { store, .. }: &Opened) {
    let room = Room { per_browser: 3, ..room() };
    open(store, 0, None, room).await;
    for number in 1..8 {
        open(store, number, Some("one"), room).await;
    }
    assert_eq!(open_ones(store, Some("one")).await, [5, 6, 7]);
    assert_eq!(open_ones(store, None).await, [0], "another browser's stays");
}

pub(super) async fn a_stranger_at_an_address_pushes_out_no_interaction_that_somebody_was_shown(
    Opened { store, .. }: &Opened,
) {
    let room = Room { per_address: 4, ..room() };
    let elsewhere = Room { address: hash("elsewhere"), ..room };
    open(store, 0, None, elsewhere).await;
    for number in 1..4 {
        open(store, number, None, room).await;
    }
    store.note_shown(hash("2")).await.unwrap();
    for number in 4..10 {
        open(store, number, None, room).await;
    }
    assert_eq!(open_ones(store, None).await, [0, 2, 7, 8, 9]);
    for number in [7, 8, 9] {
        store.note_shown(hash(&number.to_string())).await.unwrap();
    }
    open(store, 10, None, room).await;
    assert_eq!(open_ones(store, None).await, [0, 7, 8, 9, 10], "all were shown: the oldest goes");
}

pub(super) async fn of_two_sign_ins_at_once_beside_many_pages_that_were_shown_the_first_was_given_up(
    Opened { store, .. }: &Opened,
) {
    for (browser, room) in [
        (Some("one"), Room { per_browser: 4, ..room() }),
        (None, Room { per_address: 4, address: hash("elsewhere"), ..room() }),
    ] {
        for number in 0..4 {
            open(store, number, browser, room).await;
            store.note_shown(hash(&number.to_string())).await.unwrap();
        }
        for number in [4, 5] {
            open(store, number, browser, room).await;
        }
        assert_eq!(open_ones(store, browser).await, [1, 2, 3, 4, 5]);
        open(store, 6, browser, room).await;
        assert_eq!(open_ones(store, browser).await, [1, 2, 3, 5, 6], "within bounds");
        for number in 0..7 {
            store.answer_interaction(hash(&number.to_string()), after(0), after(0)).await.unwrap();
        }
        store.sweep(after(1)).await.unwrap();
    }
}

pub(super) async fn where_there_are_too_many_interactions_in_all_the_oldest_that_nobody_was_shown_go(
    Opened { store, .. }: &Opened,
) {
    for number in 0..8 {
        open(store, number, None, room()).await;
    }
    store.note_shown(hash("1")).await.unwrap();
    store.trim_interactions(8).await.unwrap();
    assert_eq!(open_ones(store, None).await.len(), 8);
    store.trim_interactions(3).await.unwrap();
    assert_eq!(open_ones(store, None).await, [1, 6, 7]);
}

pub(super) async fn opening_many_interactions_at_once_is_in_nobodys_way(opened: &Opened) {
    let tight = Room { per_browser: 5, per_address: 5, ..room() };
    let open = |store: Arc<dyn Store>, number: usize| async move {
        for round in 0..20 {
            let name = format!("{number} {round}");
            store.open_interaction(interaction(&name), tight).await.unwrap();
            store.note_shown(hash(&name)).await.unwrap();
            store.trim_interactions(3).await.unwrap();
        }
    };
    at_once(opened, 16, open).await;
}

pub(super) async fn of_many_sign_ins_at_once_all_get_one_salt_and_a_later_one_another(opened: &Opened) {
    opened.store.open_interaction(interaction("one"), room()).await.unwrap();
    let salt = |store: Arc<dyn Store>, number: usize, at: u64| async move {
        let own = [u8::try_from(number).unwrap(); 32];
        store.salt_interaction(hash("one"), own, after(at), after(at) - Duration::from_secs(30)).await.unwrap()
    };
    let first = at_once(opened, 20, |store, number| salt(store, number, 10)).await;
    assert!(first[0].is_some() && first.iter().all(|salt| *salt == first[0]), "{first:?}");
    assert_eq!(salt(Arc::clone(&opened.store), 50, 39).await, first[0]);
    assert_eq!(salt(Arc::clone(&opened.store), 51, 40).await, Some([51; 32]));
    assert_eq!(salt(Arc::clone(&opened.store), 52, 41).await, Some([51; 32]));
    let gone = opened.store.salt_interaction(hash("other"), [1; 32], after(0), after(0)).await.unwrap();
    assert_eq!(gone, None);
}

fn key() -> ConsentKey {
    ConsentKey { subject: ann(), client_id: app(), audience: None }
}

pub(super) async fn consents_add_up_by_person_client_and_api(Opened { store, .. }: &Opened) {
    store.remember_consent(key(), Scope::parse("openid email"), after(0)).await.unwrap();
    store.remember_consent(key(), Scope::parse("email profile"), after(1)).await.unwrap();
    store.remember_consent(key(), Scope::default(), after(2)).await.unwrap();
    let allowed = store.consent(key()).await.unwrap();
    assert_eq!(allowed.words().count(), 3);
    assert!(["openid", "email", "profile"].into_iter().all(|word| allowed.contains(word)));
    for other in [
        ConsentKey { subject: bob(), ..key() },
        ConsentKey { client_id: ClientId::new("other"), ..key() },
        ConsentKey { audience: Some("https://api.example/".to_owned()), ..key() },
    ] {
        assert!(store.consent(other.clone()).await.unwrap().is_empty(), "{other:?}");
    }
}

pub(super) async fn a_consent_given_twice_at_once_is_one(opened: &Opened) {
    const WORDS: usize = 50;
    let at = |round: usize| ConsentKey { audience: Some(round.to_string()), ..key() };
    let step = Arc::new(Barrier::new(8));
    let remember = |store: Arc<dyn Store>, number: usize| {
        let step = Arc::clone(&step);
        let mut words: Vec<String> = (0..WORDS).map(|word| format!("word-{word}")).collect();
        // In opposite orders: nobody may wait in a circle.
        if (number / 2).is_multiple_of(2) {
            words.reverse();
        }
        async move {
            for round in 0..10 {
                step.wait().await;
                store.remember_consent(at(round), Scope::parse(&words.join(" ")), after(0)).await.unwrap();
            }
        }
    };
    at_once(opened, 8, remember).await;
    assert_eq!(opened.store.consent(at(9)).await.unwrap().words().count(), WORDS);
}

pub(super) async fn a_person_sees_what_they_allowed_and_withdraws_it_from_one_client_alone(
    Opened { store, .. }: &Opened,
) {
    let api = Some("https://api.example/".to_owned());
    let other = ConsentKey { client_id: ClientId::new("other"), ..key() };
    let at_api = ConsentKey { audience: api.clone(), ..key() };
    let bobs = ConsentKey { subject: bob(), ..key() };
    for (key, scope, seconds) in [
        (key(), "openid email", 1),
        (other.clone(), "openid", 2),
        (at_api.clone(), "read:reports", 3),
        (key(), "email profile", 4),
        (bobs.clone(), "openid", 5),
    ] {
        store.remember_consent(key, Scope::parse(scope), after(seconds)).await.unwrap();
    }
    let consent = |key: &ConsentKey, scope: &str, seconds| Consent {
        client_id: key.client_id.clone(),
        audience: key.audience.clone(),
        scope: Scope::parse(scope),
        since: after(seconds),
    };
    let own = consent(&key(), "email openid profile", 1);
    let others = consent(&other, "openid", 2);
    let all = [consent(&at_api, "read:reports", 3), others.clone(), own];
    assert_eq!(store.consents_of(&ann()).await.unwrap(), all);
    assert!(store.consents_of(&Subject::new("nobody")).await.unwrap().is_empty());

    let to_other = Grant { client_id: other.client_id, ..grant("to other") };
    let of_bob = Grant { subject: bob(), ..grant("of bob") };
    for grant in [grant("to app"), to_other, of_bob] {
        let name = grant.id.clone();
        store.add_refresh_family(grant, family(&name, &name)).await.unwrap();
    }
    for hostile in ["", "app\0", "' OR 1=1 --"] {
        store.withdraw_consent(&ann(), &ClientId::new(hostile), after(6)).await.unwrap();
    }
    assert_eq!(store.consents_of(&ann()).await.unwrap(), all);
    store.withdraw_consent(&ann(), &app(), after(6)).await.unwrap();
    store.withdraw_consent(&ann(), &app(), after(6)).await.unwrap();
    assert_eq!(store.consents_of(&ann()).await.unwrap(), [others]);
    assert_eq!(store.consents_of(&bob()).await.unwrap(), [consent(&bobs, "openid", 5)]);
    for (name, is_over) in [("to app", true), ("to other", false), ("of bob", false)] {
        assert_eq!(store.refresh_family(hash(name), after(6)).await.unwrap().is_none(), is_over, "{name}");
        assert_eq!(store.is_revoked("no token", Some(name)).await.unwrap(), is_over, "{name}");
    }
}

/// What is granted to `app`, as `key` has it, by what is remembered or is said now.
fn grant_of(name: &str) -> Grant {
    let scope = Scope::parse("openid email");
    Grant { sid: "sid of one".to_owned(), scope, audience: None, ..grant(name) }
}

pub(super) async fn what_needs_a_consent_is_granted_by_all_of_it_alone(Opened { store, .. }: &Opened) {
    store.start_session(session("one"), None).await.unwrap();
    let at_api = |name: &str| Grant { audience: Some("https://api.example/".to_owned()), ..grant_of(name) };
    let code_of = async |grant: Grant, consent| {
        let code = code(&grant.id);
        store.add_code(grant, code, consent).await.unwrap()
    };
    let token_of = async |grant, consent| store.add_grant_of_session(grant, consent).await.unwrap();
    store.remember_consent(key(), Scope::parse("openid"), after(0)).await.unwrap();
    store.remember_consent(ConsentKey { subject: bob(), ..key() }, grant_of("").scope, after(0)).await.unwrap();
    let withdrawn = Err(Overtaken::ConsentWithdrawn);
    assert_eq!(code_of(grant_of("too much"), ConsentUse::Remembered).await, withdrawn);
    assert_eq!(token_of(grant_of("too much"), ConsentUse::Remembered).await, withdrawn);
    assert!(!store.end_grant_of(&ann(), "too much", after(1)).await.unwrap(), "nothing of it is there");
    assert_eq!(code_of(grant_of("allowed now"), ConsentUse::New).await, Ok(()));
    assert!(store.consent(key()).await.unwrap().covers(&grant_of("").scope));
    assert_eq!(code_of(grant_of("allowed before"), ConsentUse::Remembered).await, Ok(()));
    assert_eq!(token_of(at_api("at an API"), ConsentUse::Remembered).await, withdrawn);
    assert_eq!(token_of(at_api("at an API"), ConsentUse::New).await, Ok(()));
    assert_eq!(token_of(at_api("at an API again"), ConsentUse::Remembered).await, Ok(()));
    let later = Grant { created_at: after(5), ..at_api("allowed once more") };
    assert_eq!(token_of(later, ConsentUse::New).await, Ok(()));
    let all: Vec<_> = store.consents_of(&ann()).await.unwrap().into_iter().map(|consent| consent.since).collect();
    assert_eq!(all, [after(0), after(0)], "who says yes again says nothing new");
    assert_eq!(token_of(grant_of("one's own application"), ConsentUse::Unneeded).await, Ok(()));
}

/// It was good for hours; and a yes that was withdrawn as it was said was remembered all the same.
pub(super) async fn what_was_granted_at_the_moment_in_which_its_consent_was_withdrawn_outlived_it(opened: &Opened) {
    let store = &opened.store;
    for round in 0..30 {
        store.start_session(Session { idle_until: after(1000), ..session("one") }, None).await.unwrap();
        store.withdraw_consent(&ann(), &app(), after(0)).await.unwrap();
        store.remember_consent(key(), grant_of("").scope, after(0)).await.unwrap();
        for number in 0..10 {
            let asked = DeviceAuthorization {
                scope: grant_of("").scope,
                audience: None,
                ..device(&format!("{round} {number}"))
            };
            let room = DeviceRoom { address: hash("address"), per_address: 10_000 };
            assert!(store.open_device_authorization(asked, room).await.unwrap());
        }
        // In some rounds nobody says yes once more, in others somebody does.
        let yes = if round % 2 == 0 { ConsentUse::Remembered } else { ConsentUse::New };
        let race = |store: Arc<dyn Store>, number: usize| async move {
            let name = format!("{round} {number}");
            let stored = match number {
                4 => return store.withdraw_consent(&ann(), &app(), after(1)).await.unwrap(),
                2 | 6 => store.add_grant_of_session(grant_of(&name), ConsentUse::Remembered).await.unwrap(),
                7 => store.add_code(grant_of(&name), code(&name), yes).await.unwrap(),
                8 if yes == ConsentUse::New => {
                    let user_code = hash(&format!("user {name}"));
                    assert!(store.allow_device(user_code, grant_of(&name), hash("one"), after(1)).await.unwrap());
                    Ok(())
                }
                _ => store.add_code(grant_of(&name), code(&name), ConsentUse::Remembered).await.unwrap(),
            };
            assert!(matches!(stored, Ok(()) | Err(Overtaken::ConsentWithdrawn)), "{name}");
        };
        at_once(opened, 10, race).await;
        let mut lives = false;
        for number in 0..10 {
            lives |= store.end_grant_of(&ann(), &format!("{round} {number}"), after(2)).await.unwrap();
        }
        let is_remembered = store.consent(key()).await.unwrap().covers(&grant_of("").scope);
        assert_eq!(lives, is_remembered, "round {round}");
    }
}

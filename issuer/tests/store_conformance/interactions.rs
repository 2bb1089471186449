//! Requests that wait for a person, and what people have allowed.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::{ClientId, Scope};
use evergrant_issuer::Store;
use evergrant_issuer::store::{ConsentKey, Interaction};
use tokio::sync::Barrier;

use super::rows::{after, ann, app, bob, hash, interaction};
use super::{Opened, at_once};

pub(super) async fn an_interaction_is_for_its_browser_and_its_time(Opened { store, .. }: &Opened) {
    let opened = interaction("one");
    store.open_interaction(opened.clone()).await.unwrap();
    let found = store.interaction(opened.id, opened.browser, after(99)).await.unwrap();
    assert_eq!(found, Some(opened.clone()));
    assert_eq!(store.interaction(opened.id, opened.browser, after(100)).await.unwrap(), None);
    assert_eq!(store.interaction(opened.id, hash("another browser"), after(0)).await.unwrap(), None);
    assert_eq!(store.interaction(hash("two"), opened.browser, after(0)).await.unwrap(), None);
}

pub(super) async fn an_interaction_that_was_answered_stays_as_long_as_its_first_answer_says(opened: &Opened) {
    opened.store.open_interaction(interaction("one")).await.unwrap();
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
    store.open_interaction(interaction("one")).await.unwrap();
    assert!(store.answer_interaction(hash("one"), after(99), after(129)).await.unwrap());
    assert_eq!(store.interaction(hash("one"), hash("browser"), after(100)).await.unwrap(), None);
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

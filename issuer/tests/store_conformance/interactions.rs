//! Requests that wait for a person, and what people have allowed.

use evergrant_core::protocol::{ClientId, Scope};
use evergrant_issuer::store::ConsentKey;

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

pub(super) async fn an_interaction_is_answered_by_one_of_many(opened: &Opened) {
    opened.store.open_interaction(interaction("one")).await.unwrap();
    let close = |store: std::sync::Arc<dyn evergrant_issuer::Store>, _| async move {
        store.close_interaction(hash("one")).await.unwrap()
    };
    let closed = at_once(opened, 20, close).await;
    assert_eq!(closed.iter().filter(|closed| **closed).count(), 1);
    assert_eq!(opened.store.interaction(hash("one"), hash("browser"), after(0)).await.unwrap(), None);
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
    let remember = |store: std::sync::Arc<dyn evergrant_issuer::Store>, number: usize| async move {
        // The same words in another order: whoever waits for whom must not wait in a circle.
        let words = ["openid email profile", "profile email openid"][number % 2];
        store.remember_consent(key(), Scope::parse(words), after(0)).await.unwrap();
    };
    at_once(opened, 40, remember).await;
    assert_eq!(opened.store.consent(key()).await.unwrap().words().count(), 3);
}

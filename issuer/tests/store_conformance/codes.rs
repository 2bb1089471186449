//! Authorization codes: used once, by whom they were made for.

use std::sync::Arc;

use evergrant_core::protocol::{ClientId, CodeChallenge, Nonce};
use evergrant_issuer::Store;
use evergrant_issuer::store::{Code, CodeUse, Grant};

use super::rows::{add_code, after, app, code, family, grant, hash, key};
use super::{Opened, at_once};

pub(super) async fn a_code_brings_back_what_was_stored(Opened { store, .. }: &Opened) {
    let bare = Grant { audience: None, device: String::new(), password: None, ..grant("bare") };
    let full = Code {
        nonce: Some(Nonce::new("n\0\u{1F980}'")),
        code_challenge: Some(CodeChallenge::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")),
        dpop_jkt: Some(key(1)),
        ..code("full")
    };
    for (grant, code) in [(bare, code("bare")), (grant("full"), full)] {
        add_code(store, grant.clone(), code.clone()).await;
        let used = store.use_code(code.hash, &app(), after(59)).await.unwrap();
        assert_eq!(used, CodeUse::Redeemed(Box::new((grant, code))));
    }
}

pub(super) async fn a_code_is_refused_to_others_and_spent_by_none_of_them(Opened { store, .. }: &Opened) {
    add_code(store, grant("one"), code("one")).await;
    assert_eq!(store.use_code(hash("two"), &app(), after(0)).await.unwrap(), CodeUse::Refused);
    let stranger = ClientId::new("stranger");
    assert_eq!(store.use_code(hash("one"), &stranger, after(0)).await.unwrap(), CodeUse::Refused);
    assert!(matches!(store.use_code(hash("one"), &app(), after(0)).await.unwrap(), CodeUse::Redeemed(_)));
    assert_eq!(store.use_code(hash("one"), &stranger, after(0)).await.unwrap(), CodeUse::Refused);
    store.add_refresh_family(grant("one"), family("one", "one")).await.unwrap();
    assert!(store.refresh_family(hash("one"), after(0)).await.unwrap().is_some(), "a stranger ends nothing");
}

pub(super) async fn a_code_is_over_in_time_and_with_its_grant(Opened { store, .. }: &Opened) {
    add_code(store, grant("late"), code("late")).await;
    assert_eq!(store.use_code(hash("late"), &app(), after(60)).await.unwrap(), CodeUse::Refused);
    add_code(store, grant("ended"), code("ended")).await;
    store.end_grant("ended".to_owned(), after(1)).await.unwrap();
    assert_eq!(store.use_code(hash("ended"), &app(), after(2)).await.unwrap(), CodeUse::Refused);
}

pub(super) async fn of_many_uses_at_once_one_has_the_code(opened: &Opened) {
    add_code(&opened.store, grant("one"), code("one")).await;
    let redeem = |store: Arc<dyn Store>, _| async move { store.use_code(hash("one"), &app(), after(1)).await.unwrap() };
    let uses = at_once(opened, 50, redeem).await;
    assert_eq!(uses.iter().filter(|used| matches!(used, CodeUse::Redeemed(_))).count(), 1);
    assert_eq!(uses.iter().filter(|used| **used == CodeUse::Replayed).count(), 49);
    // Whoever had it, and was seen to be one of several, gets nothing that lasts.
    opened.store.add_refresh_family(grant("one"), family("one", "one")).await.unwrap();
    assert!(opened.store.refresh_family(hash("one"), after(1)).await.unwrap().is_none());
}

pub(super) async fn a_replayed_code_ends_the_family_that_it_began_before_or_after(Opened { store, .. }: &Opened) {
    add_code(store, grant("one"), code("one")).await;
    store.use_code(hash("one"), &app(), after(1)).await.unwrap();
    store.add_refresh_family(grant("one"), family("one", "one")).await.unwrap();
    assert!(store.refresh_family(hash("one"), after(2)).await.unwrap().is_some());
    // A replay is one however late it comes.
    assert_eq!(store.use_code(hash("one"), &app(), after(90)).await.unwrap(), CodeUse::Replayed);
    assert_eq!(store.refresh_family(hash("one"), after(2)).await.unwrap(), None);
}

//! Signing keys.

use std::sync::Arc;

use evergrant_core::protocol::ClientId;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::store::StoredKey;
use tokio::sync::Barrier;

use super::rows::{after, app};
use super::{Opened, at_once};

/// Before every key.
const EVER: UnixTime = UnixTime::from_millis(i64::MIN);

fn key(kid: &str, algorithm: Algorithm, client_id: Option<ClientId>, created_at: UnixTime) -> StoredKey {
    StoredKey { kid: kid.to_owned(), algorithm, client_id, pkcs8: vec![0, 1, 0xfe, 0xff], created_at }
}

async fn kids(store: &Arc<dyn Store>) -> Vec<String> {
    store.signing_keys().await.unwrap().into_iter().map(|key| key.kid).collect()
}

pub(super) async fn keys_are_listed_newest_first_with_their_private_half(Opened { store, .. }: &Opened) {
    assert!(store.signing_keys().await.unwrap().is_empty());
    store.add_signing_key(key("old", Algorithm::Es256, None, after(1)), EVER).await.unwrap();
    store.add_signing_key(key("new", Algorithm::Es256, Some(app()), after(3)), EVER).await.unwrap();
    store.add_signing_key(key("between", Algorithm::Rs256, None, after(2)), EVER).await.unwrap();
    let keys = store.signing_keys().await.unwrap();
    let kids: Vec<&str> = keys.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["new", "between", "old"]);
    assert_eq!((&keys[0].client_id, &keys[1].client_id), (&Some(app()), &None));
    let between = &keys[1];
    assert_eq!((between.algorithm, between.created_at), (Algorithm::Rs256, after(2)));
    assert_eq!(between.pkcs8, [0, 1, 0xfe, 0xff]);

    let taken = key("new", Algorithm::Rs256, Some(app()), after(4));
    assert!(store.add_signing_key(taken, EVER).await.is_err(), "a kid names one key");
    store.remove_signing_key("between").await.unwrap();
    store.remove_signing_key("unknown").await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap().len(), 2);
}

pub(super) async fn a_key_is_added_unless_a_younger_one_has_the_same_use(Opened { store, .. }: &Opened) {
    let add = |kid: &'static str, client_id: Option<ClientId>, made: u64, unless_after: UnixTime| async move {
        store.add_signing_key(key(kid, Algorithm::Es256, client_id, after(made)), unless_after).await.unwrap();
    };
    add("first", None, 10, EVER).await;
    add("too many", None, 11, EVER).await;
    add("too many", None, 11, after(9)).await;
    assert_eq!(kids(store).await, ["first"]);
    add("next", None, 20, after(10)).await;
    add("too many", None, 21, after(10)).await;
    add("app's own", Some(app()), 30, EVER).await;
    add("too many", Some(app()), 31, EVER).await;
    add("another's own", Some(ClientId::new("another")), 40, EVER).await;
    assert_eq!(kids(store).await, ["another's own", "app's own", "next", "first"]);
}

pub(super) async fn of_many_who_miss_a_key_one_adds_it(opened: &Opened) {
    const CLIENTS: usize = 20;
    let step = Arc::new(Barrier::new(8));
    let add = |store: Arc<dyn Store>, number: usize| {
        let step = Arc::clone(&step);
        async move {
            for client in 0..CLIENTS {
                let (kid, client_id) = (format!("{number} for {client}"), ClientId::new(client.to_string()));
                let made = key(&kid, Algorithm::Es256, Some(client_id), after(number as u64));
                step.wait().await;
                store.add_signing_key(made, EVER).await.unwrap();
            }
        }
    };
    at_once(opened, 8, add).await;
    assert_eq!(kids(&opened.store).await.len(), CLIENTS);
}

//! How what is over leaves the store.

use std::sync::Arc;

use evergrant_issuer::Store;
use evergrant_issuer::store::{CodeUse, RefreshOutcome};

use super::refresh::{begin, present};
use super::rows::{add_code, after, app, code, grant, hash, interaction, room, session};
use super::{Opened, at_once};

/// How many sweeps until nothing is left that is over.
async fn sweeps(store: &Arc<dyn Store>, seconds: u64) -> usize {
    let mut sweeps = 1;
    while store.sweep(after(seconds)).await.unwrap() {
        sweeps += 1;
    }
    sweeps
}

pub(super) async fn what_is_over_goes_in_small_batches_and_the_rest_stays(opened: &Opened) {
    let store = &opened.store;
    let open = |store: Arc<dyn Store>, number: usize| async move {
        store.open_interaction(interaction(&number.to_string()), room()).await.unwrap();
    };
    at_once(opened, 450, open).await;
    let mut live = interaction("live");
    live.expires_at = after(300);
    store.open_interaction(live.clone(), room()).await.unwrap();
    store.start_session(session("over"), None).await.unwrap();
    let mut used = session("used");
    used.idle_until = after(300);
    store.start_session(used.clone(), None).await.unwrap();

    assert_eq!(sweeps(store, 99).await, 1, "nothing is over yet");
    assert_eq!(sweeps(store, 200).await, 3, "200, 200 and 50");
    // Of what was over, nothing is left for whoever looks back from before.
    assert_eq!(store.interaction(hash("7"), hash("browser"), after(0)).await.unwrap(), None);
    assert_eq!(store.session(hash("over"), after(0)).await.unwrap(), None);
    assert_eq!(store.interaction(live.id, live.browser, after(200)).await.unwrap(), Some(live));
    assert_eq!(store.session(used.id, after(200)).await.unwrap(), Some(used));
}

pub(super) async fn a_used_code_is_remembered_for_a_while(Opened { store, .. }: &Opened) {
    add_code(store, grant("one"), code("one")).await;
    store.use_code(hash("one"), &app(), after(1)).await.unwrap();
    sweeps(store, 60 + 599).await;
    assert_eq!(store.use_code(hash("one"), &app(), after(659)).await.unwrap(), CodeUse::Replayed);
    sweeps(store, 60 + 600).await;
    assert_eq!(store.use_code(hash("one"), &app(), after(660)).await.unwrap(), CodeUse::Refused);
}

pub(super) async fn a_grant_stays_as_long_as_something_stands_for_it(Opened { store, .. }: &Opened) {
    add_code(store, grant("one"), code("one")).await;
    store.use_code(hash("one"), &app(), after(1)).await.unwrap();
    begin(store, "one").await;
    for number in 0..9 {
        let now = 90 * (number as u64 + 1);
        sweeps(store, now).await;
        let outcome = present(store, "one", number, after(now)).await;
        assert!(matches!(outcome, RefreshOutcome::Accepted(_)), "{number}: {outcome:?}");
    }
    assert!(store.end_grant_of(&grant("one").subject, "one", after(820)).await.unwrap());
    sweeps(store, 1000).await;
    // The name is free again: neither family nor grant is left.
    begin(store, "one").await;
    assert!(store.refresh_family(hash("one"), after(0)).await.unwrap().is_some());
}

pub(super) async fn sweeping_by_several_disturbs_no_use(opened: &Opened) {
    let race = |store: Arc<dyn Store>, number: usize| async move {
        let name = number.to_string();
        for round in 0..10 {
            let gone = format!("{name} {round}");
            store.open_interaction(interaction(&gone), room()).await.unwrap();
            add_code(&store, grant(&gone), code(&gone)).await;
            if number.is_multiple_of(2) {
                sweeps(&store, 900).await;
            } else {
                // What is used here is over by the clock of those who sweep, or about to be.
                store.use_code(hash(&gone), &app(), after(1)).await.unwrap();
            }
        }
    };
    at_once(opened, 8, race).await;
    sweeps(&opened.store, 900).await;
    assert_eq!(opened.store.use_code(hash("1 0"), &app(), after(1)).await.unwrap(), CodeUse::Refused);
}

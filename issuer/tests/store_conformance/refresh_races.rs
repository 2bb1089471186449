//! One refresh token, many hands.

use std::sync::Arc;
use std::time::Duration;

use evergrant_issuer::Store;
use evergrant_issuer::store::{RefreshOutcome, RefreshUse};

use super::refresh::{begin, present};
use super::rows::{after, hash, successor, usage};
use super::{Opened, at_once};

/// What became of a hundred uses of `one 0`, each with a successor of its own.
async fn hundred_uses(opened: &Opened, reuse_interval: Duration) -> Vec<(usize, RefreshOutcome)> {
    let use_it = |store: Arc<dyn Store>, number: usize| async move {
        let successor = Some(successor("of task", number));
        let usage = RefreshUse { successor, reuse_interval, ..usage("one", 0, after(1)) };
        (number, store.use_refresh_token(usage).await.unwrap().committed().await.unwrap())
    };
    at_once(opened, 100, use_it).await
}

fn winners(outcomes: &[(usize, RefreshOutcome)]) -> Vec<usize> {
    let accepted = outcomes.iter().filter(|(_, outcome)| matches!(outcome, RefreshOutcome::Accepted(_)));
    accepted.map(|(number, _)| *number).collect()
}

pub(super) async fn of_a_hundred_uses_one_is_accepted_and_all_get_its_successor(opened: &Opened) {
    begin(&opened.store, "one").await;
    begin(&opened.store, "two").await;
    let outcomes = hundred_uses(opened, Duration::from_secs(10)).await;
    let winners = winners(&outcomes);
    assert_eq!(winners.len(), 1);
    let won = successor("of task", winners[0]);
    for (number, outcome) in outcomes {
        match outcome {
            RefreshOutcome::Accepted(_) => {}
            RefreshOutcome::Repeated(_, successor) => assert_eq!(successor, won, "{number}"),
            other => panic!("{number}: {other:?}"),
        }
    }
    let (_, family) = opened.store.refresh_family(hash("one"), after(1)).await.unwrap().unwrap();
    assert_eq!(family.current, won.hash);
    assert!(matches!(present(&opened.store, "two", 0, after(1)).await, RefreshOutcome::Accepted(_)));
}

pub(super) async fn of_a_hundred_uses_one_is_accepted_where_no_replay_is_forgiven(opened: &Opened) {
    begin(&opened.store, "one").await;
    let outcomes = hundred_uses(opened, Duration::ZERO).await;
    assert_eq!(winners(&outcomes).len(), 1);
    assert!(outcomes.iter().any(|(_, outcome)| *outcome == RefreshOutcome::Replayed));
    assert!(outcomes.iter().all(|(_, outcome)| !matches!(outcome, RefreshOutcome::Repeated(..))));
    assert_eq!(opened.store.refresh_family(hash("one"), after(1)).await.unwrap(), None, "a replay was seen");
}

pub(super) async fn families_of_one_person_rotate_at_once_without_disturbing_each_other(opened: &Opened) {
    const ROTATIONS: usize = 20;
    let rotate = |store: Arc<dyn Store>, number: usize| async move {
        let name = number.to_string();
        begin(&store, &name).await;
        for token in 0..ROTATIONS {
            let outcome = present(&store, &name, token, after(1)).await;
            assert!(matches!(outcome, RefreshOutcome::Accepted(_)), "{name} {token}: {outcome:?}");
        }
    };
    at_once(opened, 16, rotate).await;
}

pub(super) async fn nothing_is_accepted_after_an_end_that_was_acknowledged(opened: &Opened) {
    for round in 0..10 {
        let name = format!("family {round}");
        begin(&opened.store, &name).await;
        let race = |store: Arc<dyn Store>, number: usize| {
            let name = name.clone();
            async move {
                if number == 2 {
                    store.end_grant(name, after(1)).await.unwrap();
                } else {
                    let mut token = 0;
                    while matches!(present(&store, &name, token, after(1)).await, RefreshOutcome::Accepted(_)) {
                        token += 1;
                    }
                }
            }
        };
        // Each goes on until it is refused: this returns because the end reaches all of them.
        at_once(opened, 4, race).await;
        assert_eq!(opened.store.refresh_family(hash(&name), after(1)).await.unwrap(), None);
    }
}

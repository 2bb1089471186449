//! A family of refresh tokens beside a model of one: whatever is done to both, in whatever order, they agree.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::secret::SecretHash;
use evergrant_issuer::store::{RefreshFamily, RefreshOutcome, RefreshUse, Successor};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use super::Opened;
use super::rows::{START, app, family, grant, hash, token, usage};

const CASES: u32 = 200;
const MOST_STEPS: usize = 30;

/// Something that happens to a family.
#[derive(Clone, Debug)]
enum Step {
    Wait(Duration),
    /// A token is presented: the good one, or one that many rotations older.
    Present {
        older_by: usize,
        rotates: bool,
        by_a_stranger: bool,
    },
    Sweep,
    End,
}

fn step() -> impl Strategy<Value = Step> {
    let older_by = prop_oneof![4 => Just(0_usize), 3 => Just(1), 1 => 2_usize..4];
    let present = (older_by, prop::bool::weighted(0.8), prop::bool::weighted(0.1));
    prop_oneof![
        // To the ten seconds for which a replay is forgiven and the hundred after which an unused family ends, and around.
        10 => prop::sample::select(vec![1, 9, 10, 11, 90, 99, 100]).prop_map(|s| Step::Wait(Duration::from_secs(s))),
        20 => present.prop_map(|(older_by, rotates, by_a_stranger)| Step::Present { older_by, rotates, by_a_stranger }),
        2 => Just(Step::Sweep),
        1 => Just(Step::End),
    ]
}

/// What is to be known of a family, in the plainest words.
struct Model {
    /// Every token it has had, the good one last.
    tokens: Vec<SecretHash>,
    /// What the last rotation stored, and when.
    rotation: Option<(Successor, UnixTime)>,
    family: RefreshFamily,
    ended: bool,
}

impl Model {
    fn is_over(&self, now: UnixTime) -> bool {
        self.ended || now >= self.family.expires_at
    }

    fn present(&mut self, usage: &RefreshUse) -> RefreshOutcome {
        let the_grant = || Box::new(grant(&self.family.grant_id));
        if self.is_over(usage.now) || usage.client_id != app() {
            return RefreshOutcome::Refused;
        }
        let mut newest_first = self.tokens.iter().rev();
        if newest_first.next() == Some(&usage.presented) {
            let outcome = RefreshOutcome::Accepted(the_grant());
            if let Some(successor) = usage.successor {
                self.tokens.push(successor.hash);
                self.rotation = Some((successor, usage.now));
                self.family.current = successor.hash;
            }
            self.family.last_used_at = usage.now;
            self.family.expires_at = self.family.absolute_until.min(usage.now + usage.idle_lifetime);
            self.family.tokens_until = self.family.tokens_until.max(usage.tokens_until);
            return outcome;
        }
        match self.rotation {
            Some((successor, at))
                if newest_first.next() == Some(&usage.presented) && usage.now < at + usage.reuse_interval =>
            {
                RefreshOutcome::Repeated(the_grant(), successor)
            }
            _ => {
                self.ended = true;
                RefreshOutcome::Replayed
            }
        }
    }
}

/// Does the steps to a family of this name and to its model.
async fn compare(store: Arc<dyn Store>, name: String, steps: Vec<Step>) -> Result<(), TestCaseError> {
    store.add_refresh_family(grant(&name), family(&name, &name)).await.unwrap();
    let (tokens, family) = (vec![token(&name, 0)], family(&name, &name));
    let mut model = Model { tokens, rotation: None, family, ended: false };
    let mut now = START;
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Wait(time) => now = now + time,
            Step::Present { older_by, rotates, by_a_stranger } => {
                let presented = model.tokens.iter().rev().nth(older_by).copied();
                let successor =
                    Successor { hash: hash(&format!("{name} after step {number}")), salt: [number as u8; 32] };
                let usage = RefreshUse {
                    presented: presented.unwrap_or_else(|| hash("made up")),
                    client_id: if by_a_stranger { ClientId::new("stranger") } else { app() },
                    successor: rotates.then_some(successor),
                    ..usage(&name, 0, now)
                };
                let expected = model.present(&usage);
                prop_assert_eq!(
                    store.use_refresh_token(usage).await.unwrap().committed().await.unwrap(),
                    expected,
                    "step {}",
                    number
                );
            }
            Step::Sweep => while store.sweep(now).await.unwrap() {},
            Step::End => {
                store.end_grant(name.clone(), now).await.unwrap();
                model.ended = true;
            }
        }
        let live = (!model.is_over(now)).then(|| (grant(&name), model.family.clone()));
        prop_assert_eq!(store.refresh_family(hash(&name), now).await.unwrap(), live, "after step {}", number);
    }
    // Nothing but its end puts a grant on the list of what was revoked.
    let listed = store.is_revoked("any", Some(&name)).await.unwrap();
    prop_assert!(model.ended || !listed);
    Ok(())
}

pub(super) async fn a_family_does_what_its_model_does(opened: &Opened) {
    static CASE: AtomicU32 = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let checked = tokio::task::block_in_place(|| {
        runner.run(&prop::collection::vec(step(), 1..MOST_STEPS), |steps| {
            let name = format!("case {}", CASE.fetch_add(1, Ordering::Relaxed));
            Handle::current().block_on(compare(Arc::clone(&opened.store), name, steps))
        })
    });
    checked.unwrap();
}

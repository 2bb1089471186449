//! A ledger that nobody comes to: another tab holds the store, or the disk takes its time. Pages wait for so long and go on.

use evergrant_core::session::{Change, Method, Verdict};

use super::tab::lineage;
use super::transactions::{Then, Transaction};
use super::world::World;

/// So long a page waits for the ledger.
pub const PATIENCE: u64 = 10_000;

/// What keeps pages from the ledger, in true milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hold {
    until: u64,
    /// The ledger is read and changed; only the answer waits for the disk.
    by_the_disk: bool,
}

impl Hold {
    pub const fn begin(until: u64, by_the_disk: bool) -> Self {
        Self { until, by_the_disk }
    }

    /// Until when a change does not come to its turn.
    pub fn of_changes(self, truth: u64) -> Option<u64> {
        (!self.by_the_disk && truth < self.until).then_some(self.until)
    }

    /// When the answer to what was changed just now comes at the soonest. Not every answer waits for the disk.
    pub fn of_answers(self, change: &Change, verdict: &Verdict) -> u64 {
        let needs_no_disk = match change {
            Change::Settle { .. } => true,
            Change::Claim { .. } => *verdict == Verdict::Renew(Method::Iframe),
            _ => false,
        };
        if self.by_the_disk && !needs_no_disk { self.until } else { 0 }
    }
}

impl World {
    /// The page gives up on its first transaction. What it goes by then is said by [`Change::unanswered`].
    pub fn gives_up(&mut self, tab: usize) {
        let Some(transaction) = self.tabs[tab].transactions.pop_front() else { return };
        self.tally.unanswered += 1;
        self.tabs[tab].missed_something = true;
        if transaction.is_to_be_told() {
            // It does not know that there is something to tell.
            self.tabs.iter_mut().for_each(|other| other.missed_something = true);
        }
        let Transaction { change, then, verdict, .. } = transaction;
        let unanswered = change.unanswered();
        self.note(|_| format!("tab {tab}: the ledger gives no answer, was changed: {}", verdict.is_some()));
        self.goes_on_alone(&change, verdict.is_some(), &unanswered);
        match then {
            Then::Tell | Then::Finish => self.transact(tab, change, then),
            then => self.goes_on(tab, then, unanswered),
        }
    }

    /// A page gave up, mostly before the change was made.
    fn goes_on_alone(&mut self, change: &Change, was_made: bool, unanswered: &Verdict) {
        let truth = self.clock.truth;
        let oracle = &mut self.oracle;
        match (change, unanswered) {
            (Change::SignIn { session, shared, .. }, Verdict::Begun { generation, .. }) => {
                oracle.signed_out = false;
                if *shared && !was_made {
                    oracle.is_lost = true;
                    oracle.unwritten = Some(lineage(&session.claims));
                }
                oracle.begins(&session.claims, truth, *generation);
            }
            _ if was_made => {}
            (Change::Settle { .. } | Change::Rotated { .. }, _) => oracle.lost_at = Some(truth),
            (Change::SignOut { .. } | Change::EndSignIn { .. } | Change::EndGeneration { .. }, _) => {
                oracle.sign_out_stopped_halfway = true;
            }
            _ => {}
        }
    }
}

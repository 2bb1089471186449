//! What tabs must agree on, in IndexedDB: the one store in which two tabs see the same thing.
//!
//! `localStorage` is copied between the browser's processes, and a tab that just got a lock may read a stale copy of it.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

use evergrant_core::session::{Change, Ledger, Method, Verdict};
use futures_channel::oneshot;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbRequest, IdbTransaction, IdbTransactionMode};

use crate::database::{self, Connection};
use crate::listener::Listener;
use crate::timer::within;
use crate::{clock, window};

const DATABASE: &str = "evergrant";
const STORE: &str = "ledger";

/// Longer than a busy browser takes. One tab that holds the store keeps all others from it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the issuer waits for the store.
const MOMENT: Duration = Duration::from_secs(2);

/// However long the store gives no answer, so often it is asked, in seconds.
const LONGEST_PAUSE: u32 = 300;

/// How often the ledger is read in a turn whose change is still awaited. Each time takes a fraction of a millisecond.
const MOST_LOOKS: u32 = 3;

/// The ledger of one client, as all tabs see it. Where, and as long as, the browser has no IndexedDB to give, it is this page's
/// own.
#[derive(Debug)]
pub struct SharedLedger {
    key: JsValue,
    database: RefCell<Option<Connection>>,
    /// Whether the database was asked for.
    is_wanted: Cell<bool>,
    /// A step that was begun ahead of its change.
    begun: RefCell<Option<Turn>>,
    own: RefCell<Ledger>,
    is_alone: Cell<bool>,
    /// How long to wait before it is asked again, in seconds.
    pause: Cell<u32>,
}

impl SharedLedger {
    /// The ledger of the client that is [`kept_as`](evergrant_core::config::Config::kept_as) `name`; nothing is opened yet.
    pub fn new(name: &dyn Display) -> Self {
        Self {
            key: name.to_string().into(),
            database: RefCell::default(),
            is_wanted: Cell::default(),
            begun: RefCell::default(),
            own: RefCell::default(),
            is_alone: Cell::new(false),
            pause: Cell::default(),
        }
    }

    /// Whether the other tabs see the same, as far as it was tried last.
    pub fn is_shared(&self) -> bool {
        !self.is_alone.get() && window().is_ok_and(|window| matches!(window.indexed_db(), Ok(Some(_))))
    }

    /// Reads the ledger, applies `change`, and writes it back, as one step: no other tab comes between. When the browser does
    /// not come to that within ten seconds, nothing is changed: see [`Change::unanswered`].
    pub async fn apply(&self, change: &Change) -> Verdict {
        let Some(shared) = within(PATIENCE, self.share(change)).await else { return change.unanswered() };
        self.is_alone.set(shared.is_none());
        match shared {
            Some(verdict) => {
                self.pause.set(0);
                verdict
            }
            // Private windows and blocked site data have no IndexedDB; then there is nothing shared to protect.
            None => self.own.borrow_mut().apply(change),
        }
    }

    /// How long to wait before it is asked again, when it gave no answer: not at all at first, and from time to time twice as
    /// long, at most five minutes.
    pub fn pause(&self) -> Duration {
        let pause = self.pause.get();
        self.pause.set((2 * pause + 1).min(LONGEST_PAUSE));
        Duration::from_secs(pause.into())
    }

    /// Begins a step for a change that is not there yet: the ledger is read while whoever calls this waits for something else,
    /// and no other tab comes to it until the next change is applied, or the step is over, which takes a millisecond or two.
    /// Does nothing when the ledger is not open yet.
    pub fn look_ahead(&self) {
        if let Some(connection) = &*self.database.borrow() {
            self.begun.replace(Turn::begin(&connection.database, &self.key).ok());
        }
    }

    /// Waits, for two seconds at most, until the database is open if that was begun. A page that is left before may be kept as it is by
    /// the browser, for the way back: it goes on asking for the database there, and all others wait for theirs.
    pub async fn opened(&self) {
        if self.is_wanted.get() {
            within(MOMENT, self.database()).await;
        }
    }

    async fn share(&self, change: &Change) -> Option<Verdict> {
        let mut begun_here = 0;
        loop {
            let turn = match self.begun.take() {
                None => {
                    begun_here += 1;
                    self.database().await.and_then(|database| Turn::begin(&database, &self.key).ok())
                }
                begun => begun,
            };
            if let Some(turn) = turn {
                turn.state.change.replace(Some(change.clone()));
                // Either way, the state says what came of it.
                let _ = turn.answered.await;
                let verdict = turn.state.verdict.take();
                if verdict.is_some() {
                    return verdict;
                }
            }
            match begun_here {
                0 => {}
                // Browsers close what they opened: when the site's data is cleared, or the disk fails them once.
                1 => drop(self.database.take()),
                _ => return None,
            }
        }
    }

    async fn database(&self) -> Option<IdbDatabase> {
        if let Some(connection) = &*self.database.borrow() {
            return Some(connection.database.clone());
        }
        self.is_wanted.set(true);
        let database = database::open(DATABASE, STORE).await?;
        self.database.replace(Some(Connection::keep(database.clone())));
        Some(database)
    }
}

/// One step at the ledger: a transaction, which keeps all others away until it ends.
#[derive(Debug)]
struct Turn {
    state: Rc<State>,
    answered: oneshot::Receiver<()>,
    _listeners: [Listener; 3],
}

#[derive(Debug)]
struct State {
    /// What is to be applied, once it is known and until it is.
    change: RefCell<Option<Change>>,
    /// What the ledger says; nothing when it was not asked before the turn was over, or when it could not write what it said.
    verdict: RefCell<Option<Verdict>>,
    on_answer: RefCell<Option<oneshot::Sender<()>>>,
}

impl Turn {
    fn begin(database: &IdbDatabase, key: &JsValue) -> Result<Self, JsValue> {
        let transaction = database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite)?;
        let store = transaction.object_store(STORE)?;
        store.get(key)?;
        let (on_answer, answered) = oneshot::channel();
        let state = Rc::new(State {
            change: RefCell::default(),
            verdict: RefCell::default(),
            on_answer: RefCell::new(Some(on_answer)),
        });
        // What was read is answered in the same turn of the event loop, while the transaction is alive.
        let on_read = Listener::capturing(transaction.as_ref(), "success", {
            let (state, transaction, key) = (Rc::clone(&state), transaction.clone(), key.clone());
            let mut looks = 1;
            move |event| {
                let Some(mut change) = state.change.take() else {
                    // A transaction ends when nothing is asked of it.
                    if looks < MOST_LOOKS && store.get(&key).is_ok() {
                        looks += 1;
                    }
                    return;
                };
                looks = MOST_LOOKS;
                change.came_to_its_turn(clock::wall());
                let read = event.target().and_then(|target| target.dyn_into::<IdbRequest>().ok()?.result().ok());
                let text = read.and_then(|value| value.as_string());
                let mut ledger: Ledger = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
                let verdict = ledger.apply(&change);
                let Ok(text) = serde_json::to_string(&ledger) else { return };
                if store.put_with_key(&text.into(), &key).is_err() {
                    return;
                }
                commit(&transaction);
                let needs_no_disk = needs_no_disk(&change, &verdict);
                state.verdict.replace(Some(verdict));
                if needs_no_disk {
                    state.answer();
                }
            }
        });
        let on_end = |name, is_good: bool| {
            let state = Rc::clone(&state);
            Listener::new(transaction.as_ref(), name, move |_| {
                if !is_good {
                    state.verdict.take();
                }
                state.answer();
            })
        };
        let listeners = [on_read, on_end("complete", true), on_end("abort", false)];
        Ok(Self { state, answered, _listeners: listeners })
    }
}

impl State {
    /// Wakes who waits, if there is somebody still.
    fn answer(&self) {
        drop(self.on_answer.take());
    }
}

/// Whether it is enough that whoever looks next sees the change, though it may still be on its way to the disk. A refresh token
/// is sent, and a page is left, only after it was written down; an iframe uses nothing up.
fn needs_no_disk(change: &Change, verdict: &Verdict) -> bool {
    match change {
        Change::Settle { .. } => true,
        Change::Claim { .. } => matches!(verdict, Verdict::Renew(Method::Iframe)),
        _ => false,
    }
}

/// Says that nothing more comes, so that the browser need not wait for it. Where it cannot be told, it waits.
// The binding calls it deprecated, Indexed Database API 3.0 §4.10 does not.
#[expect(deprecated)]
fn commit(transaction: &IdbTransaction) {
    let _ = transaction.commit();
}

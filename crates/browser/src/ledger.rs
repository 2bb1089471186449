//! What tabs must agree on, in IndexedDB: the one store in which two tabs see the same thing.
//!
//! `localStorage` is copied between the browser's processes, and a tab that just got a lock may read a stale copy of it.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

use evergrant_core::session::{Change, Failure, Ledger, Method, Verdict};
use futures_channel::oneshot;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode};

use crate::listener::Listener;
use crate::timer::within;
use crate::{clock, refused, window};

const DATABASE: &str = "evergrant";
const STORE: &str = "ledger";

/// Longer than a busy browser takes. One tab that holds the store keeps all others from it.
const PATIENCE: Duration = Duration::from_secs(10);

/// However long the store gives no answer, so often it is asked, in seconds.
const LONGEST_PAUSE: u32 = 300;

/// The ledger of one client, as all tabs see it. Where the browser has no IndexedDB to give, it is this page's own.
#[derive(Debug)]
pub struct SharedLedger {
    key: JsValue,
    database: RefCell<Option<Connection>>,
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
            own: RefCell::default(),
            is_alone: Cell::new(false),
            pause: Cell::default(),
        }
    }

    /// Whether the other tabs see the same, as far as it was tried.
    pub fn is_shared(&self) -> bool {
        !self.is_alone.get() && window().is_ok_and(|window| matches!(window.indexed_db(), Ok(Some(_))))
    }

    /// Reads the ledger, applies `change`, and writes it back, as one step: no other tab comes between. When the browser does
    /// not come to that within ten seconds, nothing is changed: see [`Change::unanswered`].
    pub async fn apply(&self, change: &Change) -> Verdict {
        if !self.is_alone.get() {
            match within(PATIENCE, self.share(change)).await {
                Some(Ok(verdict)) => {
                    self.pause.set(0);
                    return verdict;
                }
                // Private windows and blocked site data have no IndexedDB; then there is nothing shared to protect.
                Some(Err(_)) => self.is_alone.set(true),
                None => return change.unanswered(),
            }
        }
        self.own.borrow_mut().apply(change)
    }

    /// How long to wait before it is asked again, when it gave no answer: not at all at first, and from time to time twice as
    /// long, at most five minutes.
    pub fn pause(&self) -> Duration {
        let pause = self.pause.get();
        self.pause.set((2 * pause + 1).min(LONGEST_PAUSE));
        Duration::from_secs(pause.into())
    }

    async fn share(&self, change: &Change) -> Result<Verdict, Failure> {
        let first = self.transact(change).await;
        if first.is_ok() {
            return first;
        }
        // Browsers close what they opened: when the site's data is cleared, or the disk fails them once.
        self.database.take();
        self.transact(change).await
    }

    async fn transact(&self, change: &Change) -> Result<Verdict, Failure> {
        let database = self.database().await?;
        let failed = |error: JsValue| refused("IndexedDB", &error);
        let transaction =
            database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite).map_err(failed)?;
        let store = transaction.object_store(STORE).map_err(failed)?;
        let read = store.get(&self.key).map_err(failed)?;
        let verdict = Rc::new(RefCell::new(None));
        // What was read is answered in the same turn, while the transaction is alive.
        let _on_read = Listener::new(read.as_ref(), "success", {
            let (mut change, key, verdict) = (change.clone(), self.key.clone(), Rc::clone(&verdict));
            let (read, transaction) = (read.clone(), transaction.clone());
            move |_| {
                change.came_to_its_turn(clock::wall());
                let text = read.result().ok().and_then(|value| value.as_string());
                let mut ledger: Ledger = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
                let answer = ledger.apply(&change);
                let written =
                    serde_json::to_string(&ledger).is_ok_and(|text| store.put_with_key(&text.into(), &key).is_ok());
                *verdict.borrow_mut() = written.then_some(answer);
                commit(&transaction);
            }
        });
        finished(read.as_ref(), &["success"], &["error"]).await?;
        // In the same turn, so what is waited for has not happened yet.
        if !needs_no_disk(change, verdict.borrow().as_ref()) {
            finished(transaction.as_ref(), &["complete"], &["abort", "error"]).await?;
        }
        verdict.take().ok_or_else(|| Failure::Browser("IndexedDB kept nothing".to_owned()))
    }

    async fn database(&self) -> Result<IdbDatabase, Failure> {
        if let Some(connection) = &*self.database.borrow() {
            return Ok(connection.database.clone());
        }
        let failed = |error: JsValue| refused("IndexedDB", &error);
        let factory = window()?.indexed_db().map_err(failed)?;
        let factory: IdbFactory = factory.ok_or_else(|| Failure::Browser("there is no IndexedDB".to_owned()))?;
        let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, 1).map_err(failed)?;
        let _on_upgrade = Listener::new(request.as_ref(), "upgradeneeded", {
            let request = request.clone();
            move |_| {
                if let Some(database) = result_of(&request) {
                    // The store is new, so creating it cannot fail.
                    let _ = database.create_object_store(STORE);
                }
            }
        });
        finished(request.as_ref(), &["success"], &["error", "blocked"]).await?;
        let database = result_of(&request).ok_or_else(|| Failure::Browser("there is no IndexedDB".to_owned()))?;
        self.database.replace(Some(Connection::keep(database.clone())));
        Ok(database)
    }
}

/// An open database; closed when it is dropped.
#[derive(Debug)]
struct Connection {
    database: IdbDatabase,
    _on_version_change: Listener,
}

impl Connection {
    /// Whoever deletes the database, or brings a newer version of it, waits until all others have let go: this one does.
    fn keep(database: IdbDatabase) -> Self {
        let on_version_change = Listener::new(database.as_ref(), "versionchange", {
            let database = database.clone();
            move |_| database.close()
        });
        Self { database, _on_version_change: on_version_change }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.close();
    }
}

/// Whether it is enough that whoever looks next sees the change, though it may still be on its way to the disk. A refresh token
/// is sent, and a page is left, only after it was written down; an iframe uses nothing up.
fn needs_no_disk(change: &Change, verdict: Option<&Verdict>) -> bool {
    match change {
        Change::Settle { .. } => true,
        Change::Claim { .. } => matches!(verdict, Some(Verdict::Renew(Method::Iframe))),
        _ => false,
    }
}

/// Says that nothing more comes, so that the browser need not wait for it. Where it cannot be told, it waits.
// The binding calls it deprecated, Indexed Database API 3.0 §4.10 does not.
#[expect(deprecated)]
fn commit(transaction: &IdbTransaction) {
    let _ = transaction.commit();
}

fn result_of(request: &IdbRequest) -> Option<IdbDatabase> {
    request.result().ok().and_then(|database| database.dyn_into().ok())
}

/// Waits for one of the events that mean success or failure.
async fn finished(target: &web_sys::EventTarget, good: &[&'static str], bad: &[&'static str]) -> Result<(), Failure> {
    let (sender, receiver) = oneshot::channel();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let listen = |name: &'static str, is_good: bool| {
        let sender = Rc::clone(&sender);
        Listener::new(target, name, move |_| {
            if let Some(sender) = sender.borrow_mut().take() {
                let _ = sender.send(is_good);
            }
        })
    };
    let _listeners: Vec<Listener> =
        good.iter().map(|name| listen(name, true)).chain(bad.iter().map(|name| listen(name, false))).collect();
    match receiver.await {
        Ok(true) => Ok(()),
        _ => Err(Failure::Browser("IndexedDB refused".to_owned())),
    }
}

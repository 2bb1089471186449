//! Where the session and its pending sign-ins are kept, through gloo-storage; memory when the browser keeps nothing.

use std::cell::{Cell, RefCell};
use std::fmt::Display;

use evergrant_core::config::StorageKind;
use evergrant_core::protocol::State;
use evergrant_core::protocol::authorize::{Flow, Transaction};
use evergrant_core::session::Session;
use evergrant_core::time::UnixTime;
use gloo_storage::{LocalStorage, SessionStorage, Storage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The stored sessions and transactions of one client.
#[derive(Debug)]
pub struct Store {
    kind: StorageKind,
    session_key: String,
    transaction_prefix: String,
    logout_key: String,
    /// That somebody was signed in, and how: no token, for the silent question after a reload when the session is in memory.
    hint_key: String,
    idle_end_key: String,
    /// The sign-in that is being ended, until the ledger knows.
    sign_out_key: String,
    /// When the person was last active in any tab (R11).
    activity_key: String,
    /// What the session is when it cannot be stored.
    memory: RefCell<Option<Session>>,
    in_memory: Cell<bool>,
}

impl Store {
    /// The store of the client that is [`kept_as`](evergrant_core::config::Config::kept_as) `name`, of the kind that the
    /// configuration says.
    pub fn open(kind: StorageKind, name: &dyn Display) -> Self {
        let session_key = format!("evergrant.{name}.session");
        if kind != StorageKind::Local {
            // From when the app was configured to share one: nobody reads it any more.
            delete(StorageKind::Local, &session_key);
        }
        Self {
            kind,
            session_key,
            transaction_prefix: format!("evergrant.{name}.transaction."),
            logout_key: format!("evergrant.{name}.logout"),
            hint_key: format!("evergrant.{name}.flow"),
            sign_out_key: format!("evergrant.{name}.signing-out"),
            idle_end_key: format!("evergrant.{name}.idle"),
            activity_key: format!("evergrant.{name}.active"),
            memory: RefCell::new(None),
            in_memory: Cell::new(store(kind).is_none()),
        }
    }

    /// A sentence for the person when the session is kept in memory against the configuration's wish.
    pub fn warning(&self) -> Option<&'static str> {
        (self.in_memory.get() && !self.keeps_nothing()).then_some(
            "This browser does not let this site store anything, or its storage is full. You stay signed in only until \
             this page is reloaded. Allow site data for this site in your browser's settings to change that.",
        )
    }

    /// Whether a sign-in that leaves this page could find its way back.
    pub fn outlives_the_page(&self) -> bool {
        store(StorageKind::Session).is_some()
    }

    /// The stored session. What cannot be read counts as absent.
    pub fn session(&self) -> Option<Session> {
        if self.in_memory.get() {
            return self.memory.borrow().clone();
        }
        get(self.kind, &self.session_key)
    }

    /// The flow by which somebody was signed in before this page was loaded, where no store keeps the session (memory, cookie).
    pub fn flow_before(&self) -> Option<Flow> {
        self.keeps_nothing().then(|| get(StorageKind::Local, &self.hint_key))?
    }

    /// Whether the page keeps no session by the configuration's wish.
    fn keeps_nothing(&self) -> bool {
        matches!(self.kind, StorageKind::Memory | StorageKind::Cookie)
    }

    /// Keeps the session; falls back to memory when the browser refuses (storage full, or blocked meanwhile).
    pub fn save(&self, session: &Session) {
        if !self.in_memory.get() && !set(self.kind, &self.session_key, session) {
            self.in_memory.set(true);
            delete(self.kind, &self.session_key);
        }
        if self.in_memory.get() {
            *self.memory.borrow_mut() = Some(session.clone());
        }
        self.put_flow(session.flow);
    }

    /// Remembers that somebody is signed in, and by which flow, where no store keeps the session (memory, cookie).
    pub fn put_flow(&self, flow: Flow) {
        if self.keeps_nothing() {
            set(StorageKind::Local, &self.hint_key, &flow);
        }
    }

    /// Forgets the session and every pending sign-in of this tab.
    pub fn forget(&self) {
        *self.memory.borrow_mut() = None;
        delete(self.kind, &self.session_key);
        delete(StorageKind::Local, &self.hint_key);
        for key in keys().iter().filter(|key| key.starts_with(&self.transaction_prefix)) {
            delete(StorageKind::Session, key);
        }
    }

    /// Remembers a sign-in on its way, in this tab: the answer comes back to it. Stale ones are swept out. `false` when the
    /// browser does not keep it.
    pub fn put_transaction(&self, transaction: &Transaction, now: UnixTime) -> bool {
        for key in keys().iter().filter(|key| key.starts_with(&self.transaction_prefix)) {
            if get::<Transaction>(StorageKind::Session, key).is_none_or(|known| known.is_stale(now)) {
                delete(StorageKind::Session, key);
            }
        }
        let key = format!("{}{}", self.transaction_prefix, transaction.state.secret());
        set(StorageKind::Session, &key, transaction)
    }

    /// The sign-in that `state` belongs to, once: whatever comes of it, it is spent.
    pub fn take_transaction(&self, state: &State) -> Option<Transaction> {
        let key = format!("{}{}", self.transaction_prefix, state.secret());
        let transaction = get(StorageKind::Session, &key);
        delete(StorageKind::Session, &key);
        transaction
    }

    /// Remembers the `state` of a sign-out on its way.
    pub fn put_logout_state(&self, state: &State) {
        set(StorageKind::Session, &self.logout_key, state);
    }

    /// The `state` of the sign-out that this tab sent, once.
    pub fn take_logout_state(&self) -> Option<State> {
        let state = get(StorageKind::Session, &self.logout_key);
        delete(StorageKind::Session, &self.logout_key);
        state
    }

    /// Remembers in this tab, across the way to the issuer, that the person did not ask for this sign-out (R11).
    pub fn put_idle_end(&self) {
        set(StorageKind::Session, &self.idle_end_key, &true);
    }

    /// Whether that was so, once.
    pub fn take_idle_end(&self) -> bool {
        let ended = get::<Value>(StorageKind::Session, &self.idle_end_key).is_some();
        delete(StorageKind::Session, &self.idle_end_key);
        ended
    }

    /// Notes for every page to come that this sign-in is being ended.
    ///
    /// `idle`: nobody was active.
    pub fn put_sign_out(&self, generation: u64, idle: bool) {
        set(StorageKind::Local, &self.sign_out_key, &(generation, idle));
    }

    /// The sign-in that a page was ending, and did not come to write so into the ledger; and whether nobody was active. A tab
    /// that renewed meanwhile may have noted once more that somebody is signed in: that is forgotten.
    pub fn unfinished_sign_out(&self) -> Option<(u64, bool)> {
        // As a value first, as everything is read: a reader of numbers would come along for this one alone.
        let mark: Value = get(StorageKind::Local, &self.sign_out_key)?;
        delete(StorageKind::Local, &self.hint_key);
        Some((mark[0].as_u64()?, mark[1] == true))
    }

    /// The ledger knows.
    pub fn forget_sign_out(&self) {
        delete(StorageKind::Local, &self.sign_out_key);
    }

    /// Remembers that the person was active, for pages that are opened later.
    pub fn put_activity(&self, at: UnixTime) {
        set(StorageKind::Local, &self.activity_key, &at);
    }

    /// When the person was last active in any tab.
    pub fn activity(&self) -> Option<UnixTime> {
        get(StorageKind::Local, &self.activity_key)
    }

    /// Forgets when that was.
    pub fn forget_activity(&self) {
        delete(StorageKind::Local, &self.activity_key);
    }
}

/// The browser's store, where it lets this page use it. Reading `window.sessionStorage` throws where it does not, and
/// gloo-storage would panic.
fn store(kind: StorageKind) -> Option<web_sys::Storage> {
    let window = web_sys::window()?;
    match kind {
        StorageKind::Session => window.session_storage().ok()?.map(|_| SessionStorage::raw()),
        StorageKind::Local => window.local_storage().ok()?.map(|_| LocalStorage::raw()),
        StorageKind::Memory | StorageKind::Cookie => None,
    }
}

fn get<T: DeserializeOwned>(kind: StorageKind, key: &str) -> Option<T> {
    let text = store(kind)?.get_item(key).ok()??;
    serde_json::from_str(&text).ok()
}

fn set(kind: StorageKind, key: &str, value: &impl Serialize) -> bool {
    let (Some(store), Ok(text)) = (store(kind), serde_json::to_string(value)) else { return false };
    store.set_item(key, &text).is_ok()
}

fn delete(kind: StorageKind, key: &str) {
    if let Some(store) = store(kind) {
        // Only a store that is not there refuses this.
        let _ = store.remove_item(key);
    }
}

/// The names in this tab's storage.
fn keys() -> Vec<String> {
    let Some(store) = store(StorageKind::Session) else { return Vec::new() };
    let count = store.length().unwrap_or(0);
    (0..count).filter_map(|index| store.key(index).ok().flatten()).collect()
}

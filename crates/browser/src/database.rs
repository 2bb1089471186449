//! Opening a database of this origin (Indexed Database API 3.0 §4.3).

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use wasm_bindgen::JsCast;
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest};

use crate::listener::Listener;
use crate::window;

/// The event in which a new database gets its store.
const UPGRADE: &str = "upgradeneeded";

/// Opens the database that has this one store, and makes it if there is none yet. `None` where the browser gives none.
pub(crate) async fn open(name: &'static str, store: &'static str) -> Option<IdbDatabase> {
    let factory: IdbFactory = window().ok()?.indexed_db().ok()??;
    let request: IdbOpenDbRequest = factory.open_with_u32(name, 1).ok()?;
    let (on_end, ended) = oneshot::channel::<()>();
    let on_end = Rc::new(Cell::new(Some(on_end)));
    let on = |event| {
        let (opening, on_end) = (request.clone(), Rc::clone(&on_end));
        Listener::new(&request, event, move |_| match event {
            UPGRADE => {
                // The store is new, so creating it cannot fail.
                let _ = result_of(&opening).map(|database| database.create_object_store(store));
            }
            _ => drop(on_end.take()),
        })
    };
    let _listeners = [UPGRADE, "success", "error", "blocked"].map(on);
    // Either way, the request says what came of it.
    let _ = ended.await;
    result_of(&request)
}

/// An open database; closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What is open.
    pub(crate) database: IdbDatabase,
    _on_version_change: Listener,
}

impl Connection {
    /// Whoever deletes the database, or brings a newer version of it, waits until all others have let go: this one does.
    pub(crate) fn keep(database: IdbDatabase) -> Self {
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

fn result_of(request: &IdbRequest) -> Option<IdbDatabase> {
    request.result().ok().and_then(|database| database.dyn_into().ok())
}

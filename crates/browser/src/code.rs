//! Code that is still on its way. An app may be loaded in parts, and started with the first of them; until the last is there,
//! the page keeps a promise of it.

use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Event;

/// The global variable that has the promise, as long as it is not kept. An app that is loaded whole has none.
const ON_ITS_WAY: &str = "evergrantCode";

/// Does this work once all code is there.
///
/// What takes time anyway waits here without holding up the page, which a call of a function that is not there yet would.
pub(crate) fn spawn(work: LocalBoxFuture<'static, ()>) {
    let Some(code) = on_its_way() else { return spawn_local(work) };
    let waiting = async move {
        // Nobody breaks this promise: what does not come is asked for again.
        let _ = JsFuture::from(code).await;
        work.await;
    };
    spawn_local(waiting.boxed_local());
}

/// Does this at once, or, while code is on its way, as soon as it is there: for what happens by itself, also while there is no network
/// to bring the code.
pub(crate) fn when_there(work: Box<dyn FnOnce()>) {
    match on_its_way() {
        None => work(),
        Some(_) => spawn(async move { work() }.boxed_local()),
    }
}

/// A listener that does the same with each event.
pub(crate) fn heard_when_there(handle: Rc<dyn Fn(Event)>) -> impl FnMut(Event) {
    move |event| {
        let handle = Rc::clone(&handle);
        when_there(Box::new(move || handle(event)));
    }
}

fn on_its_way() -> Option<Promise> {
    let window: JsValue = web_sys::window()?.into();
    Reflect::get(&window, &ON_ITS_WAY.into()).ok()?.dyn_into().ok()
}

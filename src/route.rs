//! Which page the address names: a small router of our own, since a full one would double the app's size.

use std::cell::Cell;

use evergrant_leptos::core::session::View;
use evergrant_leptos::use_session;
use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::HtmlElement;

use crate::live::{attribute, effect, memo, on_click};

/// The pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Home,
    /// `/expenses`
    Expenses,
    /// `/session`
    Session,
    /// `/issuer`
    Issuer,
    /// `/callback`, where a sign-in comes back to.
    Callback,
    /// Anything else.
    NotFound,
}

impl Route {
    /// The page that this path names; a final slash does not matter.
    pub fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" | "/index.html" => Self::Home,
            "/expenses" => Self::Expenses,
            "/session" => Self::Session,
            "/issuer" => Self::Issuer,
            "/callback" => Self::Callback,
            _ => Self::NotFound,
        }
    }

    /// The page's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Home => "Evergrant",
            Self::Expenses => "Expenses · Evergrant",
            Self::Session => "Session · Evergrant",
            Self::Issuer => "Your own issuer · Evergrant",
            Self::Callback => "Signing in · Evergrant",
            Self::NotFound => "Not found · Evergrant",
        }
    }
}

/// Goes from page to page without loading anything.
#[derive(Clone, Copy, Debug)]
pub struct Router {
    route: RwSignal<Route>,
}

impl Router {
    /// Follows the address, and provides itself to everything below.
    pub fn provide() -> Self {
        let router = Self { route: RwSignal::new(here()) };
        let listener = window_event_listener(ev::popstate, move |_| router.arrive());
        on_cleanup(move || listener.remove());
        effect(move || document().set_title(router.route.get().title()));
        provide_context(router);
        router
    }

    /// The current page.
    pub fn route(&self) -> ReadSignal<Route> {
        self.route.read_only()
    }

    /// Goes to a path of this app.
    pub fn go(&self, path: &str) {
        self.change(path, false);
    }

    /// Goes to a path of this app and leaves no trace of the page before.
    pub fn replace(&self, path: &str) {
        self.change(path, true);
    }

    fn change(&self, path: &str, replace: bool) {
        let Ok(history) = window().history() else { return };
        let changed = match replace {
            true => history.replace_state_with_url(&JsValue::NULL, "", Some(path)),
            false => history.push_state_with_url(&JsValue::NULL, "", Some(path)),
        };
        // Browsers refuse a flood of changes; the address is then left as it is.
        if changed.is_ok() {
            self.arrive();
        }
    }

    fn arrive(&self) {
        let route = here();
        if self.route.get_untracked() != route {
            self.route.set(route);
        }
    }
}

fn here() -> Route {
    Route::of(&window().location().pathname().unwrap_or_default())
}

/// Whether a click on a link is one to follow in place, rather than one that opens a tab or saves.
pub fn is_plain_click(event: &ev::MouseEvent) -> bool {
    event.button() == 0 && !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key())
}

/// A link to a page of this app.
#[component]
pub fn Link(
    /// The path.
    href: &'static str,
    /// The words.
    children: Children,
) -> impl IntoView {
    let router = expect_context::<Router>();
    let current = attribute("page", move || router.route().get() == Route::of(href));
    let follow = on_click(move |event| {
        if is_plain_click(&event) {
            event.prevent_default();
            router.go(href);
        }
    });
    view! { <a href=href on:click=follow aria-current=current>{children()}</a> }
}

/// The heading of a page. It takes the focus when the page changes, so that screen readers and keyboards follow.
#[component]
pub fn Heading(children: Children) -> impl IntoView {
    if !FIRST.with(|first| first.replace(false)) {
        // Runs once the page is there.
        effect(focus_heading);
    }
    view! { <h1 tabindex="-1">{children()}</h1> }
}

/// A page has one heading: to look for it is less code than to keep hold of it.
fn focus_heading() {
    let heading = document().query_selector("main h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<HtmlElement>().ok()) {
        let _ = heading.focus();
    }
}

/// Whom the issuer knows who is signed in as (`sub`), as text, which the app has memos of already; empty when nobody is. When that
/// changes, so does what is below the heading: where what had the focus is gone, as a button to sign in or out, the heading takes
/// it.
pub fn subject() -> Memo<String> {
    let view = use_session().view();
    let of = |view: &View| {
        let claims = view.claims.as_ref().filter(|_| view.status.is_signed_in());
        claims.map(|claims| claims.sub.as_str().to_owned()).unwrap_or_default()
    };
    let subject = memo(move || view.with(of));
    let has_begun = Cell::new(false);
    // Runs after the page has changed.
    effect(move || {
        subject.track();
        if has_begun.replace(true) && matches!(document().query_selector(":focus"), Ok(None)) {
            focus_heading();
        }
    });
    subject
}

thread_local! {
    /// The first heading of a page load is left alone: the browser has put the focus where it belongs.
    static FIRST: Cell<bool> = const { Cell::new(true) };
}

//! The components in a page.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{config, page, session_of, sign_in_on_its_way, store_session, text, until};
use evergrant_browser::clock;
use evergrant_browser::ledger::SharedLedger;
use evergrant_browser::storage::Store;
use evergrant_leptos::core::config::StorageKind;
use evergrant_leptos::core::session::Change;
use evergrant_leptos::{
    Config, Flow, RequireSession, SessionHandle, SessionProvider, SignInCallback, SignedIn, Status, here, use_session,
};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[component]
fn Secret() -> impl IntoView {
    let session = use_session();
    let status = move || session.status().get().as_str();
    let failed = move || session.error().get().is_some().to_string();
    view! {
        <p data-status=status data-failed=failed></p>
        <RequireSession fallback=|| "please wait">"the secret"</RequireSession>
    }
}

#[wasm_bindgen_test]
async fn a_required_session_shows_its_content_to_whom_it_concerns() {
    let config = config("required");
    store_session(&config);
    let place = page(config, || view! { <Secret/> });
    assert_eq!(text(&place), "the secret");
}

/// What is loaded once, for whoever is signed in then.
#[component]
fn Loaded() -> impl IntoView {
    let claims = use_session().claims().get_untracked();
    claims.map(|claims| claims.display_name().to_owned())
}

/// Another tab has somebody sign in, and writes it down as a tab does.
async fn signed_in_elsewhere(config: &Config, name: &str) {
    let session = Box::new(session_of(config, name));
    let change = Change::SignIn { session, shared: true, after: None, at: clock::wall() };
    SharedLedger::new(&config.client_id).apply(&change).await;
}

#[wasm_bindgen_test]
async fn what_was_loaded_for_one_person_is_not_shown_to_the_next() {
    let config = Config { storage: StorageKind::Local, ..config("next-person") };
    signed_in_elsewhere(&config, "Tess").await;
    let session = StoredValue::new(None);
    let place = page(config.clone(), move || {
        session.set_value(Some(use_session()));
        view! { <SignedIn><Loaded/></SignedIn> <RequireSession><Loaded/></RequireSession> }
    });
    until("she is there", || text(&place) == "TessTess").await;
    signed_in_elsewhere(&config, "Robin").await;
    session.get_value().unwrap().renew();
    until("it is Robin's", || text(&place) == "RobinRobin").await;
}

#[wasm_bindgen_test]
async fn a_required_session_is_asked_for_once_and_not_in_a_loop() {
    let place = page(config("required-once"), || view! { <Secret/> });
    assert_eq!(text(&place), "please wait");
    let attribute = |name: &str| place.query_selector("p").unwrap().unwrap().get_attribute(name).unwrap_or_default();
    until("the sign-in was tried and failed", || attribute("data-failed") == "true").await;
    assert_eq!(attribute("data-status"), Status::SignedOut.as_str());
    // A second try would show as another status in the turns that follow.
    for _ in 0..20 {
        gloo_timers::future::TimeoutFuture::new(5).await;
        assert_eq!(attribute("data-status"), Status::SignedOut.as_str());
    }
}

#[wasm_bindgen_test]
async fn a_page_that_a_router_showed_before_its_address_was_not_come_back_to() {
    let noted = StoredValue::new(None);
    page(config("router"), move || {
        let wanted = Signal::derive(move || {
            noted.set_value(Some(here()));
            here()
        });
        view! { <RequireSession return_to=wanted>"the secret"</RequireSession> }
    });
    // Whatever follows the page at once has run by now; the address is still the one before.
    leptos::task::tick().await;
    evergrant_browser::location::replace("/reports/8").unwrap();
    until("the sign-in began", || noted.get_value().is_some()).await;
    assert_eq!(noted.get_value().as_deref(), Some("/reports/8"));
}

/// Opens the page at `redirect_uri` with this in its address, and gives what it went on to, once and for all.
async fn came_back_with(client_id: &str, response: &str) -> Vec<String> {
    let config = config(client_id);
    let transaction = sign_in_on_its_way(&config, "s", "/reports/7");
    assert!(Store::open(config.storage, &config.client_id).put_transaction(&transaction, clock::wall()));
    evergrant_browser::location::replace(&format!("/callback?{response}")).unwrap();
    let gone_to = RwSignal::new(Vec::new());
    let session = StoredValue::new(None);
    let place = page(config, move || {
        session.set_value(Some(use_session()));
        view! { <SignInCallback go=move |page| gone_to.update(|pages| pages.push(page))>"one moment"</SignInCallback> }
    });
    assert_eq!(text(&place), "one moment");
    until("it went on", || !gone_to.get_untracked().is_empty()).await;
    // Whatever the session does after that, as failing to sign in again, is no reason to go there once more.
    let session = session.get_value().unwrap();
    session.sign_in(Flow::Code, "/".to_owned());
    until("that is over", || session.status().get_untracked() == Status::SignedOut).await;
    leptos::task::tick().await;
    gone_to.get_untracked()
}

#[wasm_bindgen_test]
async fn who_comes_back_from_the_issuer_is_put_where_they_were_once() {
    assert_eq!(came_back_with("refused", "error=access_denied&state=s").await, ["/reports/7"]);
    assert_eq!(came_back_with("unasked", "").await, ["/"]);
}

#[component]
fn Client() -> impl IntoView {
    use_session().config().client_id.to_string() + " "
}

#[wasm_bindgen_test]
async fn what_is_shown_later_found_the_session_of_the_provider_beside_its_own() {
    let shown = RwSignal::new(false);
    let place: web_sys::HtmlElement = document().create_element("div").unwrap().unchecked_into();
    let (one, other) = (config("one"), config("other"));
    let page = move || {
        view! {
            <SessionProvider config=one><Client/><Show when=move || shown.get()><Client/></Show></SessionProvider>
            <SessionProvider config=other><Client/><Show when=move || shown.get()><Client/></Show></SessionProvider>
            {use_context::<SessionHandle>().map(|_| "outside")}
        }
    };
    mount_to(place.clone(), page).forget();
    assert_eq!(text(&place), "one other ", "at once");
    shown.set(true);
    until("all are shown", || text(&place).len() > 10).await;
    assert_eq!(text(&place), "one one other other ");
}

#[wasm_bindgen_test]
async fn the_section_of_a_page_that_needs_a_session_was_lost_on_the_way_to_the_issuer() {
    evergrant_browser::location::replace("/reports/7?full=yes#totals").unwrap();
    assert_eq!(here(), "/reports/7?full=yes#totals");
}

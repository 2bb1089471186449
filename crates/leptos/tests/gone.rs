//! Work that was begun while a page had its session, and goes on when it has none any more.
#![cfg(all(target_arch = "wasm32", feature = "inspector"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;

use common::{config, store_session};
use evergrant_core::protocol::Scope;
use evergrant_core::session::HiddenIframe;
use evergrant_leptos::{
    Abilities, FetchError, Flow, NoAccessToken, NoUserInfo, Rehearsal, SessionHandle, SessionProvider, TokenClaims,
    use_session,
};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

thread_local! {
    static SEEN: Cell<Option<SessionHandle>> = const { Cell::new(None) };
}

#[component]
fn Page() -> impl IntoView {
    SEEN.set(Some(use_session()));
}

#[wasm_bindgen_test]
async fn asking_a_session_whose_page_is_gone_stopped_the_app() {
    let config = config("gone");
    store_session(&config);
    let place = document().create_element("div").unwrap();
    drop(mount_to(place.unchecked_into(), move || view! { <SessionProvider config><Page/></SessionProvider> }));
    let session = SEEN.take().unwrap();

    assert!(!session.can_rehearse().await);
    assert!(session.rehearse(Rehearsal::Expire).await.is_err());
    assert_eq!(session.probe().await, HiddenIframe::Untried);
    assert_eq!(session.access_token().await.unwrap_err(), NoAccessToken::SignedOut);
    let request = web_sys::Request::new_with_str("/api").unwrap();
    assert_eq!(session.fetch(request).await.unwrap_err(), FetchError::NoAccessToken(NoAccessToken::SignedOut));
    assert_eq!(session.user_info().await.unwrap_err(), NoUserInfo::NoAccessToken(NoAccessToken::SignedOut));
    for action in [SessionHandle::sign_out, SessionHandle::renew, SessionHandle::stay] {
        action(&session);
    }
    session.sign_in(Flow::Code, "/".to_owned());
    session.sign_in_popup(Flow::Code);
    assert!(!session.has_identity_alone() && session.warning().is_none() && session.return_to().is_none());
    assert!(session.log().is_empty() && session.history().is_empty() && session.log_json().is_empty());
    assert_eq!((session.abilities(), session.token_claims()), (Abilities::default(), TokenClaims::default()));
    assert!(session.ask_for(&Scope::parse("more"), "/".to_owned()).await.is_err());
}

#[wasm_bindgen_test]
fn reading_who_was_signed_in_stopped_the_app_when_the_page_was_gone() {
    let config = config("gone-signals");
    store_session(&config);
    let place = document().create_element("div").unwrap();
    let page = mount_to(place.unchecked_into(), move || view! { <SessionProvider config><Page/></SessionProvider> });
    let session = SEEN.take().unwrap();
    assert_eq!(session.claims().get_untracked().unwrap().display_name(), "Tess");
    assert!(session.expires_at().get_untracked().is_some() && session.is_signed_in().get_untracked());
    assert_eq!(session.all_claims().get_untracked()["name"], "Tess");
    assert_eq!(session.subject().get_untracked().unwrap().as_str(), "Tess");
    drop(page);

    assert_eq!((session.claims().get_untracked(), session.subject().get_untracked()), (None, None));
    assert_eq!((session.expires_at().get_untracked(), session.idle_ends_at().get_untracked()), (None, None));
    assert_eq!(session.error().get_untracked(), None);
    assert!(session.all_claims().get_untracked().is_empty() && !session.is_signed_in().get_untracked());
    assert!(session.view().try_get_untracked().is_none() && session.status().try_get_untracked().is_none());
}

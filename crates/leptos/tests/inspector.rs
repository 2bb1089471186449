//! The inspector in a page of some app.
#![cfg(all(target_arch = "wasm32", feature = "inspector"))]
#![allow(clippy::unwrap_used)]

mod common;

use common::{config, page, store_session, text, until};
use evergrant_leptos::inspector::{STYLES, SessionInspector};
use evergrant_leptos::{Rehearsal, use_session};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[component]
fn Page() -> impl IntoView {
    let session = use_session();
    let rehearse = move |rehearsal| spawn_local(async move { session.rehearse(rehearsal).await.unwrap() });
    view! {
        <button id="renew" on:click=move |_| session.renew()></button>
        <button id="sign-out" on:click=move |_| session.sign_out()></button>
        <button id="sleep" on:click=move |_| rehearse(Rehearsal::Sleep)></button>
        <button id="offline" on:click=move |_| rehearse(Rehearsal::Offline)></button>
        <button id="online" on:click=move |_| rehearse(Rehearsal::Online)></button>
        <SessionInspector/>
    }
}

fn open(client_id: &str) -> web_sys::HtmlElement {
    let config = config(client_id);
    store_session(&config);
    page(config, || view! { <Page/> })
}

fn has(place: &web_sys::HtmlElement, css: &str) -> bool {
    place.query_selector(css).unwrap().is_some()
}

fn press(place: &web_sys::HtmlElement, css: &str) {
    place.query_selector(css).unwrap().unwrap().unchecked_into::<web_sys::HtmlElement>().click();
}

fn summary(place: &web_sys::HtmlElement) -> String {
    place.query_selector("[role=img]").unwrap().unwrap().get_attribute("aria-label").unwrap()
}

#[wasm_bindgen_test]
fn where_nobody_was_signed_in_there_is_nothing_to_see() {
    let place = page(config("inspector-nobody"), || view! { <SessionInspector/> });
    assert_eq!(text(&place), "");
}

#[wasm_bindgen_test]
async fn a_renewal_that_fails_is_drawn_listed_and_said() {
    let place = open("inspector-failed");
    assert!(has(&place, "rect.life") && !has(&place, ".evergrant-track .failed"));
    assert!(summary(&place).contains("Renewals: 0."), "{}", summary(&place));
    press(&place, "#renew");
    until("it is on the timeline", || has(&place, ".evergrant-track .point.failed")).await;
    assert!(has(&place, "td[data-outcome=failed]"));
    assert!(summary(&place).contains("Failed: 1."), "{}", summary(&place));
}

#[wasm_bindgen_test]
async fn a_sleep_and_a_lost_network_are_bands_and_rows() {
    let place = open("inspector-bands");
    press(&place, "#sleep");
    until("the sleep is seen", || has(&place, "rect.still") && has(&place, "td[data-outcome=stood_still]")).await;
    assert!(text(&place).contains("10 min"));
    press(&place, "#offline");
    until("the loss is seen", || has(&place, "rect.offline") && has(&place, "td[data-outcome=offline]")).await;
    press(&place, "#online");
    until("the end of it is seen", || has(&place, "td[data-outcome=online]")).await;
}

#[wasm_bindgen_test]
async fn a_long_claim_made_a_page_without_styles_of_its_own_wider_than_the_screen() {
    let look = document().create_element("style").unwrap();
    look.set_text_content(Some(STYLES));
    document().head().unwrap().append_child(&look).unwrap();
    let place = open(&format!("inspector-{}", "long".repeat(80)));
    place.set_attribute("style", "width: 50rem").unwrap();
    until("the claims are there", || has(&place, "dd")).await;
    let (content, place_itself) = (place.scroll_width(), place.client_width());
    place.remove();
    look.remove();
    assert!(content <= place_itself, "{content} {place_itself}");
}

#[wasm_bindgen_test]
async fn the_timeline_outlives_the_session() {
    let place = open("inspector-ended");
    assert!(text(&place).contains("What works here"));
    press(&place, "#sign-out");
    until("the end is drawn", || has(&place, "line.ended")).await;
    assert!(has(&place, "td[data-outcome=ended]"));
    assert!(!text(&place).contains("What works here"), "that is of a session");
}

#[wasm_bindgen_test]
async fn the_drawing_moves_on_without_being_drawn_anew() {
    let place = open("inspector-moves");
    let track = place.query_selector(".evergrant-track").unwrap().unwrap();
    let (drawn, moved) = (track.first_child().unwrap(), track.get_attribute("style").unwrap());
    until("it has moved", || track.get_attribute("style").unwrap() != moved).await;
    assert!(drawn.is_same_node(track.first_child().as_ref()), "the same drawing");
}

#[wasm_bindgen_test]
async fn how_much_is_shown_can_be_chosen() {
    let place = open("inspector-zoom");
    let pressed = || place.query_selector("[aria-pressed=true]").unwrap().unwrap().text_content().unwrap();
    assert_eq!(pressed(), "15 min");
    press(&place, ".evergrant-zoom button:first-child");
    until("it is chosen", || pressed() == "1 min").await;
    assert!(has(&place, "rect.life"));
}

#[wasm_bindgen_test]
async fn no_failure_is_offered_where_the_issuer_takes_no_orders() {
    let place = open("inspector-orders");
    press(&place, "#renew");
    // The issuer of these tests refuses every connection: that, and the question whether it takes orders, end the same way.
    until("the renewal has failed", || has(&place, "td[data-outcome=failed]")).await;
    assert!(!text(&place).contains("Try a failure"));
}

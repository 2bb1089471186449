//! The app with a session in the store, without one, and with an issuer that is not there.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Mounted, open_at, until};
use evergrant_app::App;
use evergrant_leptos::Config;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Event, EventInit, HtmlElement, HtmlInputElement};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

fn app(config: &Config, path: &str) -> Mounted {
    let config = config.clone();
    open_at(path);
    Mounted::new(move || view! { <App config/> }.into_any())
}

fn status(app: &Mounted) -> String {
    app.attribute("[data-testid=session-status]", "data-status").unwrap()
}

fn seconds_left(app: &Mounted) -> u64 {
    app.attribute("[data-testid=expires-in]", "data-seconds").unwrap().parse().unwrap()
}

#[wasm_bindgen_test]
fn signed_out_there_is_a_choice_of_flow_and_one_main_button() {
    let app = app(&common::config("app-signed-out"), "/");
    assert_eq!(status(&app), "signed-out");
    let labels: Vec<_> =
        ["flow-code", "flow-implicit"].map(|id| app.the(&format!("label[for={id}]")).text_content().unwrap()).into();
    assert_eq!(labels, ["Code + PKCE", "Implicit (legacy)"]);
    assert!(app.has("#flow-code:checked") && !app.has("#flow-implicit:checked"));
    assert_eq!(app.the("main button.primary").text_content().as_deref(), Some("Sign in"));
}

#[wasm_bindgen_test]
fn the_configuration_chooses_the_flow_beforehand() {
    let json = r#"{"issuer":"http://127.0.0.1:9/","client_id":"app-flow","flow":"implicit"}"#;
    let app = app(&Config::parse(json, "http://127.0.0.1").unwrap(), "/");
    assert!(app.has("#flow-implicit:checked") && !app.has("#flow-code:checked"));
}

#[wasm_bindgen_test]
async fn a_stored_session_is_shown_at_once_and_counts_down() {
    let config = common::config("app-stored");
    common::store_session(&config, HOUR);
    let app = app(&config, "/");
    // Nothing was awaited: a person who is signed in never sees the page for those who are not.
    assert_eq!(status(&app), "signed-in");
    assert_eq!(app.the("h1").text_content().as_deref(), Some("Signed in as Tess Tester"));
    assert_eq!(app.the(".avatar").text_content().as_deref(), Some("TT"));
    assert_eq!(app.attribute("[data-testid=renewals]", "data-count").as_deref(), Some("0"));
    assert_eq!(app.attribute("[data-testid=renewals]", "data-last-method").as_deref(), Some(""));
    let begun = seconds_left(&app);
    assert!((3590..=3600).contains(&begun), "{begun}");
    until("a second to pass", || seconds_left(&app) < begun).await;
}

#[wasm_bindgen_test]
async fn a_renewal_that_is_days_away_was_told_by_the_time_of_day_alone() {
    let [far, near] = [("app-far", 40 * 24 * HOUR), ("app-near", HOUR)].map(|(name, lifetime)| {
        let config = common::config(name);
        common::store_session(&config, lifetime);
        app(&config, "/")
    });
    let next = |app: &Mounted| app.the(".facts > :first-child dd").text_content().unwrap();
    until("times of day", || next(&near).contains(", in ")).await;
    assert!(next(&far).starts_with("in 39 d"), "{}", next(&far));
}

#[wasm_bindgen_test]
fn the_ring_shows_how_much_of_the_token_is_gone() {
    let config = common::config("app-ring");
    common::store_session(&config, HOUR);
    let style = app(&config, "/").attribute(".ring", "style").unwrap();
    let gone: u32 = style.trim_start_matches("--gone:").trim_end_matches(';').trim().parse().unwrap();
    assert!(gone < 10, "{gone} of a thousand parts");
}

#[wasm_bindgen_test]
async fn a_renewal_that_fails_is_said_and_listed_and_the_person_stays_signed_in() {
    let config = common::config("app-retry");
    common::store_session(&config, HOUR);
    let app = app(&config, "/session");
    app.press("Renew now");
    until("the renewal failed", || status(&app) == "retrying").await;
    assert!(app.the(".notice[data-tone=passing] .headline").text_content().unwrap().contains("tried again"));
    until("the log", || app.has("td[data-outcome=failed]")).await;
    assert!(app.text().contains("You asked") && app.text().contains("Tess Tester"), "{}", app.text());
}

#[wasm_bindgen_test]
fn the_session_page_says_what_can_work_here() {
    let config = common::config("app-abilities");
    common::store_session(&config, HOUR);
    let app = app(&config, "/session");
    let text = app.text();
    for sentence in [
        "No refresh token was asked for: the configured scope has no offline_access.",
        "Renewing in a hidden iframe was not needed yet.",
        "This browser offers all that tabs need to act as one.",
    ] {
        assert!(text.contains(sentence), "{text}");
    }
}

#[wasm_bindgen_test]
async fn an_issuer_that_is_not_there_is_told_on_the_page_where_the_person_is() {
    let app = app(&common::config("app-unreachable"), "/session");
    app.press("Sign in");
    until("the notice", || app.has(".notice[data-tone=bad]")).await;
    assert!(app.text().contains("The issuer could not be reached."), "{}", app.text());
    assert_eq!(app.the("h1").text_content().as_deref(), Some("Session"));
    assert_eq!(status(&app), "signed-out");
    assert!(!app.the("main button.primary").has_attribute("aria-disabled"), "one can try again");
}

/// While somebody was signed out, a button offered to sign in and did nothing; and to disable it, as on the way to the issuer, took
/// the focus from whoever had pressed it.
#[wasm_bindgen_test]
async fn on_the_way_out_or_in_the_button_says_so_and_keeps_the_focus() {
    let config = common::config("app-way");
    common::store_session(&config, HOUR);
    let app = app(&config, "/session");
    let seen = buttons_to_sign_in();
    app.press("Sign out");
    until("it is on the way out", || seen.includes(&"Signing out… true".into(), 0)).await;
    until("signed out", || seen.includes(&"Sign in null".into(), 0)).await;
    let button = app.the("main button.primary");
    button.focus().unwrap();
    button.click();
    until("it is on the way in", || seen.includes(&"Signing in… true".into(), 0)).await;
    until("it failed", || button.text_content().as_deref() == Some("Sign in")).await;
    assert_eq!(document().active_element(), Some(button.unchecked_into()));
}

/// Screen readers heard "Renewing" and "Signed in" at each renewal, however short the tokens lived.
#[wasm_bindgen_test]
async fn a_renewal_was_read_aloud() {
    let config = common::config("app-aloud");
    common::store_session(&config, HOUR);
    let app = app(&config, "/session");
    let seen = words_in_the_header();
    app.press("Renew now");
    // The issuer of these tests never answers.
    until("the renewal has failed", || seen.includes(&"retrying: Trying again".into(), 0)).await;
    // The words may follow the status a moment later.
    let [calm, loud] = ["renewing: Signed in", "renewing: Renewing"].map(|it| seen.includes(&it.into(), 0));
    assert!(calm && !loud, "{seen:?}");
}

/// The button to sign out, or in, took the focus along when it went: whoever went on with the keyboard began at the top.
#[wasm_bindgen_test]
async fn the_focus_fell_to_the_page_when_somebody_signed_out() {
    let config = common::config("app-focus");
    common::store_session(&config, HOUR);
    let app = app(&config, "/session");
    let heading = app.the("h1");
    let has_focus = |element: &HtmlElement| document().active_element().as_ref() == Some(element);
    let sign_out = app.the("main .actions button:last-child");
    sign_out.focus().unwrap();
    assert!(has_focus(&sign_out) && sign_out.text_content().as_deref() == Some("Sign out"));
    sign_out.click();
    until("the heading has the focus", || has_focus(&heading)).await;
}

/// The form was empty, as if there had been no link, and the address stayed as it was.
#[wasm_bindgen_test]
async fn a_link_to_an_issuer_that_cannot_be_read_was_passed_over_in_silence() {
    let app = app(&common::config("app-link"), "/issuer#client_id=app&issuer=%zz&issuer=b");
    assert!(app.text().contains("That link names no issuer."), "{}", app.text());
    assert_eq!(window().location().hash().unwrap(), "");
}

/// "Enter the client ID" was still said once it had been entered.
#[wasm_bindgen_test]
async fn what_was_wrong_when_the_form_was_sent_goes_when_something_is_typed() {
    let app = app(&common::config("app-form"), "/issuer");
    let type_in = |id: &str, text: &str| {
        let field: HtmlInputElement = app.the(id).unchecked_into();
        field.set_value(text);
        let init = EventInit::new();
        init.set_bubbles(true);
        field.dispatch_event(&Event::new_with_event_init_dict("input", &init).unwrap()).unwrap();
    };
    type_in("#issuer", "https://issuer.example/");
    app.press("Use this issuer");
    let problem = || app.the(".problem").text_content().unwrap();
    until("it is said", || problem() == "Enter the client ID that the issuer has given this app.").await;
    type_in("#client-id", "app");
    until("it is gone", || problem().is_empty()).await;
}

#[wasm_bindgen_test]
async fn signing_out_where_the_issuer_cannot_be_told_says_both() {
    let config = common::config("app-sign-out");
    common::store_session(&config, HOUR);
    let app = app(&config, "/");
    app.press("Sign out");
    until("signed out", || status(&app) == "signed-out").await;
    assert!(app.text().contains("You are signed out here, but the issuer could not be told."), "{}", app.text());
    assert!(!app.text().contains("Tess"), "{}", app.text());
}

#[wasm_bindgen_test]
fn notices_come_in_a_region_that_screen_readers_know_beforehand() {
    let app = app(&common::config("app-live"), "/");
    assert_eq!(app.attribute(".notices", "aria-live").as_deref(), Some("polite"));
    assert!(!app.has(".notice"));
}

#[wasm_bindgen_test]
async fn when_renewing_fails_signing_in_again_is_offered_and_nothing_is_lost_when_that_fails_too() {
    let config = common::config("app-again");
    common::store_session(&config, HOUR);
    let app = app(&config, "/");
    assert!(!app.text().contains("Sign in again"));
    app.press("Renew now");
    until("it is in trouble", || status(&app) == "retrying").await;
    let seen = statuses();
    app.press("Sign in again");
    // The issuer of these tests never answers.
    until("it has gone to the issuer", || seen.includes(&"signing-in".into(), 0)).await;
    until("the session goes on", || status(&app) == "retrying").await;
    assert!(app.text().contains("Signed in as Tess Tester"));
}

/// Every status that the app shows from now on.
fn statuses() -> js_sys::Array {
    let script = "const seen = [], shown = document.querySelector('[data-testid=session-status]');
        new MutationObserver(() => seen.push(shown.dataset.status)).observe(shown, { attributes: true });
        return seen;";
    js_sys::Function::new_no_args(script).call0(&wasm_bindgen::JsValue::NULL).unwrap().unchecked_into()
}

/// Every status with its words, from now on.
fn words_in_the_header() -> js_sys::Array {
    let script = "const seen = [], shown = document.querySelector('[data-testid=session-status]');
        new MutationObserver(() => seen.push(shown.dataset.status + ': ' + shown.textContent))
            .observe(shown, { attributes: true, characterData: true, childList: true, subtree: true });
        return seen;";
    js_sys::Function::new_no_args(script).call0(&wasm_bindgen::JsValue::NULL).unwrap().unchecked_into()
}

/// What the button to sign in says from now on, and whether it is disabled.
fn buttons_to_sign_in() -> js_sys::Array {
    let script = "const seen = [];
        new MutationObserver(() => {
            const button = document.querySelector('main form button.primary');
            if (button) seen.push(button.textContent + ' ' + button.getAttribute('aria-disabled'));
        }).observe(document.body, { attributes: true, characterData: true, childList: true, subtree: true });
        return seen;";
    js_sys::Function::new_no_args(script).call0(&wasm_bindgen::JsValue::NULL).unwrap().unchecked_into()
}

//! The first page of documentation is this program; it is compiled here, and does what it says.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::error::Error;

use common::{config, page, page_without_session, store_session, text, until};
use evergrant_leptos::{AuthorizationParameters, Failure, ParameterError, SessionHandle, SignIn, challenge, here};
use gloo_net::http::{Request, Response};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

include!("greeting/program.rs");
include!("greeting/reports.rs");
include!("greeting/server_rendered.rs");
include!("greeting/sign_up.rs");
#[cfg(feature = "testing")]
mod tested {
    use evergrant_leptos::core::config::StorageKind;
    use evergrant_leptos::{Config, testing};
    use leptos::mount::mount_to;

    use super::*;

    include!("greeting/roles.rs");
    include!("greeting/tested.rs");

    #[wasm_bindgen_test]
    fn roles_are_read_from_the_claims_as_they_came() {
        for (role, is_one) in [("admin", "true"), ("reader", "false")] {
            let config = config(&format!("role-{role}"));
            let claims = serde_json::json!({"sub": "1", "roles": [role]});
            assert!(testing::sign_in(&config, claims.as_object().cloned().unwrap()));
            let place = page(config, || view! { <p>{is_admin(use_session())}</p> });
            assert_eq!(text(&place), is_one);
        }
    }

    #[wasm_bindgen_test]
    fn there_is_no_session_of_nobody_or_where_none_is_stored() {
        let nobody = serde_json::Map::new();
        assert!(!testing::sign_in(&config("of-nobody"), nobody));
        let somebody = serde_json::json!({"sub": "1"}).as_object().cloned().unwrap();
        let elsewhere = Config { storage: StorageKind::Memory, ..config("elsewhere") };
        assert!(!testing::sign_in(&elsewhere, somebody));
    }
}

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_stored_session_is_greeted_and_can_sign_out() {
    let config = config("greeting");
    store_session(&config);
    let place = page(config, || view! { <Greeting/> });
    assert_eq!(text(&place), "Hello, TessSign out", "nothing flashes");
    let button: web_sys::HtmlElement = place.query_selector("button").unwrap().unwrap().unchecked_into();
    button.click();
    // Beside it stands that the issuer, which never answers here, could not be told.
    until("the button to sign in is there", || text(&place).starts_with("Sign in")).await;
}

#[wasm_bindgen_test]
async fn nobody_is_offered_to_sign_in() {
    let place = page(config("nobody"), || view! { <Greeting/> });
    assert_eq!(text(&place), "Sign in");
}

#[wasm_bindgen_test]
async fn a_page_that_a_server_rendered_is_there_before_its_session() {
    let place = page_without_session(|| view! { <Welcome/> });
    assert_eq!(text(&place), "Welcome");
    // There is none among the tests.
    until("it was asked for", || text(&place).starts_with("Welcome/config.json")).await;
}

#[wasm_bindgen_test]
async fn a_sign_in_that_failed_was_told_to_nobody() {
    let place = page(config("unreachable"), || view! { <Greeting/> });
    let button: web_sys::HtmlElement = place.query_selector("button").unwrap().unwrap().unchecked_into();
    button.click();
    until("the reason is there", || text(&place) == "Sign inthe issuer's metadata could not be reached").await;
}

#[derive(Debug, serde::Deserialize)]
struct Report {
    title: String,
}

#[wasm_bindgen_test]
async fn what_an_api_says_becomes_values_of_the_apps_own() {
    let heard = RwSignal::new(String::new());
    let config = config("reports");
    store_session(&config);
    let real = answer_every_request(r#"[{"title":"Spring"},{"title":"Autumn"}]"#);
    let place = page(config, move || {
        let session = use_session();
        leptos::task::spawn_local(async move {
            let titles = reports(session).await.map(|reports| reports.into_iter().map(|report| report.title).collect());
            heard.set(titles.unwrap_or_else(|error: Box<dyn Error>| vec![error.to_string()]).join(", "));
        });
        view! { <p>{heard}</p> }
    });
    until("the answer is there", || !text(&place).is_empty()).await;
    js_sys::Reflect::set(&window(), &"fetch".into(), &real).unwrap();
    assert_eq!(text(&place), "Spring, Autumn");
}

/// Has the page's requests answered with this. Returns what answered them before.
fn answer_every_request(json: &str) -> wasm_bindgen::JsValue {
    let script = "const real = window.fetch; window.fetch = async () => new Response(json); return real;";
    js_sys::Function::new_with_args("json", script).call1(&wasm_bindgen::JsValue::NULL, &json.into()).unwrap()
}

#[component]
fn SigningUp() -> impl IntoView {
    let session = use_session();
    sign_up(session, "tess@example.com").unwrap();
    move || format!("{:?}", session.error().get())
}

#[wasm_bindgen_test]
async fn who_signs_up_is_sent_to_the_issuer() {
    let place = page(config("signing-up"), || view! { <SigningUp/> });
    // There is none: it was asked where to go.
    until("it was tried", || text(&place).contains("Unreachable")).await;
}

#[wasm_bindgen_test]
async fn what_an_api_wants_is_asked_of_the_issuer() {
    let asked = RwSignal::new(String::new());
    let headers = web_sys::Headers::new().unwrap();
    headers.set("WWW-Authenticate", r#"Bearer error="insufficient_user_authentication", max_age="5""#).unwrap();
    let init = web_sys::ResponseInit::new();
    init.set_headers(&headers);
    let refusal = web_sys::Response::new_with_opt_str_and_init(None, &init).unwrap();
    let place = page(config("stepping-up"), move || {
        let (session, refusal) = (use_session(), refusal.clone().unwrap());
        leptos::task::spawn_local(async move {
            asked.set(format!("{:?}", as_the_api_wants_it(session, &refusal).await));
        });
        view! { <p>{asked}</p> }
    });
    until("it was tried", || text(&place).contains("Unreachable")).await;
}

#[wasm_bindgen_test]
fn the_readmes_show_the_same_program() {
    for readme in [include_str!("../../../README.md"), include_str!("../README.md")] {
        assert!(readme.contains(include_str!("greeting/program.rs")));
    }
}

//! The hidden iframe: whose message counts, what is said when none comes, and that nothing is left behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::pin::pin;
use std::time::Duration;

use evergrant_browser::{iframe, location, message, timer};
use evergrant_core::protocol::State;
use evergrant_core::session::Failure;
use evergrant_core::session::failure::Silence;
use futures_util::future::{Either, select};
use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(10);

/// What the silent page posts, and what an issuer's own page does.
const MESSAGES: [&str; 2] = [
    "{type: 'evergrant:authorization-response', response: 'code=c&state=right'}",
    "{type: 'authorization_response', response: {code: 'c', state: 'right'}}",
];

/// The address of a page that runs this script. A blob has the origin of the page that made it.
fn page(script: &str) -> String {
    let html = format!("<!doctype html><script>{script}</script>");
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/html");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&Array::of1(&html.into()), &options).unwrap();
    web_sys::Url::create_object_url_with_blob(&blob).unwrap()
}

/// A silent page that posts this response.
fn silent_page(response: &str) -> String {
    page(&format!("parent.postMessage({{type: '{}', response: '{response}'}}, '*')", message::MESSAGE_TYPE))
}

fn origin() -> String {
    location::origin().unwrap()
}

fn frames() -> u32 {
    web_sys::window().unwrap().document().unwrap().query_selector_all("iframe").unwrap().length()
}

async fn answer(url: &str, origin: &str, limit: Duration) -> Result<Option<String>, Failure> {
    let params = iframe::authorize(url, origin, &State::new("right"), limit).await?;
    // Soon after an answer, and before the next test looks.
    common::until("the frame is gone", || frames() == 0).await;
    Ok(params.first("code").map(str::to_owned))
}

#[wasm_bindgen_test]
async fn the_silent_pages_answer_counts_and_the_frame_is_removed() {
    let code = answer(&silent_page("code=c&state=right"), &origin(), LONG).await.unwrap();
    assert_eq!((code.as_deref(), frames()), (Some("c"), 0));
}

#[wasm_bindgen_test]
async fn the_answer_of_an_issuers_own_page_counts() {
    let issuer = page(&format!("parent.postMessage({}, '*')", MESSAGES[1]));
    assert_eq!(answer(&issuer, &origin(), LONG).await.unwrap().as_deref(), Some("c"));
}

#[wasm_bindgen_test]
async fn an_answer_to_another_request_does_not_count() {
    let failure = answer(&silent_page("code=c&state=wrong"), &origin(), SHORT).await.unwrap_err();
    assert_eq!(failure, Failure::Silence(Silence::OtherState));
}

#[wasm_bindgen_test]
async fn a_silent_page_with_an_answer_that_cannot_be_read_is_not_taken_for_a_page_of_the_app() {
    let failure = answer(&silent_page("error=e&error=e&state=right"), &origin(), SHORT).await.unwrap_err();
    assert_eq!(failure, Failure::Silence(Silence::OtherState));
}

#[wasm_bindgen_test]
async fn a_message_from_another_origin_does_not_count() {
    let failure = answer(&silent_page("code=c&state=right"), "https://silent.example", SHORT).await.unwrap_err();
    assert_eq!(failure, Failure::Silence(Silence::OtherOrigin));
    // The page of such an address has an origin that equals no other.
    for message in MESSAGES {
        let page = format!("data:text/html,<script>parent.postMessage({message}, '*')</script>");
        let failure = answer(&page, &origin(), SHORT).await.unwrap_err();
        assert_eq!(failure, Failure::Silence(Silence::OtherOrigin), "{message}");
    }
}

#[wasm_bindgen_test]
async fn a_message_from_another_window_of_the_right_origin_does_not_count() {
    let url = page("");
    let forging = async {
        loop {
            for message in MESSAGES {
                Function::new_no_args(&format!("postMessage({message})")).call0(&JsValue::NULL).unwrap();
            }
            gloo_timers::future::TimeoutFuture::new(10).await;
        }
    };
    let here = origin();
    let answered = answer(&url, &here, SHORT);
    let (mut answered, mut forging) = (pin!(answered), pin!(forging));
    // The forger never stops, so only the answer can end this.
    let Either::Left((answered, _)) = select(&mut answered, &mut forging).await;
    assert!(matches!(answered, Err(Failure::Silence(_))), "{answered:?}");
}

#[wasm_bindgen_test]
async fn messages_of_other_kinds_are_passed_over() {
    let script = format!(
        "for (const data of [null, 7, 'x', {{}}, {{type: 'other', response: 'code=x&state=right'}}, {{type: '{0}'}},
                {{type: '{1}'}}, {{type: '{1}', response: null}}, {{type: '{1}', response: 'code=x&state=right'}}])
            parent.postMessage(data, '*');
         parent.postMessage({{type: '{0}', response: 'code=c&state=right'}}, '*')",
        message::MESSAGE_TYPE,
        message::WEB_MESSAGE_TYPE
    );
    assert_eq!(answer(&page(&script), &origin(), LONG).await.unwrap().as_deref(), Some("c"));
}

#[wasm_bindgen_test]
async fn an_own_page_in_place_of_the_silent_page_is_told() {
    let failure = answer(&page(""), &origin(), SHORT).await.unwrap_err();
    assert_eq!(failure, Failure::Silence(Silence::OwnPage));
}

#[wasm_bindgen_test]
async fn a_foreign_page_in_place_of_the_silent_page_is_told() {
    let failure = answer("data:text/html,<p>sign in", &origin(), SHORT).await.unwrap_err();
    assert_eq!(failure, Failure::Silence(Silence::ForeignPage));
}

#[wasm_bindgen_test]
async fn an_answer_after_the_time_is_up_changes_nothing() {
    let late = page(&format!(
        "addEventListener('load', () => setTimeout(() => parent.postMessage({{type: '{}', response: 'code=c&state=right'}}, '*'), 600))",
        message::MESSAGE_TYPE
    ));
    assert!(answer(&late, &origin(), SHORT).await.is_err());
    assert_eq!(frames(), 0);
}

#[wasm_bindgen_test]
async fn dropping_the_wait_removes_the_frame() {
    let (url, here, state) = (page(""), origin(), State::new("right"));
    let waiting = iframe::authorize(&url, &here, &state, LONG);
    assert!(timer::within(Duration::from_millis(50), waiting).await.is_none());
    assert_eq!(frames(), 0);
}

#[wasm_bindgen_test]
async fn the_frame_is_hidden_and_sandboxed() {
    let (url, here, state) = (page(""), origin(), State::new("right"));
    let look = async {
        common::until("the frame is there", || frames() == 1).await;
        let document = web_sys::window().unwrap().document().unwrap();
        let frame = document.query_selector("iframe").unwrap().unwrap();
        (frame.get_attribute("sandbox"), frame.has_attribute("hidden"), frame.get_attribute("aria-hidden"))
    };
    let waiting = iframe::authorize(&url, &here, &state, LONG);
    let (mut waiting, mut look) = (pin!(waiting), pin!(look));
    let Either::Right((seen, _)) = select(&mut waiting, &mut look).await else { unreachable!("nobody answers") };
    assert_eq!(seen, (Some("allow-scripts allow-same-origin".into()), true, Some("true".into())));
}

//! What the app says, in the words of a person.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use evergrant_app::words;
use evergrant_leptos::core::protocol::callback::CallbackError;
use evergrant_leptos::core::protocol::{ErrorCode, OAuthError};
use evergrant_leptos::{EndReason, Failure, Status, UnixTime};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn refused(code: ErrorCode) -> Failure {
    CallbackError::Refused(OAuthError::new(code, "")).into()
}

#[wasm_bindgen_test]
fn durations_are_said_as_a_person_would() {
    for (seconds, said) in
        [(0, "0 s"), (59, "59 s"), (72, "1 min 12 s"), (3900, "1 h 5 min"), (40 * 86_400 + 7200, "40 d 2 h")]
    {
        assert_eq!(words::duration(Duration::from_secs(seconds)), said);
    }
}

#[wasm_bindgen_test]
fn a_moment_is_ahead_until_it_has_passed() {
    let now = UnixTime::from_millis(10_000);
    for (then, said, ahead) in [(10_001, "1 s", 1), (12_500, "3 s", 3), (10_000, "0 s ago", 0), (7_000, "3 s ago", 0)] {
        let distance = words::Distance::between(now, UnixTime::from_millis(then));
        assert_eq!(distance.in_words(), said, "{then}");
        assert_eq!(distance.seconds_ahead(), ahead, "{then}");
    }
}

#[wasm_bindgen_test]
fn no_sentence_about_an_ending_is_a_bare_error_code() {
    for code in [ErrorCode::LoginRequired, ErrorCode::ConsentRequired, ErrorCode::AccessDenied, ErrorCode::ServerError]
    {
        let wire = code.as_str().to_owned();
        for reason in [EndReason::AskThePerson(refused(code.clone())), EndReason::SignInFailed(refused(code.clone()))] {
            let said = words::ended(&reason);
            assert!(said.ends_with('.') && !said.contains(&wire), "{said}");
        }
    }
}

#[wasm_bindgen_test]
fn every_status_has_a_word() {
    for status in
        [Status::SignedOut, Status::SigningIn, Status::SignedIn, Status::Renewing, Status::Retrying, Status::Stale]
    {
        assert!(!words::status(status).is_empty());
    }
}

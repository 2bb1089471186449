//! What the app says, and how.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use evergrant_app::parts::Notice;
use evergrant_app::words::{self, Distance};
use evergrant_browser::clock;
use evergrant_leptos::core::protocol::callback::CallbackError;
use evergrant_leptos::core::protocol::{ErrorCode, OAuthError};
use evergrant_leptos::core::session::Machine;
use evergrant_leptos::core::session::failure::Silence;
use evergrant_leptos::{EndReason, Failure, Status, UnixTime};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn refused(code: ErrorCode) -> Failure {
    CallbackError::Refused(OAuthError::new(code, "")).into()
}

#[wasm_bindgen_test]
fn a_duration_is_told_by_its_two_largest_units() {
    for (seconds, expected) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (72, "1 min 12 s"),
        (3_599, "59 min 59 s"),
        (3_660, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
        (40 * 86_400 + 7200, "40 d 2 h"),
    ] {
        assert_eq!(words::duration(Duration::from_secs(seconds)), expected);
    }
}

#[wasm_bindgen_test]
fn what_has_half_a_second_left_is_not_over() {
    let at = UnixTime::from_millis;
    assert_eq!(Distance::between(at(0), at(500)), Distance::Ahead(1));
    assert_eq!(Distance::between(at(0), at(2_000)), Distance::Ahead(2));
    assert_eq!(Distance::between(at(500), at(500)), Distance::Behind(0));
    assert_eq!(Distance::between(at(75_000), at(0)).in_words(), "1 min 15 s ago");
    assert_eq!(Distance::Behind(75).seconds_ahead(), 0);
}

#[wasm_bindgen_test]
fn what_need_not_be_exact_changes_once_a_minute() {
    use Distance::{Ahead, Behind};
    for (distance, words) in [
        (Ahead(59), "in less than a minute"),
        (Behind(0), "just now"),
        (Behind(119), "1 min ago"),
        (Ahead(3599), "in 59 min"),
        (Ahead(7260), "in 2 h 1 min"),
        (Behind(90_000), "1 d 1 h ago"),
    ] {
        assert_eq!(distance.in_calm_words(), words);
    }
}

#[wasm_bindgen_test]
fn initials_are_those_of_the_first_and_the_last_name() {
    for (name, expected) in [
        ("Tess Tester", "TT"),
        ("ada", "A"),
        ("Jean Luc de Bray", "JB"),
        ("émile Zola", "ÉZ"),
        ("\"Tess\" (guest)", "TG"),
        (" ", ""),
    ] {
        assert_eq!(words::initials(name), expected);
    }
}

#[wasm_bindgen_test]
fn times_are_written_as_this_device_writes_them() {
    let noon = UnixTime::from_seconds(1_800_000_000);
    assert!(words::clock_time(noon).chars().any(|letter| letter.is_ascii_digit()));
    assert!(words::date_and_time(noon).contains("2027"), "{}", words::date_and_time(noon));
}

#[wasm_bindgen_test]
fn a_day_is_written_as_this_device_writes_days() {
    let day = words::day("2026-11-03");
    assert!(day.contains("2026") && day.contains('3') && day != "2026-11-03", "{day}");
    assert_eq!(words::day("<soon>"), "<soon>", "what is no day stays as it is");
}

#[wasm_bindgen_test]
fn what_an_issuer_says_is_text_in_a_notice() {
    let hostile = OAuthError::new(ErrorCode::ServerError, "<img src=x onerror=alert(1)>");
    let notice = Notice::of_end(&EndReason::SignInFailed(CallbackError::Refused(hostile).into()));
    assert!(notice.exact.as_ref().unwrap().contains("<img"), "{notice:?}");
    let html = notice.to_html();
    assert!(html.contains("&lt;img") && !html.contains("<img"), "{html}");
}

#[wasm_bindgen_test]
fn a_session_that_the_issuer_ended_is_explained_without_the_code_in_front() {
    let notice = Notice::of_end(&EndReason::AskThePerson(refused(ErrorCode::LoginRequired)));
    assert_eq!((notice.tone, notice.headline), ("warn", "Your session has ended."));
    assert!(notice.sentences.iter().all(|sentence| !sentence.contains("login_required")), "{notice:?}");
    assert!(notice.sentences.iter().any(|sentence| sentence.contains("Sign in again")), "{notice:?}");
    assert!(notice.exact.unwrap().contains("login_required"), "the code is there for those who look");
}

#[wasm_bindgen_test]
fn what_was_seen_of_a_silent_iframe_is_said_openly() {
    let mut view = Machine::new(&common::config("silent")).view(&clock::now());
    assert_eq!(Notice::of_problem(&view), None);
    view.problem = Some(Failure::Silence(Silence::OwnPage));
    let notice = Notice::of_problem(&view).unwrap();
    assert!(notice.sentences[0].starts_with("The silent renewal brought no answer: "), "{notice:?}");
    assert!(notice.sentences[0].contains("silent_redirect_uri"), "{notice:?}");
}

#[wasm_bindgen_test]
fn where_renewing_has_stopped_nothing_is_promised() {
    let failure = Failure::Unreachable { endpoint: "the issuer" };
    assert!(words::problem(&failure, false).contains("tried again"));
    assert!(words::problem(&failure, true).contains("stopped"));
}

#[wasm_bindgen_test]
fn a_step_up_that_was_declined_was_said_to_end_renewing() {
    let mut view = Machine::new(&common::config("silent")).view(&clock::now());
    view.problem = Some(refused(ErrorCode::AccessDenied));
    view.sign_in_failed = true;
    let notice = Notice::of_problem(&view).unwrap();
    assert_eq!(notice.headline, "You declined. You are still signed in, as before.");
    view.problem = Some(refused(ErrorCode::InvalidScope));
    assert!(Notice::of_problem(&view).unwrap().headline.contains("still signed in"), "whatever it was");
}

#[wasm_bindgen_test]
fn that_somebody_else_signed_in_is_said_with_what_to_do() {
    let notice = Notice::of_end(&EndReason::AccountChanged);
    assert_eq!(notice.headline, "Somebody else has signed in in this browser.");
    assert!(notice.sentences[0].contains("Sign in again"), "{notice:?}");
}

#[wasm_bindgen_test]
fn a_sign_out_is_news_and_nothing_worse() {
    for reason in [EndReason::SignedOut, EndReason::SignedOutElsewhere, EndReason::Idle(None)] {
        let notice = Notice::of_end(&reason);
        assert_eq!((notice.tone, notice.exact), ("info", None));
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

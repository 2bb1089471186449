//! A page opens: what is made of what the store held.

use super::page::{Page, begun, seconds};
use crate::protocol::authorize::Flow;
use crate::protocol::callback::CallbackError;
use crate::protocol::{ErrorCode, OAuthError};
use crate::session::{Command, EndReason, Event, Failure, Method, Status};

#[test]
fn an_empty_store_leaves_nobody_signed_in() {
    let mut page = Page::new();
    assert_eq!(page.reload(), []);
    page.expect(Status::SignedOut);
    assert_eq!(page.view().ended, None);
}

#[test]
fn a_valid_session_is_taken_up_whole() {
    let mut page = Page::signed_in(300);
    page.fire();
    page.renewed(300);
    page.pass(seconds(10));
    let before = page.view();
    page.reload();
    assert_eq!(page.view(), before);
    assert!(page.has_access_token());
}

#[test]
fn an_expired_session_is_renewed_and_its_token_is_not_handed_out() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(86_400));
    assert_eq!(begun(&page.reload()), [Method::Iframe]);
    page.expect(Status::Renewing);
    assert!(!page.has_access_token());
    page.renewed(300);
    assert!(page.has_access_token());
}

#[test]
fn a_session_that_is_not_ours_is_forgotten() {
    for (member, value) in [
        ("issuer", serde_json::json!("https://other.example/")),
        ("client_id", serde_json::json!("other")),
        ("version", serde_json::json!(2)),
    ] {
        let mut page = Page::signed_in(300);
        let mut json = serde_json::to_value(page.store.take().unwrap()).unwrap();
        json[member] = value;
        page.store = Some(serde_json::from_value(json).unwrap());
        assert_eq!(page.reload(), [Command::Forget], "{member}");
        page.expect(Status::SignedOut);
        assert_eq!(page.store, None);
    }
}

#[test]
fn a_stored_session_is_given_no_more_than_its_lifetime() {
    let mut page = Page::signed_in(300);
    page.move_clock(-86_400);
    page.reload();
    assert_eq!(page.timer(), Some(seconds(270)));
}

#[test]
fn a_reload_in_the_middle_of_a_renewal_begins_it_again() {
    let mut page = Page::renewing(300);
    assert_eq!(begun(&page.reload()), [Method::Iframe]);
}

#[test]
fn a_session_kept_in_memory_is_asked_for_silently_after_a_reload() {
    let mut page = Page::new();
    let commands = page.send(Event::OpenedBlank { flow: Flow::Implicit });
    assert!(matches!(commands[..], [Command::AskSilently { flow: Flow::Implicit, .. }, Command::TellApp]));
    page.expect(Status::SigningIn);
    let tokens = page.tokens(300);
    page.sign_in_ended(Ok(Box::new(tokens)));
    page.expect(Status::SignedIn);
}

#[test]
fn a_silent_question_under_way_outlived_a_sign_out_in_another_tab() {
    for (event, ended) in
        [(Event::SignedOutElsewhere, EndReason::SignedOutElsewhere), (Event::IdleEndedElsewhere, EndReason::Idle(None))]
    {
        let mut page = Page::new();
        page.send(Event::OpenedBlank { flow: Flow::Code });
        let commands = page.send(event);
        assert!(commands.contains(&Command::AbortRenewal) && commands.contains(&Command::Forget), "{commands:?}");
        let tokens = page.tokens(300);
        assert_eq!(page.sign_in_ended(Ok(Box::new(tokens))), []);
        page.expect(Status::SignedOut);
        assert_eq!(page.view().ended, Some(ended));
    }
}

#[test]
fn a_silent_question_is_not_ended_by_what_the_ledger_says_late_of_the_session_before() {
    let mut page = Page::signed_in(300);
    let before = page.store.clone().unwrap();
    page.send(Event::SignedOutElsewhere);
    page.send(Event::OpenedBlank { flow: Flow::Code });
    assert!(!page.machine.still_goes_by(&before));
}

#[test]
fn when_the_issuer_knows_nobody_the_silent_question_ends_quietly_and_is_not_asked_again() {
    let mut page = Page::new();
    page.send(Event::OpenedBlank { flow: Flow::Code });
    let error = OAuthError::new(ErrorCode::LoginRequired, "");
    let commands = page.sign_in_ended(Err(CallbackError::Refused(error).into()));
    assert_eq!(commands, [Command::Forget, Command::TellApp]);
    page.expect(Status::SignedOut);
    assert_eq!(page.view().ended, None);
}

#[test]
fn when_the_silent_question_cannot_be_asked_the_person_is_told_and_it_is_asked_again_next_time() {
    let mut page = Page::new();
    page.send(Event::OpenedBlank { flow: Flow::Code });
    let commands = page.sign_in_ended(Err(Failure::Unreachable { endpoint: "the issuer" }));
    assert_eq!(commands, [Command::TellApp]);
    assert!(matches!(page.view().ended, Some(EndReason::SignInFailed(_))));
}

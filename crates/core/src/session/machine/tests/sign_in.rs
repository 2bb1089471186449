//! Signing in: by callback, refused, abandoned, and once more.

use super::super::*;
use super::page::{Page, refused, seconds, sign_in_wanted};
use crate::protocol::ErrorCode;

#[test]
fn a_wanted_sign_in_goes_to_the_issuer() {
    let mut page = Page::new();
    let commands = page.send(sign_in_wanted());
    let Event::SignIn(sign_in) = sign_in_wanted() else { unreachable!() };
    assert_eq!(commands, [Command::BeginSignIn { attempt: 1, sign_in }, Command::TellApp]);
    page.expect(Status::SigningIn);
}

#[test]
fn a_callback_completes_the_sign_in() {
    let mut page = Page::new();
    let commands = page.send(Event::CallbackArrived);
    let complete = Command::CompleteSignIn { attempt: page.attempt };
    assert_eq!(commands, [Command::CancelTimer, complete, Command::TellApp]);
    page.expect(Status::SigningIn);
    let tokens = page.tokens(300);
    let commands = page.sign_in_ended(Ok(Box::new(tokens)));
    let [Command::Save(_), Command::SetTimer(_), Command::TellApp, Command::Consult { .. }] = commands[..] else {
        panic!("{commands:?}");
    };
    page.expect(Status::SignedIn);
    assert_eq!(page.view().claims.unwrap().display_name(), "Tess");
    assert!(page.has_access_token());
}

#[test]
fn a_sign_in_that_fails_says_why() {
    let mut page = Page::new();
    page.send(Event::CallbackArrived);
    page.sign_in_ended(Err(refused(ErrorCode::AccessDenied)));
    page.expect_ended(EndReason::SignInFailed(refused(ErrorCode::AccessDenied)));
}

#[test]
fn a_sign_in_without_an_id_token_is_none() {
    let mut page = Page::new();
    page.send(Event::CallbackArrived);
    let mut tokens = page.tokens(300);
    tokens.id_token = None;
    page.sign_in_ended(Ok(Box::new(tokens)));
    page.expect_ended(EndReason::SignInFailed(Failure::NoIdToken));
}

#[test]
fn a_sign_in_that_fails_before_the_page_is_left_can_be_tried_again() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    page.sign_in_ended(Err(super::page::unreachable()));
    page.expect(Status::SignedOut);
    assert_ne!(page.send(sign_in_wanted()), []);
    page.expect(Status::SigningIn);
}

#[test]
fn a_sign_in_is_not_begun_twice() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    assert_eq!(page.send(sign_in_wanted()), []);
}

#[test]
fn a_second_sign_in_while_signed_in_changes_nothing() {
    let mut page = Page::signed_in(300);
    let before = page.view();
    assert_eq!(page.send(sign_in_wanted()), []);
    assert_eq!(page.view(), before);
    assert_eq!(page.timer(), Some(seconds(270)));
}

#[test]
fn the_back_button_from_the_issuers_page_offers_sign_in_again() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    let abandoned = page.attempt;
    assert_eq!(page.send(Event::Woke(Wake::Restored)), [Command::TellApp]);
    page.expect(Status::SignedOut);
    assert_ne!(page.send(sign_in_wanted()), []);
    page.send(Event::SignInEnded { attempt: abandoned, outcome: Err(refused(ErrorCode::AccessDenied)) });
    page.expect(Status::SigningIn);
}

#[test]
fn becoming_visible_does_not_end_a_sign_in() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    assert_eq!(page.send(Event::Woke(Wake::Visible)), []);
    page.expect(Status::SigningIn);
}

#[test]
fn somebody_else_can_sign_in_after_a_session_ended() {
    let mut page = Page::renewing(300);
    page.failed(refused(ErrorCode::LoginRequired));
    page.sign_in(600);
    assert_eq!(page.timer(), Some(seconds(540)));
    assert_eq!(page.view().ended, None);
    assert_eq!(page.view().problem, None);
}

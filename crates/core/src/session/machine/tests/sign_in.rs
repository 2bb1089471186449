//! Signing in: by callback, refused, abandoned, and once more.

use super::page::{Page, misconfigured, refused, seconds, sign_in_wanted, unreachable};
use crate::protocol::{ErrorCode, RefreshToken};
use crate::session::{Command, EndReason, Event, Failure, Status, Wake};

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
    let commands = page.send(Event::CallbackArrived { stored: None });
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
fn an_id_token_alone_is_a_session_that_is_renewed_and_has_nothing_for_apis() {
    let mut page = Page::new();
    assert!(!page.machine.has_identity_alone());
    page.send(Event::CallbackArrived { stored: None });
    let mut tokens = page.tokens(300);
    tokens.access_token = None;
    page.sign_in_ended(Ok(Box::new(tokens.clone())));
    for _ in 0..2 {
        page.expect(Status::SignedIn);
        assert!(page.machine.has_identity_alone() && !page.has_access_token());
        page.reload();
        page.fire();
        page.expect(Status::Renewing);
        tokens.requested_at = page.now;
        page.renewal_ended(Ok(Box::new(tokens.clone())));
    }
    assert_eq!(page.view().renewals, 2);
}

#[test]
fn a_sign_in_that_fails_says_why() {
    let mut page = Page::new();
    page.send(Event::CallbackArrived { stored: None });
    page.sign_in_ended(Err(refused(ErrorCode::AccessDenied)));
    page.expect_ended(EndReason::SignInFailed(refused(ErrorCode::AccessDenied)));
}

#[test]
fn a_sign_in_without_an_id_token_is_none() {
    let mut page = Page::new();
    page.send(Event::CallbackArrived { stored: None });
    let mut tokens = page.tokens(300);
    tokens.id_token = None;
    page.sign_in_ended(Ok(Box::new(tokens)));
    page.expect_ended(EndReason::SignInFailed(Failure::NoIdToken));
}

#[test]
fn a_sign_in_that_fails_before_the_page_is_left_can_be_tried_again() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    page.sign_in_ended(Err(unreachable()));
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

/// A session in each kind of trouble for which the person is told to sign in again.
fn in_trouble() -> [Page; 3] {
    let mut retrying = Page::renewing(300);
    retrying.failed(unreachable());
    let mut stale = Page::renewing(300);
    stale.failed(misconfigured());
    stale.fire();
    let mut renewing = Page::renewing(300);
    renewing.failed(unreachable());
    renewing.fire();
    [retrying, stale, renewing]
}

#[test]
fn who_is_told_to_sign_in_again_can() {
    for mut page in in_trouble() {
        let was_renewing = page.view().status == Status::Renewing;
        let commands = page.send(sign_in_wanted());
        assert!(commands.iter().any(|it| matches!(it, Command::BeginSignIn { .. })), "{commands:?}");
        assert_eq!(commands.contains(&Command::AbortRenewal), was_renewing);
        page.expect(Status::SigningIn);
        assert_eq!(page.timer(), None);
        let tokens = page.tokens(600);
        page.sign_in_ended(Ok(Box::new(tokens)));
        page.expect(Status::SignedIn);
        assert_eq!(page.view().problem, None);
        assert_eq!(page.timer(), Some(seconds(540)));
    }
}

#[test]
fn a_sign_in_that_fails_leaves_the_session_in_trouble_as_it_was() {
    for mut page in in_trouble() {
        page.send(sign_in_wanted());
        page.sign_in_ended(Err(Failure::PopupClosed));
        assert!(page.view().status.is_signed_in());
        assert_eq!(page.view().problem, Some(Failure::PopupClosed));
        assert!(page.store.is_some());
    }
}

#[test]
fn the_back_button_from_a_sign_in_again_goes_back_to_the_session() {
    for mut page in in_trouble() {
        page.send(sign_in_wanted());
        page.send(Event::Woke(Wake::Restored));
        assert!(page.view().status.is_signed_in());
        assert!(page.view().problem.is_some());
    }
}

#[test]
fn a_callback_that_fails_goes_on_with_the_session_that_was_stored() {
    let mut page = Page::signed_in(300);
    let stored = page.store.clone().map(Box::new);
    page.send(Event::CallbackArrived { stored });
    page.sign_in_ended(Err(refused(ErrorCode::AccessDenied)));
    page.expect(Status::SignedIn);
    assert_eq!(page.view().problem, Some(refused(ErrorCode::AccessDenied)));
    assert_eq!(page.timer(), Some(seconds(270)));
    assert!(page.has_access_token());
}

#[test]
fn a_step_up_that_was_declined_passed_for_a_renewal_that_failed() {
    let mut page = Page::signed_in(300);
    let stored = page.store.clone().map(Box::new);
    page.send(Event::CallbackArrived { stored });
    page.sign_in_ended(Err(refused(ErrorCode::AccessDenied)));
    assert!(page.view().sign_in_failed);
    page.fire();
    page.failed(unreachable());
    assert!(!page.view().sign_in_failed, "this was a renewal");
    page.fire();
    page.renewed(300);
    assert!(!page.view().sign_in_failed && page.view().problem.is_none());
}

#[test]
fn a_sign_out_elsewhere_leaves_nothing_to_go_back_to() {
    for mut page in in_trouble() {
        page.send(sign_in_wanted());
        page.send(Event::SignedOutElsewhere);
        assert_eq!(page.store, None);
        page.sign_in_ended(Err(Failure::PopupClosed));
        page.expect_ended(EndReason::SignInFailed(Failure::PopupClosed));
    }
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

/// What somebody gets who shows themselves once more beside their session.
fn anew(page: &mut Page) -> Event {
    let mut tokens = page.tokens(600);
    tokens.refresh_token = Some(RefreshToken::new("anew"));
    Event::SignedInAnew { tokens: Box::new(tokens) }
}

#[test]
fn who_shows_themselves_once_more_is_signed_in_all_along() {
    for mut page in [Page::signed_in(300), Page::renewing(300)] {
        let was_renewing = page.view().status == Status::Renewing;
        let event = anew(&mut page);
        let commands = page.send(event);
        assert_eq!(commands.contains(&Command::AbortRenewal), was_renewing, "{commands:?}");
        assert_eq!(commands.iter().filter(|it| matches!(it, Command::TellApp)).count(), 1, "{commands:?}");
        page.expect(Status::SignedIn);
        assert_eq!(page.timer(), Some(seconds(540)));
        assert_eq!(page.store.as_ref().unwrap().refresh_token, Some(RefreshToken::new("anew")));
        // What the renewal would have brought comes too late.
        let late = page.tokens(300);
        page.renewal_ended(Ok(Box::new(late)));
        assert_eq!(page.timer(), Some(seconds(540)));
    }
}

#[test]
fn who_has_signed_out_meanwhile_stays_so_whatever_the_popup_brings() {
    let mut page = Page::signed_in(300);
    page.send(Event::SignedOutElsewhere);
    let revoke = Command::Revoke { refresh_token: RefreshToken::new("anew"), alone: false };
    let event = anew(&mut page);
    assert_eq!(page.send(event), [revoke]);
    page.expect(Status::SignedOut);
    assert!(page.store.is_none());
}

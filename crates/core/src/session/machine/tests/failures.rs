//! R8 and R10: what follows from each class of failure, and where trying ends.

use std::time::Duration;

use super::page::{Page, begun, busy, misconfigured, refused, seconds, unreachable};
use crate::protocol::ErrorCode;
use crate::protocol::authorize::Flow;
use crate::protocol::callback::CallbackError;
use crate::protocol::id_token::IdTokenError;
use crate::protocol::metadata::MetadataError;
use crate::protocol::token::TokenError;
use crate::session::{Command, EndReason, Event, Failure, MOST_FAILURES, Method, Status, Wake};

#[test]
fn when_the_issuer_asks_for_the_person_the_session_ends_with_that_reason() {
    for code in [
        ErrorCode::LoginRequired,
        ErrorCode::ConsentRequired,
        ErrorCode::InteractionRequired,
        ErrorCode::AccountSelectionRequired,
    ] {
        let mut page = Page::renewing(300);
        let commands = page.failed(refused(code.clone()));
        assert_eq!(commands, [Command::CancelTimer, Command::Forget, Command::TellApp]);
        page.expect_ended(EndReason::AskThePerson(refused(code)));
        for event in [Event::TimerFired, Event::Woke(Wake::Visible), Event::RenewNow] {
            assert_eq!(page.send(event), [], "no further request");
        }
    }
}

#[test]
fn a_failure_that_may_pass_is_tried_again_and_the_session_stays() {
    for failure in [unreachable(), refused(ErrorCode::ServerError), refused(ErrorCode::TemporarilyUnavailable)] {
        let mut page = Page::renewing(300);
        assert_eq!(begun(&page.failed(failure.clone())), []);
        page.expect(Status::Retrying);
        assert_eq!(page.view().problem, Some(failure));
        assert!(page.has_access_token());
        assert!(page.store.is_some());
        assert_eq!(begun(&page.fire()), [Method::Iframe]);
        page.renewed(300);
        page.expect(Status::SignedIn);
        assert_eq!(page.view().problem, None);
    }
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut page = Page::renewing(7200);
    page.now.entropy = u64::MAX;
    let waits: Vec<u64> = (0..10)
        .map(|_| {
            page.failed(unreachable());
            let wait = page.timer().unwrap();
            page.fire();
            page.expect(Status::Renewing);
            u64::try_from((wait + Duration::from_millis(1)).as_millis() / 1000).unwrap()
        })
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}

#[test]
fn a_wait_is_never_shorter_than_half_a_second() {
    let mut page = Page::renewing(7200);
    page.failed(unreachable());
    assert_eq!(page.timer(), Some(Duration::from_millis(500)));
}

#[test]
fn retry_after_is_obeyed() {
    let mut page = Page::renewing(300);
    page.failed(busy(120));
    assert_eq!(page.timer(), Some(seconds(120)));
    assert_eq!(page.view().renew_at, Some(page.now.wall + seconds(120)));
}

#[test]
fn a_session_that_expires_while_retrying_is_kept_and_its_token_withheld() {
    let mut page = Page::renewing(300);
    page.failed(busy(120));
    page.pass(seconds(31));
    page.expect(Status::Retrying);
    assert!(!page.has_access_token());
    assert!(page.store.is_some());
    page.fire();
    page.renewed(300);
    assert!(page.has_access_token());
}

#[test]
fn a_retry_is_not_begun_before_its_time() {
    let mut page = Page::renewing(300);
    page.failed(busy(120));
    page.pass(seconds(50));
    assert_eq!(begun(&page.send(Event::TimerFired)), []);
    assert_eq!(page.timer(), Some(seconds(70)));
}

#[test]
fn waking_brings_a_retry_forward_but_not_at_once() {
    let mut page = Page::renewing(7200);
    page.now.entropy = u64::MAX;
    for _ in 0..5 {
        page.failed(unreachable());
        page.fire();
    }
    page.failed(unreachable());
    page.pass(seconds(1));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), []);
    page.pass(seconds(4));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [Method::Iframe]);
}

#[test]
fn offline_waits_for_online() {
    let mut page = Page::renewing(7200);
    page.send(Event::Network { online: false });
    page.failed(unreachable());
    assert_eq!(page.timer(), Some(seconds(60)), "browsers may be wrong about being offline");
    page.pass(seconds(10));
    assert_eq!(begun(&page.send(Event::Network { online: true })), [Method::Iframe]);
}

#[test]
fn a_misconfiguration_is_said_once_and_nothing_is_tried_again() {
    let mut page = Page::renewing(300);
    page.failed(misconfigured());
    page.expect(Status::SignedIn);
    assert_eq!(page.view().problem, Some(misconfigured()));
    assert!(page.has_access_token());
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), []);
    assert_eq!(begun(&page.send(Event::Network { online: true })), []);
    assert_eq!(page.timer(), Some(seconds(30)), "until expiry");
    assert_eq!(page.fire(), [Command::TellApp]);
    page.expect(Status::Stale);
    assert!(!page.has_access_token());
    assert!(page.store.is_some());
    assert_eq!(page.timer(), None);
}

#[test]
fn a_gateway_that_knew_nothing_of_the_issuer_for_a_moment_stopped_renewing() {
    for failure in [TokenError::Status(404).into(), TokenError::Status(403).into(), MetadataError::Status(404).into()] {
        let mut page = Page::renewing(300);
        page.failed(failure);
        page.expect(Status::Retrying);
        assert_eq!(begun(&page.fire()), [Method::Iframe]);
        page.renewed(300);
        page.expect(Status::SignedIn);
    }
}

#[test]
fn a_stopped_session_is_renewed_when_the_person_asks() {
    let mut page = Page::renewing(300);
    page.failed(misconfigured());
    page.fire();
    page.expect(Status::Stale);
    assert_eq!(begun(&page.send(Event::RenewNow)), [Method::Iframe]);
    page.renewed(300);
    page.expect(Status::SignedIn);
    assert_eq!(page.view().problem, None);
}

#[test]
fn a_suspicious_answer_is_dropped_and_what_was_valid_stays() {
    for failure in [
        CallbackError::State.into(),
        CallbackError::Issuer.into(),
        IdTokenError::Nonce.into(),
        IdTokenError::Signature.into(),
    ] {
        let failure: Failure = failure;
        let mut page = Page::renewing(300);
        let before = page.store.clone().unwrap();
        page.failed(failure.clone());
        page.expect(Status::Retrying);
        assert_eq!(page.view().problem, Some(failure));
        assert!(page.has_access_token());
        assert_eq!(page.store.as_ref().unwrap().access_token, before.access_token);
    }
}

#[test]
fn a_refresh_token_of_this_page_that_brings_somebody_else_is_suspicious() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    page.failed(IdTokenError::OtherPerson.into());
    page.expect(Status::Retrying);
    assert!(page.has_access_token());
}

#[test]
fn a_tab_of_somebody_else_dropped_the_answer_and_went_on_until_expiry() {
    let by_cookie = || {
        let mut page = Page::configured(r#","storage":"cookie","token_backend":"https://app.example/session""#);
        page.sign_in(300);
        page.fire();
        page
    };
    for (mut page, method) in [(Page::renewing(300), Method::Iframe), (by_cookie(), Method::RefreshToken)] {
        assert_eq!(page.store.as_ref().unwrap().method(), method);
        let commands = page.failed(IdTokenError::OtherPerson.into());
        page.expect_ended(EndReason::AccountChanged);
        assert!(commands.contains(&Command::Forget), "{commands:?}");
        let noted = Command::NoteSomebody { flow: Flow::Code };
        assert_eq!(commands.last(), Some(&noted), "the next page asks who it is");
    }
}

#[test]
fn trying_ends_at_the_bound_and_shows_why() {
    let mut page = Page::renewing(7200);
    for _ in 1..MOST_FAILURES {
        page.failed(unreachable());
        page.expect(Status::Retrying);
        assert_eq!(begun(&page.fire()).len(), 1);
    }
    page.failed(unreachable());
    page.expect(Status::SignedIn);
    assert_eq!(page.view().problem, Some(unreachable()));
    assert_eq!(begun(&page.fire()), []);
    page.expect(Status::Stale);
}

#[test]
fn failures_are_counted_across_reloads() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(280));
    for _ in 1..MOST_FAILURES {
        page.reload();
        page.failed(unreachable());
        page.expect(Status::Retrying);
    }
    page.reload();
    page.failed(unreachable());
    page.expect(Status::SignedIn);
    assert_eq!(page.store.as_ref().unwrap().failures, MOST_FAILURES);
}

#[test]
fn after_a_reload_the_person_still_reads_what_is_wrong() {
    for failure in [unreachable(), misconfigured(), refused(ErrorCode::ServerError)] {
        let mut page = Page::renewing(7200);
        page.failed(failure.clone());
        page.reload();
        let problem = page.view().problem.expect("it is not mended");
        assert_eq!(problem.to_string(), failure.to_string());
        assert_eq!((problem.class(), problem.code()), (failure.class(), failure.code()));
        page.send(Event::RenewNow);
        page.renewed(7200);
        page.reload();
        assert_eq!(page.view().problem, None);
    }
}

#[test]
fn where_trying_has_ended_a_reload_does_not_begin_it_anew() {
    let mut page = Page::renewing(300);
    for _ in 1..MOST_FAILURES {
        page.failed(unreachable());
        page.fire();
    }
    page.failed(unreachable());
    page.pass(seconds(300));
    assert_eq!(begun(&page.reload()), []);
    page.expect(Status::Stale);
    assert!(page.view().problem.is_some(), "it says why");
    page.pass(seconds(60));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [Method::Iframe]);
}

#[test]
fn what_another_tab_was_told_to_wait_is_waited_for_and_not_counted() {
    let mut page = Page::renewing(300);
    page.failed(Failure::AskedToWait(seconds(100)));
    page.expect(Status::Retrying);
    assert_eq!(page.timer(), Some(seconds(100)));
    assert_eq!(page.store.as_ref().unwrap().failures, 0);
    page.pass(seconds(50));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [], "no signal brings it forward");
    let asked = page.send(Event::RenewNow);
    assert!(asked.iter().any(|command| matches!(command, Command::Renew { asked: true, .. })), "{asked:?}");
}

#[test]
fn what_failed_in_another_tab_is_not_tried_here_at_once() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.now.entropy = u64::MAX;
    page.sign_in(300);
    page.fire();
    let mut failed = page.store.clone().unwrap();
    failed.failures = 4;
    page.send(Event::Adopted { session: Box::new(failed.clone()) });
    page.expect(Status::Retrying);
    let wait = page.timer().unwrap();
    assert!(wait > seconds(7) && wait <= seconds(8), "{wait:?}");
    page.fire();
    let commands = page.failed(unreachable());
    assert!(
        commands.iter().any(|it| matches!(it, Command::Count { session } if session.failures == 5)),
        "{commands:?}"
    );
    failed.failures = MOST_FAILURES;
    page.send(Event::Adopted { session: Box::new(failed) });
    assert_eq!(page.view().renew_at, None, "all tabs stop together");
}

#[test]
fn success_forgets_the_failures() {
    let mut page = Page::renewing(300);
    for _ in 0..5 {
        page.failed(unreachable());
        page.fire();
    }
    page.renewed(300);
    assert_eq!(page.store.as_ref().unwrap().failures, 0);
}

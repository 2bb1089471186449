//! R9: sign-out wins over everything.

use super::page::{Page, busy, misconfigured, seconds, sign_in_wanted, unreachable};
use crate::protocol::{RefreshToken, Subject};
use crate::session::{Command, EndReason, Event, Outcome, Session, Status, TabMessage, Tokens, Wake};

fn every_event(attempt: u64, tokens: &Tokens) -> Vec<Event> {
    vec![
        Event::TimerFired,
        Event::Woke(Wake::Visible),
        Event::Network { online: true },
        Event::RenewNow,
        Event::RenewalEnded { attempt, outcome: Ok(Box::new(tokens.clone())) },
        Event::RenewalEnded { attempt, outcome: Err(unreachable()) },
        Event::SignInEnded { attempt, outcome: Ok(Box::new(tokens.clone())) },
        Event::SignOut,
        Event::SignedOutElsewhere,
    ]
}

#[track_caller]
fn assert_silent(page: &mut Page) {
    let tokens = page.tokens(300);
    for attempt in 0..=page.attempt {
        for event in every_event(attempt, &tokens) {
            assert_eq!(page.send(event.clone()), [], "after {event:?}");
        }
    }
    assert_eq!(page.store, None);
    assert_eq!(page.timer(), None);
    assert!(!page.has_access_token());
}

/// A session in each of its phases.
fn phases() -> [(&'static str, Page); 5] {
    let mut retrying = Page::renewing(300);
    retrying.failed(busy(20));
    let mut stopped = Page::renewing(300);
    stopped.failed(misconfigured());
    let mut stale = Page::renewing(300);
    stale.failed(misconfigured());
    stale.fire();
    [
        ("waiting", Page::signed_in(300)),
        ("renewing", Page::renewing(300)),
        ("retrying", retrying),
        ("stopped", stopped),
        ("stale", stale),
    ]
}

#[test]
fn sign_out_cancels_forgets_tells_the_tabs_and_goes_to_the_issuer_in_this_order() {
    for (phase, mut page) in phases() {
        let id_token = Some(page.store.as_ref().unwrap().id_token.clone());
        let mut expected = vec![
            Command::MarkSignOut { generation: 0, idle: false },
            Command::CancelTimer,
            Command::Forget,
            Command::TellTabs(TabMessage::SignedOut),
            Command::TellApp,
            Command::EndIssuerSession { id_token, refresh_token: None, generation: 0, idle: false },
        ];
        if phase == "renewing" {
            expected.insert(2, Command::AbortRenewal);
        }
        assert_eq!(page.send(Event::SignOut), expected, "{phase}");
        page.expect(Status::SigningOut);
    }
}

#[test]
fn nothing_happens_after_sign_out() {
    for (_, mut page) in phases() {
        page.send(Event::SignOut);
        assert_silent(&mut page);
        page.expect(Status::SigningOut);
        page.send(Event::SignOutStayed { failure: None });
        page.expect_ended(EndReason::SignedOut);
        assert_silent(&mut page);
    }
}

#[test]
fn sign_out_in_another_tab_ends_the_session_here() {
    for (phase, mut page) in phases() {
        let commands = page.send(Event::SignedOutElsewhere);
        let aborted = commands.contains(&Command::AbortRenewal);
        assert_eq!(aborted, phase == "renewing", "{phase}");
        assert!(
            !commands.iter().any(|command| matches!(command, Command::EndIssuerSession { .. } | Command::TellTabs(_))),
            "the other tab does that: {commands:?}"
        );
        page.expect_ended(EndReason::SignedOutElsewhere);
        assert_silent(&mut page);
    }
}

#[test]
fn a_sign_out_elsewhere_left_the_refresh_tokens_of_the_other_tabs_alive() {
    let revoke = Command::Revoke { refresh_token: RefreshToken::new("refresh-1"), alone: false };
    for event in [Event::SignedOutElsewhere, Event::IdleEndedElsewhere] {
        let commands = Page::signed_in_with_refresh_token(300).send(event);
        assert!(commands.contains(&revoke), "{commands:?}");
    }
}

#[test]
fn a_shared_session_is_revoked_by_the_tab_that_signs_out() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in_with_refresh_token(300);
    let commands = page.send(Event::SignedOutElsewhere);
    assert!(!commands.iter().any(|command| matches!(command, Command::Revoke { .. })), "{commands:?}");
}

/// What becomes of the refresh token when somebody signs in again whose subject, and whose new refresh token, is this.
fn revoked_by_signing_in_again(subject: &str, next: &str) -> Option<Command> {
    let mut page = Page::new();
    page.sign_in_with_refresh_token(300);
    let stored = page.store.clone().map(Box::new);
    page.send(Event::CallbackArrived { stored });
    let mut tokens = page.tokens(300);
    tokens.id_token.as_mut().unwrap().1.sub = Subject::new(subject);
    tokens.refresh_token = Some(RefreshToken::new(next));
    let mut commands = page.sign_in_ended(Ok(Box::new(tokens)));
    page.expect(Status::SignedIn);
    assert_eq!(page.store.as_ref().unwrap().refresh_token, Some(RefreshToken::new(next)));
    commands.retain(|command| matches!(command, Command::Revoke { .. }));
    assert!(commands.len() < 2, "{commands:?}");
    commands.pop()
}

#[test]
fn a_sign_in_in_place_of_a_session_left_its_refresh_token_alive() {
    let revoke = |alone| Some(Command::Revoke { refresh_token: RefreshToken::new("refresh-1"), alone });
    assert_eq!(revoked_by_signing_in_again("another", "refresh-2"), revoke(false));
    assert_eq!(revoked_by_signing_in_again("tess", "refresh-2"), revoke(true), "the new one must live on");
    assert_eq!(revoked_by_signing_in_again("tess", "refresh-1"), None, "the issuer gave the same one again");
}

#[test]
fn a_sign_in_that_fails_revokes_nothing() {
    let mut page = Page::new();
    page.sign_in_with_refresh_token(300);
    let stored = page.store.clone().map(Box::new);
    page.send(Event::CallbackArrived { stored });
    let commands = page.sign_in_ended(Err(unreachable()));
    page.expect(Status::SignedIn);
    assert!(!commands.iter().any(|command| matches!(command, Command::Revoke { .. })), "{commands:?}");
}

#[test]
fn a_shared_session_that_was_replaced_is_revoked_as_the_ledger_had_it() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in_with_refresh_token(300);
    let stored = page.store.clone().map(Box::new);
    let replaced = Session { refresh_token: Some(RefreshToken::new("refresh-2")), ..page.store.clone().unwrap() };
    page.send(Event::CallbackArrived { stored });
    let tokens = page.tokens(300);
    let commands = page.sign_in_ended(Ok(Box::new(tokens)));
    assert!(!commands.iter().any(|command| matches!(command, Command::Revoke { .. })), "{commands:?}");
    let commands = page.send(Event::Replaced { session: Box::new(replaced) });
    assert_eq!(commands, [Command::Revoke { refresh_token: RefreshToken::new("refresh-2"), alone: true }]);
}

#[test]
fn a_page_that_died_while_an_idle_session_ended_hid_the_reason() {
    let mut page = Page::configured(r#","storage":"local","idle_timeout_seconds":60"#);
    page.sign_in(300);
    page.pass(seconds(61));
    let commands = page.reload();
    let generation = 0;
    assert!(commands.contains(&Command::MarkSignOut { generation, idle: true }), "{commands:?}");
    let mut next = Page::configured(r#","storage":"local","idle_timeout_seconds":60"#);
    let commands = next.send(Event::SignOutUnfinished { generation, idle: true });
    assert_eq!(commands, [Command::FinishSignOut { generation, idle: true }, Command::TellApp]);
    next.send(Event::Opened { stored: None });
    next.expect_ended(EndReason::Idle(None));
}

#[test]
fn a_session_that_an_earlier_page_was_ending_is_revoked_where_it_is_found() {
    let stored = Page::signed_in_with_refresh_token(300).store.map(Box::new);
    let mut page = Page::new();
    page.send(Event::SignOutUnfinished { generation: 0, idle: false });
    let commands = page.send(Event::Opened { stored });
    assert_eq!(
        commands,
        [Command::Revoke { refresh_token: RefreshToken::new("refresh-1"), alone: false }, Command::Forget]
    );
}

#[test]
fn a_sign_in_that_failed_left_the_session_that_an_earlier_page_was_ending() {
    let stored = Page::signed_in_with_refresh_token(300).store.map(Box::new);
    let mut page = Page::new();
    page.store = stored.as_deref().cloned();
    page.send(Event::SignOutUnfinished { generation: 0, idle: false });
    let commands = page.send(Event::CallbackArrived { stored });
    let refresh_token = RefreshToken::new("refresh-1");
    assert!(commands.contains(&Command::Revoke { refresh_token, alone: false }), "{commands:?}");
    page.sign_in_ended(Err(unreachable()));
    page.expect_ended(EndReason::SignInFailed(unreachable()));
}

#[test]
fn a_renewal_that_ends_after_sign_out_is_logged_as_cancelled() {
    let mut page = Page::renewing(300);
    page.send(Event::SignOut);
    assert_eq!(page.machine.log().last().unwrap().outcome, Outcome::Cancelled);
}

#[test]
fn a_page_that_died_while_signing_out_is_finished_by_the_next_and_nothing_is_adopted_again() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let session = Box::new(Session { generation: 3, ..page.store.take().unwrap() });
    let mut next = Page::configured(r#","storage":"local""#);
    let unfinished = Event::SignOutUnfinished { generation: 3, idle: false };
    assert_eq!(next.send(unfinished), [Command::FinishSignOut { generation: 3, idle: false }]);
    next.send(Event::Opened { stored: Some(session.clone()) });
    next.expect(Status::SignedOut);
    next.send(Event::Adopted { session: session.clone() });
    next.expect(Status::SignedOut);
    let later = Box::new(Session { generation: 4, ..*session });
    next.send(Event::Adopted { session: later });
    next.expect(Status::SignedIn);
}

#[test]
fn an_issuer_that_could_not_be_told_is_named() {
    let mut page = Page::signed_in(300);
    page.send(Event::SignOut);
    let failure = Some(unreachable());
    assert_eq!(page.send(Event::SignOutStayed { failure }), [Command::TellApp]);
    page.expect_ended(EndReason::IssuerNotTold(unreachable()));
}

#[test]
fn a_renewal_that_ends_after_somebody_else_signed_in_is_worthless() {
    let mut page = Page::renewing(300);
    let late = page.attempt;
    let outcome = Ok(Box::new(page.tokens(9000)));
    page.send(Event::SignOut);
    page.send(Event::SignOutStayed { failure: None });
    page.sign_in(300);
    let theirs = page.store.clone();
    let commands = page.send(Event::RenewalEnded { attempt: late, outcome });
    assert_eq!(commands, []);
    assert_eq!(page.store, theirs);
}

#[test]
fn a_renewal_that_ends_while_the_next_persons_is_in_flight_is_worthless() {
    let mut page = Page::renewing(300);
    let late = page.attempt;
    let outcome = Ok(Box::new(page.tokens(9000)));
    page.send(Event::SignedOutElsewhere);
    page.sign_in(300);
    page.fire();
    assert_eq!(page.send(Event::RenewalEnded { attempt: late, outcome }), []);
    page.expect(Status::Renewing);
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let mut page = Page::renewing(300);
    page.renewed(300);
    assert_eq!(page.renewed(300), []);
    assert_eq!(page.failed(unreachable()), []);
    assert_eq!(page.view().renewals, 1);
}

#[test]
fn the_back_button_from_the_end_session_page_leaves_nobody_signed_in() {
    let mut page = Page::signed_in(300);
    page.send(Event::SignOut);
    assert_eq!(page.send(Event::Woke(Wake::Restored)), [Command::TellApp]);
    page.expect(Status::SignedOut);
    assert_ne!(page.send(sign_in_wanted()), []);
}

#[test]
fn a_reload_after_sign_out_finds_nothing() {
    let mut page = Page::renewing(300);
    page.send(Event::SignOut);
    assert_eq!(page.reload(), []);
    page.expect(Status::SignedOut);
}

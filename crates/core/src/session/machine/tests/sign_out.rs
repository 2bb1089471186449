//! R9: sign-out wins over everything.

use super::page::{Page, busy, misconfigured, sign_in_wanted, unreachable};
use crate::protocol::RefreshToken;
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
            Command::MarkSignOut { generation: 0 },
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
    let revoke = Command::Revoke { refresh_token: RefreshToken::new("refresh-1") };
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

#[test]
fn a_session_that_an_earlier_page_was_ending_is_revoked_where_it_is_found() {
    let stored = Page::signed_in_with_refresh_token(300).store.map(Box::new);
    let mut page = Page::new();
    page.send(Event::SignOutUnfinished { generation: 0 });
    let commands = page.send(Event::Opened { stored });
    assert_eq!(commands, [Command::Revoke { refresh_token: RefreshToken::new("refresh-1") }, Command::Forget]);
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
    assert_eq!(next.send(Event::SignOutUnfinished { generation: 3 }), [Command::FinishSignOut { generation: 3 }]);
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

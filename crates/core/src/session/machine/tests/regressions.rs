//! Bugs that were found once, each under a name that says what went wrong.

use std::time::Duration;

use super::page::{Page, begun, busy, seconds, unreachable};
use crate::protocol::{AccessToken, Issuer, RefreshToken};
use crate::session::record::tests::session;
use crate::session::{Command, EndReason, Event, MOST_FAILURES, Method, Session, Status, Tokens, Wake};

/// RFC 6749 §5.1 puts no bound on `expires_in`, nor RFC 9110 §10.2.3 on `Retry-After`.
#[test]
fn an_endless_lifetime_overflowed_the_clock() {
    let mut page = Page::signed_in(u64::MAX);
    page.pass(Duration::from_secs(1));
    page.reload();
    page.expect(Status::SignedIn);
    page.send(Event::RenewNow);
    page.renewed(u64::MAX);
    assert!(page.has_access_token());
}

#[test]
fn an_endless_retry_after_overflowed_the_clock() {
    let mut page = Page::renewing(300);
    page.failed(busy(u64::MAX));
    page.expect(Status::Retrying);
}

#[test]
fn a_wake_signal_overrode_retry_after() {
    for event in [Event::Woke(Wake::Visible), Event::Network { online: true }] {
        let mut page = Page::renewing(7200);
        page.failed(busy(120));
        page.pass(seconds(60));
        assert_eq!(begun(&page.send(event)), []);
        assert_eq!(page.timer(), Some(seconds(60)));
    }
}

#[test]
fn a_wake_signal_overrode_retry_after_where_renewing_had_failed_too_often() {
    let mut page = Page::renewing(86_400);
    for _ in 1..MOST_FAILURES {
        page.failed(unreachable());
        page.fire();
    }
    page.failed(busy(120));
    page.pass(seconds(119));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), []);
    page.pass(seconds(1));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [Method::Iframe]);
}

#[test]
fn a_browser_that_takes_itself_for_offline_overrode_retry_after() {
    let mut page = Page::renewing(7200);
    page.send(Event::Network { online: false });
    page.failed(busy(120));
    assert_eq!(page.timer(), Some(seconds(120)));
}

#[test]
fn back_online_soon_after_a_failure_still_waited_a_minute() {
    let mut page = Page::renewing(7200);
    page.send(Event::Network { online: false });
    page.failed(unreachable());
    page.pass(seconds(1));
    assert_eq!(begun(&page.send(Event::Network { online: true })), []);
    assert_eq!(page.timer(), Some(seconds(4)));
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
}

#[test]
fn half_an_hour_offline_stopped_renewing_for_good() {
    let mut page = Page::renewing(300);
    page.send(Event::Network { online: false });
    for _ in 0..2 * MOST_FAILURES {
        page.failed(unreachable());
        page.expect(Status::Retrying);
        page.fire();
    }
    page.failed(unreachable());
    page.pass(seconds(30));
    assert_eq!(begun(&page.send(Event::Network { online: true })), [Method::Iframe]);
    page.renewed(300);
    page.expect(Status::SignedIn);
}

#[test]
fn a_token_that_comes_expired_was_renewed_without_a_pause() {
    for lifetime in [0, 1] {
        let mut page = Page::signed_in(lifetime);
        for _ in 0..3 {
            assert_eq!(page.timer(), Some(seconds(1)), "a lifetime of {lifetime} s");
            page.pass(Duration::from_millis(600));
            assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), []);
            assert_eq!(page.timer(), Some(Duration::from_millis(400)));
            assert_eq!(begun(&page.fire()), [Method::Iframe]);
            page.renewed(lifetime);
        }
    }
}

#[test]
fn a_clock_set_back_after_a_sleep_revived_an_expired_token() {
    let mut page = Page::signed_in(300);
    page.sleep(seconds(3600));
    page.send(Event::Woke(Wake::Visible));
    page.move_clock(-7200);
    assert!(!page.has_access_token());
}

#[test]
fn a_clock_set_back_while_a_renewal_was_in_flight_was_stored_too_late_an_expiry() {
    let mut page = Page::renewing(300);
    let tokens = page.tokens(300);
    page.move_clock(-86_400);
    page.renewal_ended(Ok(Box::new(tokens)));
    page.pass(seconds(299));
    page.reload();
    assert_eq!(page.view().expires_at, Some(page.now.wall + seconds(1)));
}

#[test]
fn a_clock_set_back_before_a_reload_renewed_the_lifetime_with_every_reload() {
    let mut page = Page::signed_in(300);
    page.move_clock(-86_400);
    for _ in 0..3 {
        page.reload();
        page.pass(seconds(100));
    }
    assert!(!page.has_access_token());
}

#[test]
fn a_reload_within_the_tolerance_of_clocks_revived_a_long_expired_token() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(500));
    page.move_clock(-201);
    page.send(Event::RenewNow);
    page.reload();
    assert!(!page.has_access_token());
}

#[test]
fn an_answer_of_the_ledger_that_was_on_its_way_undid_a_sign_out() {
    let mut page = Page::configured(r#","storage":"local""#);
    let shared = Box::new(session(300));
    page.send(Event::Opened { stored: Some(shared.clone()) });
    page.send(Event::SignedOutElsewhere);
    page.send(Event::Adopted { session: shared.clone() });
    page.expect(Status::SignedOut);
    let next = Session { generation: shared.generation + 1, ..*shared };
    page.send(Event::Adopted { session: Box::new(next) });
    page.expect(Status::SignedIn);
}

#[test]
fn a_signed_out_tab_kept_what_was_signed_out_of_while_the_ledger_answered() {
    let mut page = Page::configured(r#","storage":"local""#);
    let shared = Box::new(session(300));
    page.send(Event::Opened { stored: None });
    page.send(Event::SignedOutElsewhere);
    let commands = page.send(Event::Adopted { session: shared.clone() });
    assert!(commands.contains(&Command::Consult { session: Some(shared) }), "{commands:?}");
}

#[test]
fn a_page_that_was_signing_in_missed_a_sign_out_in_another_tab() {
    let mut page = Page::new();
    page.send(Event::CallbackArrived { stored: None });
    page.send(Event::SignedOutElsewhere);
    let tokens = page.tokens(300);
    let commands = page.sign_in_ended(Ok(Box::new(tokens)));
    assert!(commands.contains(&Command::Consult { session: page.store.clone().map(Box::new) }), "{commands:?}");
}

#[test]
fn a_page_that_was_signing_in_kept_in_its_store_what_had_ended_in_another_tab() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let kept = page.store.clone().map(Box::new);
    page.send(Event::CallbackArrived { stored: kept.clone() });
    assert_eq!(page.send(Event::ChangedElsewhere), [Command::Consult { session: kept }]);
    page.send(Event::ended_elsewhere(false));
    assert_eq!(page.store, None);
    page.expect(Status::SigningIn);
}

#[test]
fn what_the_ledger_said_of_an_earlier_sign_in_was_taken_for_the_new_one() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let earlier = page.store.clone().expect("it is stored");
    page.send(Event::CallbackArrived { stored: Some(Box::new(earlier.clone())) });
    assert!(page.machine.still_goes_by(&earlier));
    let tokens = Tokens { generation: earlier.generation + 1, ..page.tokens(300) };
    page.sign_in_ended(Ok(Box::new(tokens)));
    assert!(!page.machine.still_goes_by(&earlier));
}

#[test]
fn a_sign_in_that_failed_missed_the_session_of_another_tab() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.send(Event::CallbackArrived { stored: None });
    page.send(Event::ChangedElsewhere);
    let commands = page.sign_in_ended(Err(unreachable()));
    assert!(commands.contains(&Command::Consult { session: None }), "{commands:?}");
}

#[test]
fn a_tab_that_slept_wrote_what_it_had_over_the_session_of_the_others() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let newer = Session { generation: 1, ..page.store.clone().unwrap() };
    page.sleep(seconds(60));
    page.move_clock(-120);
    page.send(Event::Woke(Wake::Restored));
    assert_eq!(page.store.as_ref().unwrap().generation, 0, "the time is corrected in what it knows");
    page.send(Event::Adopted { session: Box::new(newer) });
    assert_eq!(page.store.as_ref().unwrap().generation, 1);
}

#[test]
fn a_tab_that_slept_brought_back_what_was_signed_out_of_when_the_ledger_was_lost() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let over = page.store.clone().map(Box::new).unwrap();
    page.send(Event::SignedOutElsewhere);
    let commands = page.send(Event::Adopted { session: over.clone() });
    assert_eq!(commands, [Command::FinishSignOut { generation: over.generation, idle: false }]);
    page.expect(Status::SignedOut);
}

#[test]
fn tokens_of_another_tab_were_given_the_end_of_those_before_where_both_had_renewed_as_often() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    page.fire();
    let other = Session {
        access_token: Some(AccessToken::new("another")),
        expires_at: page.now.wall + seconds(300),
        ..page.store.clone().unwrap()
    };
    page.send(Event::Adopted { session: Box::new(other) });
    page.expect(Status::SignedIn);
    assert_eq!(page.view().expires_at, Some(page.now.wall + seconds(300)));
    assert_eq!(page.timer(), Some(seconds(270)));
}

/// Two versions of one app in two tabs: the newer one asks another issuer, or the same by another name.
#[test]
fn a_tab_renewed_for_ever_when_the_issuer_had_moved_in_another() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    page.fire();
    let elsewhere = Session { issuer: Issuer::new("https://moved.example/"), generation: 7, ..session(300) };
    page.send(Event::Adopted { session: Box::new(elsewhere) });
    page.expect_ended(EndReason::SignedOutElsewhere);
}

#[test]
fn a_refresh_token_of_another_issuer_was_shown_to_this_one_to_be_revoked() {
    let mut page = Page::configured(r#","storage":"local""#);
    page.sign_in(300);
    let mut replaced = Session { refresh_token: Some(RefreshToken::new("r")), ..session(300) };
    let commands = page.send(Event::Replaced { session: Box::new(replaced.clone()) });
    assert!(matches!(commands[..], [Command::Revoke { .. }]), "{commands:?}");
    replaced.issuer = Issuer::new("https://before.example/");
    assert_eq!(page.send(Event::Replaced { session: Box::new(replaced) }), []);
}

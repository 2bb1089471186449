//! R11: renewals go on while the person is active in some tab; they are warned, and then signed out everywhere.

use super::page::{Page, begun, seconds, unreachable};
use crate::protocol::authorize::Flow;
use crate::session::{Change, Command, EndReason, Event, Ledger, Method, Status, TabMessage, Verdict, Wake};

/// Ten minutes, with a warning in the last 50 seconds. Access tokens live five.
fn signed_in() -> Page {
    let mut page = Page::configured(r#","idle_timeout_seconds":600,"idle_warning_seconds":50"#);
    page.sign_in(300);
    page
}

/// Somebody who renews whenever that is due, and does nothing else.
fn wait_until(page: &mut Page, monotonic: u64) -> Vec<Command> {
    loop {
        let due = page.timer().expect("a timer is set");
        let left = seconds(monotonic) - page.now.monotonic;
        if due > left {
            page.pass(left);
            return page.send(Event::TimerFired);
        }
        let commands = page.fire();
        if begun(&commands).is_empty() {
            if page.now.monotonic == seconds(monotonic) {
                return commands;
            }
        } else {
            page.renewed(300);
        }
    }
}

fn asks_to_end(commands: &[Command]) -> bool {
    commands.iter().any(|command| matches!(command, Command::EndIdle { .. }))
}

fn shares(commands: &[Command], page: &Page) -> bool {
    commands.contains(&Command::ShareActivity { at: page.now.wall, instead_of: None })
}

#[test]
fn without_a_limit_activity_is_nobodys_business() {
    let mut page = Page::signed_in(300);
    for event in [Event::Active, Event::ActiveElsewhere { at: page.now.wall }] {
        assert_eq!(page.send(event), []);
    }
    assert_eq!((page.view().idle_ends_at, page.view().idle_warning), (None, false));
}

#[test]
fn a_sign_in_is_activity_and_the_view_says_when_the_session_ends() {
    let mut page = Page::configured(r#","idle_timeout_seconds":600"#);
    page.send(Event::CallbackArrived { stored: None });
    let tokens = Box::new(page.tokens(300));
    let commands = page.sign_in_ended(Ok(tokens));
    assert!(shares(&commands, &page), "{commands:?}");
    assert_eq!(page.view().idle_ends_at, Some(page.now.wall + seconds(600)));
}

#[test]
fn activity_elsewhere_that_is_too_long_ago_as_well_was_asked_for_again_without_a_pause() {
    let mut page = signed_in();
    let mut ledger = Ledger::default();
    ledger.apply(&Change::Active { at: page.now.wall + seconds(100), instead_of: None });
    page.pass(seconds(3600));
    let mut asked = page.send(Event::Woke(Wake::Restored));
    for answers in 0.. {
        let end = asked.iter().find_map(|command| match command.clone() {
            Command::EndIdle { session, active_at, now } => Some(Change::EndIdle { session, active_at, now }),
            _ => None,
        });
        match ledger.apply(&end.unwrap()) {
            Verdict::Active { at } if answers < 2 => asked = page.send(Event::ActiveElsewhere { at }),
            verdict => return assert!(matches!(verdict, Verdict::Good { .. }), "{verdict:?} after {answers} answers"),
        }
    }
}

#[test]
fn the_session_is_renewed_until_the_limit_and_not_after_it() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    assert_eq!(page.view().renewals, 2);
    for event in [Event::TimerFired, Event::RenewNow, Event::TokenNeeded, Event::Woke(Wake::Visible)] {
        let commands = page.send(event);
        assert_eq!(begun(&commands), []);
        assert!(asks_to_end(&commands), "{commands:?}");
    }
    assert!(!page.has_access_token(), "it is good for minutes still, and nobody gets it");
}

#[test]
fn a_warning_is_shown_before_the_end() {
    let mut page = signed_in();
    wait_until(&mut page, 549);
    assert!(!page.view().idle_warning);
    let commands = wait_until(&mut page, 550);
    assert!(commands.contains(&Command::TellApp), "{commands:?}");
    assert!(page.view().idle_warning);
    assert_eq!(page.view().idle_ends_at, Some(page.now.wall + seconds(50)));
}

#[test]
fn a_warning_is_shown_while_a_renewal_is_in_flight() {
    let mut page = signed_in();
    wait_until(&mut page, 500);
    page.send(Event::RenewNow);
    page.expect(Status::Renewing);
    assert_eq!(page.timer(), Some(seconds(50)));
    page.fire();
    assert!(page.view().idle_warning);
    assert_eq!(page.timer(), Some(seconds(50)), "until the end");
}

#[test]
fn activity_puts_the_end_off_and_takes_the_warning_back() {
    for event in [Event::Active, Event::Woke(Wake::Visible)] {
        let mut page = signed_in();
        wait_until(&mut page, 590);
        let commands = page.send(event);
        assert!(shares(&commands, &page) && commands.contains(&Command::TellApp), "{commands:?}");
        assert!(!page.view().idle_warning);
        let commands = wait_until(&mut page, 600);
        assert!(!asks_to_end(&commands), "{commands:?}");
        let commands = wait_until(&mut page, 1190);
        assert!(asks_to_end(&commands), "{commands:?}");
    }
}

#[test]
fn activity_in_another_tab_counts() {
    let mut page = signed_in();
    wait_until(&mut page, 590);
    let at = page.now.wall - seconds(1);
    let commands = page.send(Event::ActiveElsewhere { at });
    assert!(!shares(&commands, &page), "it is known already");
    assert_eq!(page.view().idle_ends_at, Some(at + seconds(600)));
    assert!(!asks_to_end(&wait_until(&mut page, 1188)));
    assert!(asks_to_end(&wait_until(&mut page, 1189)));
}

#[test]
fn a_tab_that_slept_while_the_person_was_active_elsewhere_goes_on() {
    let mut page = signed_in();
    page.sleep(seconds(3600));
    let commands = page.send(Event::Woke(Wake::Visible));
    assert!(asks_to_end(&commands) && begun(&commands).is_empty(), "{commands:?}");
    let commands = page.send(Event::ActiveElsewhere { at: page.now.wall - seconds(5) });
    assert_eq!(begun(&commands), [Method::Iframe], "what was due meanwhile is renewed");
}

#[test]
fn at_the_limit_everything_ends_as_at_a_sign_out_and_the_reason_is_its_own() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    let commands = page.send(Event::IdleEnded);
    assert!(commands.contains(&Command::TellTabs(TabMessage::IdleEnded)), "{commands:?}");
    assert!(
        commands.iter().any(|command| matches!(command, Command::EndIssuerSession { idle: true, .. })),
        "{commands:?}"
    );
    page.expect(Status::SigningOut);
    assert_eq!(page.timer(), None);
    page.send(Event::SignOutStayed { failure: None });
    page.expect_ended(EndReason::Idle(None));
}

#[test]
fn an_issuer_that_could_not_be_told_is_named_beside_the_reason() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    page.send(Event::IdleEnded);
    page.send(Event::SignOutStayed { failure: Some(unreachable()) });
    page.expect_ended(EndReason::Idle(Some(unreachable())));
}

#[test]
fn the_other_tabs_end_for_the_same_reason_and_leave_the_issuer_to_the_first() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    let commands = page.send(Event::IdleEndedElsewhere);
    assert!(!commands.iter().any(|command| matches!(command, Command::EndIssuerSession { .. })), "{commands:?}");
    page.expect_ended(EndReason::Idle(None));
}

#[test]
fn a_tab_frozen_past_the_limit_took_a_sign_out_elsewhere_for_idleness() {
    let mut page = signed_in();
    let session = page.store.clone().map(Box::new);
    let mut ledger = Ledger::default();
    ledger.apply(&Change::SignOut { generation: 0, at: page.now.wall });
    page.pass(seconds(601));
    page.send(Event::Woke(Wake::Restored));
    let Verdict::Ended { idle } = ledger.apply(&Change::Consult { session, shared: false }) else {
        panic!("it is over")
    };
    page.send(Event::ended_elsewhere(idle));
    page.expect_ended(EndReason::SignedOutElsewhere);
}

#[test]
fn a_renewal_in_flight_at_the_limit_is_stopped() {
    let mut page = signed_in();
    wait_until(&mut page, 595);
    page.send(Event::RenewNow);
    page.pass(seconds(5));
    assert!(asks_to_end(&page.send(Event::TimerFired)));
    assert!(page.send(Event::IdleEnded).contains(&Command::AbortRenewal));
}

#[test]
fn a_laptop_that_slept_past_the_limit_wakes_signed_out() {
    let mut page = signed_in();
    page.sleep(seconds(601));
    assert!(!page.has_access_token());
    let commands = page.send(Event::Active);
    assert!(asks_to_end(&commands) && !shares(&commands, &page), "it comes too late: {commands:?}");
}

#[test]
fn a_page_opened_past_the_limit_is_signed_out_before_anything_is_shown() {
    let mut page = signed_in();
    let active_at = page.now.wall;
    page.pass(seconds(601));
    let mut later = Page::configured(r#","idle_timeout_seconds":600"#);
    later.now.wall = page.now.wall;
    later.send(Event::ActiveElsewhere { at: active_at });
    let commands = later.send(Event::Opened { stored: page.store.take().map(Box::new) });
    assert_eq!(begun(&commands), []);
    later.expect(Status::SigningOut);
    later.send(Event::SignOutStayed { failure: None });
    later.expect_ended(EndReason::Idle(None));
}

#[test]
fn the_limit_goes_on_across_a_reload() {
    let mut page = signed_in();
    page.pass(seconds(100));
    page.reload();
    assert_eq!(
        page.view().idle_ends_at,
        Some(page.now.wall + seconds(500)),
        "the tokens tell, where nothing else does"
    );
    let at = page.now.wall - seconds(10);
    page.send(Event::ActiveElsewhere { at });
    assert_eq!(page.view().idle_ends_at, Some(at + seconds(600)));
}

#[test]
fn a_page_that_keeps_its_session_in_memory_does_not_ask_for_it_again_past_the_limit() {
    let mut page = Page::configured(r#","storage":"memory","idle_timeout_seconds":600"#);
    let at = page.now.wall - seconds(601);
    page.send(Event::ActiveElsewhere { at });
    let commands = page.send(Event::OpenedBlank { flow: Flow::Code });
    let [Command::Forget, Command::TellApp, Command::EndIssuerSession { id_token: None, idle: true, .. }] =
        commands[..]
    else {
        panic!("{commands:?}");
    };
    page.send(Event::SignOutStayed { failure: None });
    page.expect_ended(EndReason::Idle(None));
}

#[test]
fn asking_silently_is_no_activity() {
    let mut page = Page::configured(r#","storage":"memory","idle_timeout_seconds":600"#);
    let at = page.now.wall - seconds(300);
    page.send(Event::ActiveElsewhere { at });
    page.send(Event::OpenedBlank { flow: Flow::Code });
    let tokens = Box::new(page.tokens(300));
    let commands = page.sign_in_ended(Ok(tokens));
    assert!(!shares(&commands, &page), "{commands:?}");
    assert_eq!(page.view().idle_ends_at, Some(at + seconds(600)));
}

#[test]
fn a_page_back_from_the_issuer_says_why() {
    let mut page = signed_in();
    page.store = None;
    page.reload();
    assert_eq!(page.send(Event::IdleEndedElsewhere), [Command::TellApp]);
    page.expect_ended(EndReason::Idle(None));
}

#[test]
fn a_clock_set_back_puts_nothing_off_here_or_in_the_ledger() {
    let mut page = signed_in();
    let began = page.now.wall;
    wait_until(&mut page, 100);
    page.move_clock(-86_400);
    let commands = page.send(Event::TimerFired);
    let at = page.now.wall - seconds(100);
    let corrects = Command::ShareActivity { at, instead_of: Some(began) };
    assert!(at < began && commands.contains(&corrects), "{commands:?}");
    assert!(!asks_to_end(&wait_until(&mut page, 599)));
    assert!(asks_to_end(&wait_until(&mut page, 600)));
}

#[test]
fn a_ledger_that_does_not_answer_is_asked_again() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    assert_eq!(page.timer(), Some(seconds(5)));
    assert!(asks_to_end(&page.fire()));
}

#[test]
fn somebody_who_signs_in_after_the_end_begins_anew() {
    let mut page = signed_in();
    wait_until(&mut page, 600);
    page.send(Event::IdleEndedElsewhere);
    page.sign_in(300);
    assert_eq!(page.view().idle_ends_at, Some(page.now.wall + seconds(600)));
    assert!(page.has_access_token());
}

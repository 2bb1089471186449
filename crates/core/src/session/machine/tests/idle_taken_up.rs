//! R11: since when nobody was active, as a page knows that takes up a session. Bugs that were found once, by their names.

use super::page::{Page, begun, seconds, unreachable};
use crate::session::record::tests::session;
use crate::session::{Command, Event, Session, Wake};
use crate::time::UnixTime;

/// Ten minutes; all tabs share a session, whose access tokens live one.
fn page() -> Page {
    Page::configured(r#","storage":"local","idle_timeout_seconds":600"#)
}

fn shared() -> Box<Session> {
    Box::new(session(60))
}

fn ends_idle_since(commands: &[Command]) -> Option<UnixTime> {
    commands.iter().find_map(|command| match command {
        Command::EndIdle { active_at, .. } => Some(*active_at),
        _ => None,
    })
}

#[test]
fn tokens_adopted_long_after_they_expired_passed_for_got_just_now() {
    let mut page = page();
    let got_at = page.now.wall;
    page.pass(seconds(600));
    let commands = page.send(Event::Adopted { session: shared() });
    assert_eq!(begun(&commands), []);
    assert_eq!(ends_idle_since(&commands), Some(got_at));
}

#[test]
fn a_session_that_a_failed_sign_in_went_back_to_was_renewed_for_somebody_away() {
    let mut page = page();
    let got_at = page.now.wall;
    page.send(Event::CallbackArrived { stored: Some(shared()) });
    page.pass(seconds(600));
    let commands = page.sign_in_ended(Err(unreachable()));
    assert_eq!(begun(&commands), []);
    assert_eq!(ends_idle_since(&commands), Some(got_at));
}

#[test]
fn a_clock_set_back_while_nobody_was_signed_in_left_activity_in_the_future() {
    let mut page = page();
    page.send(Event::ActiveElsewhere { at: page.now.wall });
    page.pass(seconds(600));
    page.move_clock(-300);
    page.send(Event::Woke(Wake::Restored));
    let idle_since = ends_idle_since(&page.send(Event::Adopted { session: shared() }));
    assert_eq!(idle_since, Some(page.now.wall - seconds(600)), "by the time as it is now");
}

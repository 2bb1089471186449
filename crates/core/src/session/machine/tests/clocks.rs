//! R2 and R4: two clocks that disagree, and machines that sleep.

use super::page::{Page, begun, seconds};
use crate::session::{Command, Event, Method, Wake};

#[test]
fn expiry_counts_from_when_the_request_left() {
    let mut page = Page::renewing(300);
    let tokens = page.tokens(300);
    let left_at = page.now.wall;
    page.pass(seconds(40));
    page.renewal_ended(Ok(Box::new(tokens)));
    assert_eq!(page.timer(), Some(seconds(230)));
    assert_eq!(page.view().expires_at, Some(left_at + seconds(300)));
    assert_eq!(page.store.as_ref().unwrap().expires_at, left_at + seconds(300));
    page.pass(seconds(260));
    assert!(!page.has_access_token());
}

#[test]
fn a_wall_clock_set_back_does_not_lengthen_the_session() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(100));
    page.move_clock(-86_400);
    page.pass(seconds(199));
    assert!(page.has_access_token());
    page.pass(seconds(1));
    assert!(!page.has_access_token());
}

#[test]
fn a_wall_clock_set_back_is_corrected_in_the_store() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(100));
    page.move_clock(-86_400);
    let commands = page.send(Event::Woke(Wake::Visible));
    assert!(matches!(commands[..2], [Command::Save(_), Command::TellApp]), "{commands:?}");
    assert_eq!(page.store.as_ref().unwrap().expires_at, page.now.wall + seconds(200));
    page.pass(seconds(10));
    page.reload();
    assert_eq!(page.timer(), Some(seconds(160)));
}

#[test]
fn a_correction_is_saved_once() {
    let mut page = Page::signed_in(300);
    page.move_clock(-3600);
    let saves = |commands: Vec<Command>| commands.iter().filter(|command| matches!(command, Command::Save(_))).count();
    assert_eq!(saves(page.send(Event::Woke(Wake::Visible))), 1);
    page.pass(seconds(10));
    assert_eq!(saves(page.send(Event::Woke(Wake::Visible))), 0);
}

#[test]
fn a_wall_clock_set_forward_renews_early_and_never_late() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(10));
    page.move_clock(3600);
    assert!(!page.has_access_token(), "it may have been a sleep");
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [Method::Iframe]);
    page.renewed(300);
    assert_eq!(page.timer(), Some(seconds(270)));
    page.move_clock(-3600);
    page.send(Event::Woke(Wake::Visible));
    assert_eq!(page.timer(), Some(seconds(270)), "back again: nothing changes");
}

#[test]
fn clocks_that_drift_by_two_seconds_are_left_alone() {
    let mut page = Page::signed_in(300);
    page.move_clock(-2);
    let commands = page.send(Event::Woke(Wake::Visible));
    assert!(!commands.iter().any(|command| matches!(command, Command::Save(_))), "{commands:?}");
}

#[test]
fn waking_from_sleep_renews_before_anything_else() {
    let mut page = Page::signed_in(300);
    page.sleep(seconds(8 * 3600));
    assert!(!page.has_access_token());
    assert_eq!(begun(&page.send(Event::Woke(Wake::Visible))), [Method::Iframe]);
    assert!(!page.has_access_token());
    page.renewed(300);
    assert!(page.has_access_token());
}

#[test]
fn a_timer_that_fires_long_after_its_time_renews_at_once() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(5000));
    assert!(!page.has_access_token());
    assert_eq!(begun(&page.send(Event::TimerFired)), [Method::Iframe]);
}

#[test]
fn waking_early_sets_the_timer_again() {
    for event in [Event::Woke(Wake::Visible), Event::Woke(Wake::Restored), Event::Network { online: true }] {
        let mut page = Page::signed_in(300);
        // While the machine slept its timer stood still: what is left is less than the timer believes.
        page.sleep(seconds(100));
        assert_eq!(begun(&page.send(event)), []);
        assert_eq!(page.timer(), Some(seconds(170)));
    }
}

#[test]
fn a_page_back_from_the_cache_renews_what_is_due() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(280));
    assert_eq!(begun(&page.send(Event::Woke(Wake::Restored))), [Method::Iframe]);
}

#[test]
fn a_sleep_in_the_middle_of_a_renewal_ages_its_tokens() {
    let mut page = Page::renewing(300);
    let tokens = page.tokens(300);
    page.sleep(seconds(3600));
    page.renewal_ended(Ok(Box::new(tokens)));
    assert!(!page.has_access_token(), "they expired on the way");
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
}

#[test]
fn no_second_of_a_day_hands_out_an_expired_token() {
    let mut page = Page::signed_in(600);
    let mut issued = page.now.monotonic;
    for second in 0..86_400 {
        page.pass(seconds(1));
        let age = page.now.monotonic - issued;
        assert_eq!(page.has_access_token(), age < seconds(600), "second {second}");
        // This tab is throttled: its timer fires once in 17 minutes.
        if second % 1020 == 0 && !begun(&page.send(Event::TimerFired)).is_empty() {
            page.renewed(600);
            issued = page.now.monotonic;
        }
    }
}

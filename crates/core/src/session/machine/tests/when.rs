//! R1 and R3: when the timer is set to fire, and what a timer cannot hold.

use std::time::Duration;

use super::page::{Page, begun, days, seconds, unreachable};
use crate::session::schedule::LONGEST_TIMER;
use crate::session::{Cause, Event, Method, Outcome, RenewalRecord, Status, Wake};

#[test]
fn a_sign_in_sets_the_timer_a_lead_before_expiry() {
    for (lifetime, wait) in [(7200, 7140), (300, 270), (15, 10), (6, 3)] {
        assert_eq!(Page::signed_in(lifetime).timer(), Some(seconds(wait)), "a lifetime of {lifetime} s");
    }
}

#[test]
fn a_page_load_sets_the_timer_for_what_is_left() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(100));
    let commands = page.reload();
    assert_eq!(page.timer(), Some(seconds(170)));
    assert_eq!(begun(&commands), []);
}

#[test]
fn the_schedule_survives_any_number_of_reloads() {
    let mut page = Page::signed_in(300);
    for _ in 0..27 {
        page.reload();
        page.pass(seconds(9));
    }
    page.pass(seconds(27));
    assert_eq!(begun(&page.reload()), [Method::Iframe]);
}

#[test]
fn a_lead_of_zero_renews_at_expiry() {
    let mut page = Page::configured(r#","renewal_lead_seconds":0"#);
    page.sign_in(300);
    assert_eq!(page.timer(), Some(seconds(300)));
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
}

#[test]
fn a_configured_lead_counts() {
    let mut page = Page::configured(r#","renewal_lead_seconds":100"#);
    page.sign_in(300);
    assert_eq!(page.timer(), Some(seconds(200)));
}

#[test]
fn chance_spreads_renewals_over_a_quarter_of_the_lead() {
    let mut page = Page::new();
    page.now.entropy = u64::MAX;
    page.sign_in(300);
    let wait = page.timer().unwrap();
    assert!(wait > seconds(277) && wait <= Duration::from_millis(277_500), "{wait:?}");
}

#[test]
fn the_timer_begins_a_renewal_and_the_renewal_sets_the_timer() {
    let mut page = Page::signed_in(300);
    for renewals in 1..=3 {
        assert_eq!(begun(&page.fire()), [Method::Iframe]);
        page.expect(Status::Renewing);
        assert_eq!(page.timer(), None);
        page.pass(seconds(1));
        page.renewed(300);
        page.expect(Status::SignedIn);
        assert_eq!(page.timer(), Some(seconds(270)));
        assert_eq!(page.view().renewals, renewals);
        assert_eq!(page.view().last_method, Some(Method::Iframe));
        assert_eq!(page.view().renew_at, Some(page.now.wall + seconds(270)));
    }
}

#[test]
fn a_renewal_is_begun_when_the_person_asks_and_only_one() {
    let mut page = Page::signed_in(300);
    assert_eq!(begun(&page.send(Event::RenewNow)), [Method::Iframe]);
    for event in [Event::RenewNow, Event::TimerFired, Event::Woke(Wake::Visible), Event::Network { online: true }] {
        assert_eq!(begun(&page.send(event)), []);
    }
    page.renewed(300);
    page.expect(Status::SignedIn);
}

#[test]
fn a_lifetime_of_40_days_takes_two_timers_and_is_renewed_at_its_end() {
    let mut page = Page::signed_in(days(40).as_secs());
    assert_eq!(page.timer(), Some(LONGEST_TIMER));
    assert_eq!(begun(&page.fire()), []);
    assert_eq!(page.timer(), Some(days(40) - seconds(60) - LONGEST_TIMER));
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
    assert_eq!(page.now.monotonic, days(40) - seconds(60));
}

#[test]
fn a_lifetime_of_400_days_is_renewed_neither_early_nor_late() {
    let mut page = Page::signed_in(days(400).as_secs());
    let mut timers = 1;
    while begun(&page.fire()).is_empty() {
        timers += 1;
    }
    assert_eq!(timers, 17);
    assert_eq!(page.now.monotonic, days(400) - seconds(60));
    assert!(page.has_access_token());
}

#[test]
fn a_page_load_caps_long_timers_too() {
    let mut page = Page::signed_in(days(400).as_secs());
    page.reload();
    assert_eq!(page.timer(), Some(LONGEST_TIMER));
}

#[test]
fn a_timer_that_fires_early_is_set_again() {
    let mut page = Page::signed_in(300);
    page.pass(Duration::from_millis(269_999));
    assert_eq!(begun(&page.send(Event::TimerFired)), []);
    assert_eq!(page.timer(), Some(Duration::from_millis(1)));
}

#[test]
fn a_stopped_session_with_a_long_token_caps_its_timer() {
    let mut page = Page::signed_in(days(40).as_secs());
    page.send(Event::RenewNow);
    page.failed(super::page::misconfigured());
    assert_eq!(page.timer(), Some(LONGEST_TIMER));
    page.fire();
    page.expect(Status::SignedIn);
    page.fire();
    page.expect(Status::Stale);
}

#[test]
fn every_renewal_is_logged_with_cause_method_duration_and_outcome() {
    let mut page = Page::signed_in(300);
    page.fire();
    let started_at = page.now.wall;
    page.pass(seconds(2));
    page.renewed(300);
    assert_eq!(
        page.machine.log().last(),
        Some(&RenewalRecord {
            started_at,
            duration: seconds(2),
            cause: Cause::Schedule,
            method: Method::Iframe,
            outcome: Outcome::Renewed,
        })
    );
    page.send(Event::RenewNow);
    page.failed(unreachable());
    page.fire();
    page.renewed(300);
    let causes: Vec<_> = page.machine.log().iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Schedule, Cause::Asked, Cause::Retry]);
    let outcomes: Vec<_> = page.machine.log().iter().map(|record| record.outcome.as_str()).collect();
    assert_eq!(outcomes, ["renewed", "failed", "renewed"]);
}

#[test]
fn the_log_names_a_page_load_and_a_wake_as_causes() {
    let mut page = Page::signed_in(300);
    page.sleep(seconds(3600));
    page.reload();
    page.renewed(300);
    page.sleep(seconds(3600));
    page.send(Event::Woke(Wake::Visible));
    page.renewed(300);
    let causes: Vec<_> = page.machine.log().iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Opened, Cause::Woke]);
}

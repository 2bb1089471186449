//! What a page remembers besides its renewals.

use super::page::{Page, begun, invalid_grant, misconfigured, refused, seconds, sign_in_wanted, unreachable};
use crate::protocol::ErrorCode;
use crate::session::{Command, EndReason, Event, Method, Occurred, Status, Wake};

fn kinds(page: &Page) -> Vec<&'static str> {
    page.machine.history().iter().map(|occurrence| occurrence.what.as_str()).collect()
}

/// The latest, with how many seconds ago it was.
fn latest(page: &Page) -> (Occurred, u64) {
    let latest = page.machine.history().iter().next_back().unwrap();
    (latest.what.clone(), page.now.wall.since(latest.at).as_secs())
}

#[test]
fn each_token_is_remembered_with_its_life() {
    let mut page = Page::signed_in(300);
    let first = page.now.wall;
    page.fire();
    page.renewed(200);
    let second = page.now.wall;
    let history: Vec<_> = page.machine.history().iter().map(|it| (it.at, it.what.clone())).collect();
    assert_eq!(
        history,
        [
            (first, Occurred::Token { since: first, expires_at: first + seconds(300) }),
            (second, Occurred::Token { since: second, expires_at: second + seconds(200) }),
        ]
    );
}

#[test]
fn a_token_from_the_store_is_as_old_as_it_is() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(100));
    page.reload();
    let life = Occurred::Token { since: page.now.wall - seconds(100), expires_at: page.now.wall + seconds(200) };
    assert_eq!(latest(&page), (life, 0));
}

#[test]
fn another_tabs_renewal_is_remembered_once() {
    let mut page = Page::signed_in(300);
    let mut session = page.store.clone().unwrap();
    page.pass(seconds(10));
    session.renew(page.tokens(300), Method::Iframe);
    for _ in 0..2 {
        page.send(Event::Adopted { session: Box::new(session.clone()) });
    }
    assert_eq!(kinds(&page), ["token", "renewed_elsewhere", "token"]);
}

#[test]
fn a_sleep_is_seen_by_the_clocks() {
    let mut page = Page::signed_in(3600);
    page.pass(seconds(60));
    page.send(Event::Woke(Wake::Visible));
    assert_eq!(kinds(&page), ["token"], "nothing was missed");
    page.sleep(seconds(600));
    let commands = page.send(Event::Woke(Wake::Visible));
    assert!(commands.contains(&Command::TellApp));
    assert_eq!(latest(&page), (Occurred::StoodStill { since: page.now.wall - seconds(600) }, 0));
    page.send(Event::Woke(Wake::Visible));
    assert_eq!(kinds(&page), ["token", "stood_still"], "one sleep");
}

#[test]
fn a_token_that_is_there_already_is_no_news_after_a_sleep() {
    let mut page = Page::signed_in(3600);
    page.sleep(seconds(600));
    page.send(Event::Woke(Wake::Visible));
    let session = Box::new(page.store.clone().unwrap());
    page.send(Event::Adopted { session });
    assert_eq!(kinds(&page), ["token", "stood_still"]);
}

#[test]
fn a_page_that_was_held_back_is_seen_by_its_late_timer() {
    let mut page = Page::signed_in(300);
    page.pass(page.timer().unwrap() + seconds(90));
    for event in [Event::Active, Event::Woke(Wake::Restored)] {
        page.send(event);
    }
    assert_eq!(kinds(&page), ["token", "stood_still"]);
    assert_eq!(latest(&page).0, Occurred::StoodStill { since: page.now.wall - seconds(90) });
    // A timer is never quite on time.
    let mut page = Page::signed_in(300);
    page.pass(page.timer().unwrap() + seconds(9));
    page.send(Event::TimerFired);
    assert_eq!(kinds(&page), ["token"]);
}

#[test]
fn a_clock_set_back_shortens_the_token_that_is_remembered() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(100));
    page.move_clock(-3600);
    page.send(Event::Woke(Wake::Visible));
    assert_eq!(page.machine.history().token_expires_at(), Some(page.now.wall + seconds(200)));
}

#[test]
fn the_network_is_remembered_when_it_changes() {
    let mut page = Page::signed_in(300);
    for online in [true, false, false, true] {
        page.send(Event::Network { online });
    }
    assert_eq!(kinds(&page), ["token", "offline", "online"]);
}

#[test]
fn an_end_is_remembered_with_its_reason() {
    let ended = |event: Event| {
        let mut page = Page::signed_in(300);
        page.send(event);
        latest(&page).0
    };
    assert_eq!(ended(Event::SignOut), Occurred::Ended(EndReason::SignedOut));
    assert_eq!(ended(Event::SignedOutElsewhere), Occurred::Ended(EndReason::SignedOutElsewhere));
    let mut page = Page::renewing(300);
    page.failed(refused(ErrorCode::LoginRequired));
    let reason = EndReason::AskThePerson(refused(ErrorCode::LoginRequired));
    assert_eq!(latest(&page), (Occurred::Ended(reason), 0));
}

#[test]
fn a_sign_in_that_comes_to_nothing_is_no_end() {
    let mut page = Page::new();
    page.send(sign_in_wanted());
    page.sign_in_ended(Err(unreachable()));
    assert_eq!(kinds(&page), [""; 0]);
    let mut page = Page::renewing(300);
    page.failed(unreachable());
    page.send(sign_in_wanted());
    page.sign_in_ended(Err(unreachable()));
    assert_eq!(kinds(&page), ["token"], "the session went on");
}

#[test]
fn a_renewal_in_flight_says_since_when() {
    let mut page = Page::signed_in(300);
    assert_eq!(page.view().renewing_since, None);
    page.fire();
    let since = page.now.wall;
    page.pass(seconds(3));
    assert_eq!(page.view().renewing_since, Some(since));
    page.renewed(300);
    assert_eq!(page.view().renewing_since, None);
}

#[test]
fn a_token_that_is_told_to_expire_is_renewed_as_if_it_had() {
    let mut page = Page::signed_in(300);
    page.pass(seconds(10));
    let commands = page.send(Event::Expire);
    assert!(!page.has_access_token());
    assert_eq!(page.store.as_ref().unwrap().expires_at, page.now.wall);
    assert_eq!(begun(&commands), [Method::Iframe]);
    let life = Occurred::Token { since: page.now.wall - seconds(10), expires_at: page.now.wall };
    assert_eq!(latest(&page), (life, 10));
    page.renewed(300);
    assert!(page.has_access_token());
    assert_eq!(kinds(&page), ["token", "token"]);
}

#[test]
fn where_renewing_has_stopped_a_token_told_to_expire_is_stale() {
    let mut page = Page::renewing(300);
    page.failed(misconfigured());
    page.send(Event::Expire);
    page.expect(Status::Stale);
}

#[test]
fn nobody_has_nothing_that_expires() {
    let mut page = Page::new();
    assert_eq!(page.send(Event::Expire), []);
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    page.send(Event::Expire);
    page.failed(invalid_grant());
    assert_eq!(page.view().status, Status::Renewing, "the renewal in flight went on");
}

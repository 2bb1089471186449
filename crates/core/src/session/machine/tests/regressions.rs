//! Bugs that were found once, each under a name that says what went wrong.

use std::time::Duration;

use super::super::*;
use super::page::{Page, busy};

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

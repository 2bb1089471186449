//! What one tab's renewal is to the others (R6, R8, R10).

use std::time::Duration;

use super::super::{Change, Ledger, Verdict};
use super::{EPOCH, claim, renewed, settle, signed_in, with_refresh_token};
use crate::protocol::RefreshToken;
use crate::session::MOST_FAILURES;
use crate::session::record::tests::{WALL, session};
use crate::session::record::{Method, Session};

#[test]
fn the_second_tab_adopts_what_the_first_renewed() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    let newer = renewed(&session, "r1");
    assert_eq!(settle(&mut ledger, &newer, true), Verdict::Good { generation: 1 });
    assert_eq!(claim(&mut ledger, &session), Verdict::Adopt(Box::new(newer)));
}

#[test]
fn the_refresh_token_of_a_dropped_answer_was_known_to_one_tab_only() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    let rotated = Session { refresh_token: Some(RefreshToken::new("r1")), ..session.clone() };
    ledger.apply(&Change::Rotated { session: Box::new(rotated.clone()), sent: session.refresh_token.clone() });
    assert_eq!(claim(&mut ledger, &session), Verdict::Adopt(Box::new(rotated.clone())));
    assert_eq!(claim(&mut ledger, &rotated), Verdict::Renew(Method::RefreshToken));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
}

#[test]
fn what_the_issuer_asked_of_one_tab_holds_for_all_unless_the_person_wants_it() {
    for shared in [true, false] {
        let mut ledger = Ledger::default();
        let session = Box::new(session(60));
        ledger.apply(&Change::SignIn { session: session.clone(), shared, after: None, at: EPOCH });
        let session = Box::new(Session { generation: u64::from(shared), ..*session });
        ledger.apply(&Change::Rest { from: WALL, wait: Duration::from_secs(120) });
        let after = |seconds| WALL + Duration::from_secs(seconds);
        let mut claim = |at, asked| ledger.apply(&Change::Claim { session: session.clone(), at, asked });
        assert_eq!(claim(after(20), false), Verdict::Wait(Duration::from_secs(100)));
        assert_eq!(claim(after(20), true), Verdict::Renew(Method::Iframe));
        assert_eq!(claim(after(120), false), Verdict::Renew(Method::Iframe));
        assert_eq!(claim(WALL - Duration::from_secs(1), false), Verdict::Renew(Method::Iframe), "set back");
    }
}

#[test]
fn failures_are_counted_for_all_tabs_together() {
    let mut ledger = Ledger::default();
    let mine = signed_in(&mut ledger, session(60));
    let failed = Session { failures: 3, ..mine.clone() };
    ledger.apply(&Change::Count { session: Box::new(failed.clone()), at: WALL });
    assert_eq!(claim(&mut ledger, &mine), Verdict::Adopt(Box::new(failed.clone())));
    assert_eq!(claim(&mut ledger, &failed), Verdict::Renew(Method::Iframe), "whoever knows goes on");
    let asked = Change::Claim { session: Box::new(mine), at: WALL, asked: true };
    assert_eq!(ledger.apply(&asked), Verdict::Renew(Method::Iframe));
}

#[test]
fn what_was_renewed_while_the_ledger_gave_no_answer_was_never_told_to_the_others() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    let newer = Box::new(renewed(&session, "r1"));
    assert_eq!(ledger.apply(&Change::Consult { session: Some(newer.clone()), shared: true }), Verdict::TakenUp);
    assert_eq!(claim(&mut ledger, &session), Verdict::Adopt(newer));
}

#[test]
fn what_failed_long_ago_in_a_tab_that_is_gone_kept_another_from_trying() {
    let mut ledger = Ledger::default();
    let mine = signed_in(&mut ledger, session(60));
    let failed_at = WALL - Duration::from_secs(60);
    let failed = |failures| Session { failures, ..mine.clone() };
    ledger.apply(&Change::Count { session: Box::new(failed(3)), at: failed_at });
    assert_eq!(claim(&mut ledger, &mine), Verdict::Renew(Method::Iframe));
    let too_often = failed(MOST_FAILURES);
    ledger.apply(&Change::Count { session: Box::new(too_often.clone()), at: failed_at });
    assert_eq!(claim(&mut ledger, &mine), Verdict::Adopt(Box::new(too_often)), "until the person asks");
}

#[test]
fn a_wait_that_was_over_held_again_once_a_clock_that_was_set_back_came_to_it() {
    let mut ledger = Ledger::default();
    let session = Box::new(session(60));
    ledger.apply(&Change::Rest { from: WALL, wait: Duration::from_secs(120) });
    let mut claim = |at| ledger.apply(&Change::Claim { session: session.clone(), at, asked: false });
    assert_eq!(claim(WALL - Duration::from_secs(300)), Verdict::Renew(Method::Iframe));
    assert_eq!(claim(WALL + Duration::from_secs(10)), Verdict::Renew(Method::Iframe));
}

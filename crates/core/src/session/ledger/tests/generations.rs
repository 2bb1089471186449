//! How sign-ins begin and end, in order (R9, R11).

use std::time::Duration;

use super::super::{Change, Ledger, Verdict};
use super::{EPOCH, claim, renewed, settle, signed_in};
use crate::session::record::tests::{WALL, session};
use crate::session::record::{Method, Session};
use crate::time::UnixTime;

#[test]
fn a_late_answer_cannot_bring_back_what_was_signed_out() {
    for shared in [true, false] {
        let mut ledger = Ledger::default();
        let session = session(60);
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        ledger.apply(&Change::SignOut { generation: 0, at: EPOCH });
        assert_eq!(settle(&mut ledger, &renewed(&session, "r"), shared), Verdict::Ended { idle: false });
        assert_eq!(ledger.session, None);
        assert_eq!(claim(&mut ledger, &session), Verdict::Ended { idle: false });
    }
}

#[test]
fn somebody_elses_sign_in_is_adopted() {
    let mut ledger = Ledger::default();
    let first = signed_in(&mut ledger, session(60));
    ledger.apply(&Change::SignOut { generation: 0, at: EPOCH });
    let second = signed_in(&mut ledger, session(90));
    assert_eq!(claim(&mut ledger, &first), Verdict::Adopt(Box::new(second)));
}

#[test]
fn a_sign_in_says_what_it_has_replaced() {
    let mut ledger = Ledger::default();
    let first = signed_in(&mut ledger, session(60));
    let sign_in = |shared| Change::SignIn { session: Box::new(session(90)), shared, after: None, at: EPOCH };
    assert_eq!(ledger.apply(&sign_in(true)), Verdict::Begun { generation: 2, replaced: Some(Box::new(first)) });
    assert_eq!(ledger.apply(&sign_in(false)), Verdict::Begun { generation: 2, replaced: None });
}

#[test]
fn a_sign_out_that_the_ledger_learns_of_late_ended_what_a_tab_of_its_own_signed_in_after_it() {
    let mut ledger = Ledger::default();
    let before = signed_in(&mut ledger, session(60)).generation;
    let (mine, at) = (Box::new(session(90)), EPOCH);
    let sign_in = Change::SignIn { session: mine.clone(), shared: false, after: Some(before), at };
    let Verdict::Begun { generation, replaced: None } = ledger.apply(&sign_in) else {
        unreachable!("a sign-in is good")
    };
    ledger.apply(&Change::EndSignIn { generation: before, idle: false, at });
    let mine = Box::new(Session { generation, ..*mine });
    assert_eq!(ledger.apply(&Change::Consult { session: Some(mine), shared: false }), Verdict::Good { generation });
}

#[test]
fn a_tab_of_its_own_signing_in_leaves_the_others_alone() {
    let mut ledger = Ledger::default();
    let mine = session(60);
    ledger.apply(&Change::SignIn { session: Box::new(session(90)), shared: false, after: None, at: EPOCH });
    let consult = Change::Consult { session: Some(Box::new(mine)), shared: false };
    assert_eq!(ledger.apply(&consult), Verdict::Good { generation: 0 });
}

#[test]
fn a_sign_in_was_lost_to_the_session_that_tabs_shared_before_the_app_was_configured_otherwise() {
    let mut ledger = Ledger::default();
    let left_behind = signed_in(&mut ledger, session(60));
    settle(&mut ledger, &renewed(&left_behind, "r1"), true);
    let mine = session(90);
    let sign_in = Change::SignIn { session: Box::new(mine.clone()), shared: false, after: None, at: EPOCH };
    let Verdict::Begun { generation, .. } = ledger.apply(&sign_in) else { unreachable!("a sign-in is good") };
    let mine = Session { generation, ..mine };
    let consult = Change::Consult { session: Some(Box::new(mine.clone())), shared: false };
    assert_eq!(ledger.apply(&consult), Verdict::Good { generation });
    assert_eq!(claim(&mut ledger, &mine), Verdict::Renew(Method::Iframe));
}

#[test]
fn what_was_signed_in_while_the_ledger_gave_no_answer_was_unknown_to_the_others_until_it_was_renewed() {
    let mut ledger = Ledger::default();
    ledger.apply(&Change::SignOut { generation: 0, at: EPOCH });
    let mine = Box::new(Session { generation: 7, ..session(60) });
    let consult = Change::Consult { session: Some(mine.clone()), shared: true };
    assert_eq!(ledger.apply(&consult), Verdict::TakenUp);
    assert_eq!(ledger.apply(&consult), Verdict::Good { generation: 7 });
    assert_eq!(ledger.apply(&Change::Consult { session: None, shared: true }), Verdict::Adopt(mine));
}

#[test]
fn a_sleeping_tab_stayed_signed_in_when_the_ledger_was_lost_before_a_sign_out_elsewhere() {
    let mut sleeping = session(60);
    sleeping.generation = 7;
    let mut ledger = Ledger::default();
    ledger.apply(&Change::SignOut { generation: 7, at: EPOCH });
    assert_eq!(
        ledger.apply(&Change::Consult { session: Some(Box::new(sleeping.clone())), shared: true }),
        Verdict::Ended { idle: false }
    );
    assert_eq!(claim(&mut ledger, &sleeping), Verdict::Ended { idle: false });
}

#[test]
fn a_lost_ledger_ends_no_session() {
    let mut session = session(60);
    session.generation = 7;
    let mut ledger = Ledger::default();
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    assert_eq!(settle(&mut ledger, &session, true), Verdict::Good { generation: 7 });
}

#[test]
fn a_refusal_of_what_was_signed_in_before_ended_a_new_sign_in() {
    let mut ledger = Ledger::default();
    let first = signed_in(&mut ledger, session(60));
    let second = signed_in(&mut ledger, session(90));
    let refused = Change::EndGeneration { session: Box::new(first) };
    assert_eq!(ledger.apply(&refused), Verdict::Adopt(Box::new(second.clone())));
    assert_eq!(claim(&mut ledger, &second), Verdict::Renew(Method::Iframe));
}

#[test]
fn after_a_lost_ledger_a_refusal_of_what_was_signed_in_before_ended_a_new_sign_in() {
    let mut ledger = Ledger::default();
    let [first, second] = [7, 9].map(|generation| Session { generation, ..session(60) });
    let refused = Change::EndGeneration { session: Box::new(first.clone()) };
    assert_eq!(ledger.apply(&refused), Verdict::Good { generation: 8 });
    assert_eq!(claim(&mut ledger, &first), Verdict::Ended { idle: false });
    assert_eq!(claim(&mut ledger, &second), Verdict::Renew(Method::Iframe));
}

#[test]
fn a_refusal_ends_the_session_in_every_tab() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, session(60));
    let refused = Change::EndGeneration { session: Box::new(session.clone()) };
    assert_eq!(ledger.apply(&refused), Verdict::Good { generation: 2 });
    assert_eq!(claim(&mut ledger, &session), Verdict::Ended { idle: false });
    assert_eq!(ledger.apply(&Change::Consult { session: None, shared: true }), Verdict::Good { generation: 2 });
}

#[test]
fn who_is_active_in_another_tab_is_not_idle() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let at = UnixTime::from_seconds;
    ledger.apply(&Change::Active { at: at(100), instead_of: None });
    let idle_since = |active_at| Change::EndIdle { session: session.clone(), active_at, now: at(200) };
    assert_eq!(ledger.apply(&idle_since(at(90))), Verdict::Active { at: at(100) });
    assert_eq!(ledger.apply(&idle_since(at(100))), Verdict::Good { generation: 200_000 });
    assert_eq!(ledger.apply(&idle_since(at(100))), Verdict::Ended { idle: true }, "one tab ends it");
    assert_eq!(claim(&mut ledger, &session), Verdict::Ended { idle: true });
}

#[test]
fn activity_while_the_end_was_on_its_way_passed_for_that_of_a_wrong_clock() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let asked_at = UnixTime::from_seconds(200);
    let at = asked_at + Duration::from_millis(9);
    ledger.apply(&Change::Active { at, instead_of: None });
    let idle = Change::EndIdle { session, active_at: UnixTime::from_seconds(100), now: asked_at };
    assert_eq!(ledger.apply(&idle), Verdict::Active { at });
}

#[test]
fn activity_while_the_end_waited_for_its_turn_passed_for_that_of_a_wrong_clock() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let [asked_at, at, turn] = [200, 260, 261].map(UnixTime::from_seconds);
    let mut idle = Change::EndIdle { session, active_at: UnixTime::from_seconds(100), now: asked_at };
    ledger.apply(&Change::Active { at, instead_of: None });
    idle.came_to_its_turn(turn);
    assert_eq!(ledger.apply(&idle), Verdict::Active { at });
}

#[test]
fn an_end_that_was_asked_for_before_the_clock_was_set_back_passed_over_activity_since() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let [at, turn, active_at] = [200, 201, 5_000].map(UnixTime::from_seconds);
    let mut idle = Change::EndIdle { session, active_at, now: UnixTime::from_seconds(5_600) };
    ledger.apply(&Change::Active { at, instead_of: None });
    idle.came_to_its_turn(turn);
    assert_eq!(ledger.apply(&idle), Verdict::Active { at });
}

#[test]
fn each_sign_in_that_is_over_is_remembered_for_its_own_reason() {
    let mut ledger = Ledger::default();
    let first = signed_in(&mut ledger, session(60));
    ledger.apply(&Change::SignOut { generation: 0, at: EPOCH });
    let second = signed_in(&mut ledger, session(90));
    ledger.apply(&Change::EndSignIn { generation: second.generation, idle: true, at: EPOCH });
    assert_eq!(claim(&mut ledger, &first), Verdict::Ended { idle: false });
    assert_eq!(claim(&mut ledger, &second), Verdict::Ended { idle: true });
}

#[test]
fn a_tab_that_corrected_its_clock_took_back_what_another_had_said_since() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let at = UnixTime::from_seconds;
    ledger.apply(&Change::Active { at: at(500), instead_of: None });
    ledger.apply(&Change::Active { at: at(90), instead_of: Some(at(500)) });
    ledger.apply(&Change::Active { at: at(180), instead_of: None });
    ledger.apply(&Change::Active { at: at(90), instead_of: Some(at(500)) });
    let idle_since = |active_at| Change::EndIdle { session: session.clone(), active_at, now: at(200) };
    assert_eq!(ledger.apply(&idle_since(at(90))), Verdict::Active { at: at(180) });
}

#[test]
fn activity_in_the_future_keeps_nobody_signed_in() {
    let mut ledger = Ledger::default();
    let session = Box::new(signed_in(&mut ledger, session(60)));
    let at = UnixTime::from_seconds;
    ledger.apply(&Change::Active { at: at(86_400), instead_of: None });
    let verdict = ledger.apply(&Change::EndIdle { session, active_at: at(100), now: at(200) });
    assert_eq!(verdict, Verdict::Good { generation: 200_000 });
}

#[test]
fn the_end_of_a_sign_in_leaves_the_next_one_alone() {
    let mut ledger = Ledger::default();
    let first = signed_in(&mut ledger, session(60));
    let second = signed_in(&mut ledger, session(90));
    assert_eq!(
        ledger.apply(&Change::EndSignIn { generation: first.generation, idle: false, at: EPOCH }),
        Verdict::Ended { idle: false }
    );
    assert_eq!(claim(&mut ledger, &second), Verdict::Renew(Method::Iframe));
    ledger.apply(&Change::EndSignIn { generation: second.generation, idle: false, at: EPOCH });
    assert_eq!(claim(&mut ledger, &second), Verdict::Ended { idle: false });
}

#[test]
fn after_a_lost_ledger_a_sign_in_was_taken_for_older_than_the_session_of_another_tab() {
    let mut ledger = Ledger::default();
    let theirs = Session { generation: 7, ..session(60) };
    let sign_in = Change::SignIn { session: Box::new(session(90)), shared: true, after: None, at: WALL };
    let Verdict::Begun { generation, .. } = ledger.apply(&sign_in) else { panic!("a sign-in is always good") };
    let mine = Session { generation, ..session(90) };
    assert_eq!(claim(&mut ledger, &theirs), Verdict::Adopt(Box::new(mine.clone())));
    assert_eq!(claim(&mut ledger, &mine), Verdict::Renew(Method::Iframe));
}

#[test]
fn after_a_lost_ledger_a_tab_of_its_own_ended_what_others_had_just_begun() {
    let mut ledger = Ledger::default();
    ledger.apply(&Change::SignIn { session: Box::new(session(90)), shared: false, after: None, at: WALL });
    let theirs = Session { generation: 7, ..session(60) };
    assert_eq!(claim(&mut ledger, &theirs), Verdict::Renew(Method::Iframe));
    assert_eq!(claim(&mut ledger, &session(90)), Verdict::Renew(Method::Iframe), "nobody signed out");
    ledger.apply(&Change::SignOut { generation: 0, at: WALL });
    assert_eq!(claim(&mut ledger, &theirs), Verdict::Ended { idle: false });
    assert_eq!(claim(&mut ledger, &session(90)), Verdict::Ended { idle: false });
}

#[test]
fn a_sign_in_that_the_ledger_did_not_answer_is_one_that_it_agrees_with() {
    let mut ledger = Ledger::default();
    ledger.apply(&Change::SignIn { session: Box::new(session(60)), shared: true, after: None, at: WALL });
    let at = WALL + Duration::from_secs(1);
    let Verdict::Begun { generation, replaced: None } =
        (Change::SignIn { session: Box::new(session(60)), shared: true, after: None, at }).unanswered()
    else {
        panic!("a sign-in begins a generation")
    };
    let mine = Box::new(Session { generation, ..session(60) });
    assert_eq!(ledger.apply(&Change::Consult { session: Some(mine), shared: true }), Verdict::TakenUp);
    assert_eq!((Change::Rest { from: WALL, wait: Duration::ZERO }).unanswered(), Verdict::Unanswered);
}

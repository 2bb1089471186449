//! Which refresh tokens may be sent, and how often (R7).

use super::super::refresh_tokens::MOST_REMEMBERED;
use super::super::{Change, Ledger, Verdict};
use super::{EPOCH, claim, last_resort, renewed, settle, signed_in, with_refresh_token};
use crate::protocol::RefreshToken;
use crate::session::record::tests::session;
use crate::session::record::{Method, Session};

#[test]
fn a_refresh_token_in_a_cookie_is_used_however_often() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, Session { refresh_cookie: true, ..session(60) });
    for _ in 0..2 {
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    }
    assert_eq!(last_resort(&mut ledger, &session), Verdict::Good { generation: 1 });
}

#[test]
fn a_refresh_token_that_was_sent_is_not_sent_again() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    // The tab dies here: nothing is settled.
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
}

#[test]
fn a_refresh_token_was_given_up_when_the_issuer_was_away_for_two_tries() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    // No answer, and the iframe is ruled out. Nor is there an answer to what is tried for that.
    for _ in 0..3 {
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
        assert_eq!(last_resort(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    }
}

#[test]
fn a_refresh_token_of_unknown_fate_was_no_last_resort_of_a_tab_that_had_the_one_before_it() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    claim(&mut ledger, &session);
    // The answer is dropped, but for the refresh token in it, which is sent: that answer is lost.
    let rotated = Session { refresh_token: Some(RefreshToken::new("r1")), ..session.clone() };
    let sent = session.refresh_token.clone();
    ledger.apply(&Change::Rotated { session: Box::new(rotated.clone()), sent });
    claim(&mut ledger, &rotated);
    for _ in 0..2 {
        let Verdict::Adopt(adopted) = last_resort(&mut ledger, &session) else { panic!("there is hope in the other") };
        assert_eq!(last_resort(&mut ledger, &adopted), Verdict::Renew(Method::RefreshToken));
    }
}

#[test]
fn a_refresh_token_that_was_answered_is_no_last_resort_of_a_duplicated_tab() {
    // The other tab goes on with the successor: presenting the old one would end the family under it.
    let mut ledger = Ledger::default();
    let session = with_refresh_token("r0");
    claim(&mut ledger, &session);
    let sent = session.refresh_token.clone();
    ledger.apply(&Change::Settle { session: Box::new(renewed(&session, "r1")), shared: false, sent });
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    assert_eq!(last_resort(&mut ledger, &session), Verdict::Good { generation: 0 });
}

#[test]
fn after_a_sign_out_there_is_no_last_resort() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    claim(&mut ledger, &session);
    ledger.apply(&Change::SignOut { generation: 0, at: EPOCH });
    assert_eq!(last_resort(&mut ledger, &session), Verdict::Ended { idle: false });
}

#[test]
fn a_duplicated_tab_does_not_send_the_others_refresh_token() {
    // "Duplicate tab" copies sessionStorage: two tabs, one refresh token, nothing shared but the ledger.
    let mut ledger = Ledger::default();
    let session = with_refresh_token("r0");
    ledger.apply(&Change::SignIn { session: Box::new(session.clone()), shared: false, after: None, at: EPOCH });
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    settle(&mut ledger, &renewed(&session, "r1"), false);
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
}

#[test]
fn a_server_that_does_not_rotate_gets_the_same_refresh_token_again() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    let newer = renewed(&session, "r0");
    settle(&mut ledger, &newer, true);
    assert_eq!(claim(&mut ledger, &newer), Verdict::Renew(Method::RefreshToken));
}

#[test]
fn a_claim_that_came_to_nothing_leaves_the_refresh_token_unsent() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    claim(&mut ledger, &session);
    ledger.apply(&Change::Unsend { session: Box::new(session.clone()) });
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
}

#[test]
fn a_renewal_by_iframe_made_a_refresh_token_that_was_sent_pass_for_unsent() {
    let mut ledger = Ledger::default();
    let session = signed_in(&mut ledger, with_refresh_token("r0"));
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    // The answer is lost. The iframe brings tokens, but no refresh token.
    let mut newer = renewed(&session, "r0");
    newer.last_method = Some(Method::Iframe);
    settle(&mut ledger, &newer, true);
    assert_eq!(claim(&mut ledger, &newer), Verdict::Renew(Method::Iframe));
}

#[test]
fn many_renewals_of_other_tabs_made_a_refresh_token_that_was_sent_pass_for_unsent() {
    let mut ledger = Ledger::default();
    let session = with_refresh_token("r0");
    assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::RefreshToken));
    for number in 0..10 * MOST_REMEMBERED {
        claim(&mut ledger, &with_refresh_token(&format!("another-{number}")));
        assert_eq!(claim(&mut ledger, &session), Verdict::Renew(Method::Iframe));
    }
}

#[test]
fn the_list_of_sent_tokens_is_bounded_and_holds_no_token() {
    let mut ledger = Ledger::default();
    for number in 0..200 {
        claim(&mut ledger, &with_refresh_token(&format!("secret-{number}")));
    }
    assert_eq!(ledger.sent.len(), MOST_REMEMBERED);
    assert!(ledger.sent.iter().all(|hash| !hash.contains("secret")));
}

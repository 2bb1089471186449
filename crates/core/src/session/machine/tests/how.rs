//! R5 and the last sentence of R7: refresh token or iframe, and which refresh token.

use super::page::{Page, begun, invalid_grant, refused, seconds, unreachable};
use crate::protocol::authorize::Flow;
use crate::protocol::token::TokenError;
use crate::protocol::{ErrorCode, OAuthError, RefreshToken};
use crate::session::{Command, EndReason, Event, Method, Status, Tokens};

fn with_refresh_token(page: &mut Page, refresh_token: &str) -> Box<Tokens> {
    let mut tokens = page.tokens(300);
    tokens.refresh_token = Some(RefreshToken::new(refresh_token));
    Box::new(tokens)
}

fn refresh_token(page: &Page) -> Option<String> {
    let session = page.store.as_ref().unwrap();
    session.refresh_token.as_ref().map(|token| token.secret().to_owned())
}

#[test]
fn a_refresh_token_is_preferred_to_the_iframe() {
    let mut page = Page::signed_in_with_refresh_token(300);
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
    page.renewed(300);
    assert_eq!(page.view().last_method, Some(Method::RefreshToken));
}

#[test]
fn a_renewal_carries_the_session_it_renews() {
    let mut page = Page::signed_in_with_refresh_token(300);
    let commands = page.fire();
    let stored = page.store.clone().unwrap();
    assert!(
        commands.iter().any(|command| matches!(command, Command::Renew { session, .. } if **session == stored)),
        "{commands:?}"
    );
}

#[test]
fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    page.renewed(300);
    assert_eq!(refresh_token(&page).as_deref(), Some("refresh-1"));
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
}

#[test]
fn a_rotated_refresh_token_is_saved_before_anything_else() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    let tokens = with_refresh_token(&mut page, "refresh-2");
    let commands = page.renewal_ended(Ok(tokens));
    assert!(matches!(commands[0], Command::Save(_)), "{commands:?}");
    assert_eq!(refresh_token(&page).as_deref(), Some("refresh-2"));
}

#[test]
fn a_refused_refresh_token_is_dropped_and_the_iframe_tried_once() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    assert_eq!(begun(&page.failed(invalid_grant())), [Method::Iframe]);
    assert_eq!(refresh_token(&page), None, "also in the store, so that a reload does not send it again");
    page.expect(Status::Renewing);
    page.failed(refused(ErrorCode::LoginRequired));
    page.expect_ended(EndReason::AskThePerson(refused(ErrorCode::LoginRequired)));
}

#[test]
fn an_issuer_that_gave_a_refresh_token_that_the_client_may_not_use_is_asked_by_iframe() {
    for code in [ErrorCode::UnauthorizedClient, ErrorCode::UnsupportedGrantType] {
        let mut page = Page::signed_in_with_refresh_token(300);
        page.fire();
        let refused = TokenError::Refused(OAuthError::new(code, "")).into();
        assert_eq!(begun(&page.failed(refused)), [Method::Iframe]);
        page.renewed(300);
        page.expect(Status::SignedIn);
        assert_eq!(page.view().problem, None);
    }
}

fn signed_in_with_cookie(lifetime: u64) -> Page {
    let mut page = Page::configured(r#","storage":"cookie","token_backend":"https://app.example/oauth""#);
    page.sign_in(lifetime);
    page
}

#[test]
fn a_refresh_token_in_a_cookie_is_preferred_to_the_iframe() {
    let mut page = signed_in_with_cookie(300);
    assert_eq!(refresh_token(&page), None);
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
    page.renewed(300);
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
}

#[test]
fn a_refused_cookie_is_followed_by_the_iframe_whose_code_fills_it_again() {
    let mut page = signed_in_with_cookie(300);
    page.fire();
    assert_eq!(begun(&page.failed(invalid_grant())), [Method::Iframe]);
    page.renewed(300);
    assert_eq!(page.view().last_method, Some(Method::Iframe));
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
}

#[test]
fn a_page_that_wakes_with_somebody_signed_in_does_not_ask_who_it_is() {
    let mut page = signed_in_with_cookie(300);
    assert!(page.send(Event::OpenedBlank { flow: Flow::Code }).is_empty());
}

#[test]
fn after_a_refused_refresh_token_the_iframe_carries_on() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    page.failed(invalid_grant());
    page.renewed(300);
    assert_eq!(page.view().last_method, Some(Method::Iframe));
    assert_eq!(page.view().problem, None);
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
}

#[test]
fn refresh_token_and_iframe_do_not_play_ping_pong() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    // The iframe's code is refused with the same word: that is a failure like others, and waits for its retry.
    assert_eq!(begun(&page.failed(invalid_grant())), [Method::Iframe]);
    assert_eq!(begun(&page.failed(invalid_grant())), []);
    page.expect(Status::Retrying);
    assert_eq!(begun(&page.fire()), [Method::Iframe]);
}

#[test]
fn an_issuer_that_refuses_every_refresh_token_it_gave_is_asked_twice_an_expiry() {
    let mut page = Page::signed_in_with_refresh_token(300);
    let mut requests = 0;
    for _ in 0..10 {
        requests += begun(&page.fire()).len();
        requests += begun(&page.failed(invalid_grant())).len();
        let tokens = with_refresh_token(&mut page, "refresh-again");
        page.renewal_ended(Ok(tokens));
        assert_eq!(page.timer(), Some(seconds(270)));
    }
    assert_eq!(requests, 20);
}

#[test]
fn a_refresh_token_survives_a_network_failure() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    page.failed(unreachable());
    assert_eq!(refresh_token(&page).as_deref(), Some("refresh-1"));
    assert_eq!(begun(&page.fire()), [Method::RefreshToken]);
}

#[test]
fn a_reload_renews_with_the_refresh_token_that_was_saved() {
    let mut page = Page::signed_in_with_refresh_token(300);
    page.fire();
    let tokens = with_refresh_token(&mut page, "refresh-2");
    page.renewal_ended(Ok(tokens));
    page.pass(seconds(280));
    assert_eq!(begun(&page.reload()), [Method::RefreshToken]);
    assert_eq!(refresh_token(&page).as_deref(), Some("refresh-2"));
}

//! Third-party cookies are blocked: in the hidden frame the issuer does not know the person. The issuer is at `127.0.0.1`
//! and the app at `localhost`, which are two sites.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use evergrant_e2e::{App, Flow, Setup, journey};
use serde_json::json;

/// A renewal is due every five seconds or so.
const LIFETIME: u32 = 10;

#[test]
fn refresh_tokens_carry_on() -> anyhow::Result<()> {
    let setup = Setup::demo().with_issuer_at_another_site().with_refresh_tokens().with_access_token_lifetime(LIFETIME);
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        assert!(world.issuer.origin().starts_with("http://127.0.0.1:"));
        world.browser.mark_document().await?;
        let signed_in_at = SystemTime::now();
        for count in 1..=2 {
            app.wait_for_renewals(count).await?;
            assert_eq!(app.last_method().await?, "refresh_token");
        }
        assert!(world.browser.is_marked().await?, "the page was left");
        let requests = world.browser.requests_since(signed_in_at).await?;
        assert!(requests.iter().all(|request| request.url.path() == "/oauth/token"), "{requests:?}");
        Ok(())
    })
}

#[test]
fn a_refresh_token_that_got_lost_is_presented_once_more_when_the_iframe_cannot_help() -> anyhow::Result<()> {
    journey(Setup::demo().with_issuer_at_another_site().with_refresh_tokens(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        // Once renewed, the page knows the issuer's metadata, and needs one request.
        app.renew_now().await?;
        app.lose_the_next_request().await?;
        let pressed_at = SystemTime::now();
        app.press("Renew now").await?;
        app.wait_for_renewals(2).await?;
        assert_eq!(app.last_method().await?, "refresh_token");

        let requests = world.browser.requests_since(pressed_at).await?;
        let asked = requests.iter().position(|request| request.url.path() == "/authorize");
        let presented = requests.iter().position(|request| request.form("refresh_token").is_some());
        assert!(asked.is_some() && asked < presented, "the iframe comes first: {requests:?}");
        Ok(())
    })
}

#[test]
fn without_refresh_tokens_the_renewal_ends_the_session_and_the_cookies_are_named() -> anyhow::Result<()> {
    journey(Setup::demo().with_issuer_at_another_site(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("Your browser keeps the issuer's cookies from the hidden frame.").await?;
        app.wait_to_be_told("login_required").await?;
        let refused = json!({ "method": "iframe", "outcome": "failed", "cause": "asked" });
        assert_eq!(app.measured_renewals().await?, [refused]);
        assert_eq!(app.iframes().await?, 0);
        assert!(!app.kept().await?.holds_a_token());

        // At the issuer itself the person is signed in still: signing in again asks for no password.
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn trying_the_iframe_names_the_cookies_before_a_token_expires() -> anyhow::Result<()> {
    journey(Setup::demo().with_issuer_at_another_site(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let session = app.stored_session().await?;
        app.open("/session").await?;
        app.wait_to_be_told("Renewing in a hidden iframe was not needed yet.").await?;
        app.press("Try the hidden iframe").await?;
        app.wait_to_be_told("does not work here: this browser keeps the issuer's cookies from it.").await?;
        app.wait_to_be_told("the configured scope has no offline_access").await?;
        assert_eq!(app.status().await?, "signed-in");
        assert_eq!((app.stored_session().await?, app.iframes().await?), (session, 0));
        Ok(())
    })
}

#[test]
fn where_the_issuer_is_of_the_same_site_trying_the_iframe_works() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let session = app.stored_session().await?;
        app.open("/session").await?;
        app.press("Try the hidden iframe").await?;
        app.wait_to_be_told("Renewing in a hidden iframe works here.").await?;
        assert_eq!(app.stored_session().await?, session);
        Ok(())
    })
}

#[test]
fn a_session_kept_in_memory_does_not_outlive_a_reload_and_the_next_sign_in_is_one_press() -> anyhow::Result<()> {
    let setup = Setup::demo().with_issuer_at_another_site().with_config("storage", "memory");
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.browser.reload().await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await
    })
}

//! Sessions with a refresh token: it is used once, replaced each time, and its loss costs nobody the session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerEndpoints, IssuerPages, Request, Setup, World, eventually, journey};
use serde_json::json;

/// Two renewals come within ten seconds or so.
const LIFETIME: u32 = 8;

#[test]
fn consent_names_offline_access() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = App::of(world);
        app.open("/").await?;
        app.press("Sign in").await?;
        IssuerPages::of(world).sign_in("test", "test").await?;
        world.browser.wait_for_text("keep this access while you are away").await
    })
}

#[test]
fn a_renewal_is_one_request_and_brings_another_refresh_token() -> anyhow::Result<()> {
    let setup = Setup::demo().with_refresh_tokens().with_access_token_lifetime(LIFETIME);
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.browser.mark_document().await?;
        let signed_in_at = SystemTime::now();
        let mut tokens = vec![app.stored_session().await?.refresh_token()?];
        for count in 1..=2 {
            app.wait_for_renewals(count).await?;
            assert_eq!(app.last_method().await?, "refresh_token");
            let token = app.stored_session().await?.refresh_token()?;
            assert!(!tokens.contains(&token), "renewal {count} brought an old refresh token");
            tokens.push(token);
        }
        assert!(world.browser.is_marked().await?, "the page was left");
        let renewed = json!({ "method": "refresh_token", "outcome": "renewed", "cause": "schedule" });
        assert_eq!(app.measured_renewals().await?, vec![renewed; 2]);

        let requests = world.browser.requests_since(signed_in_at).await?;
        let shape: Vec<String> = requests.iter().map(Request::endpoint).collect();
        assert_eq!(shape, vec![format!("{}/oauth/token", world.issuer.origin()); 2], "{requests:?}");
        let sent: Vec<Option<String>> = requests.iter().map(|request| request.form("refresh_token")).collect();
        assert!(sent.iter().zip(&tokens).all(|(sent, token)| sent.as_deref() == Some(token.secret())));
        Ok(())
    })
}

#[test]
fn no_refresh_token_is_given_to_an_app_that_did_not_ask_for_offline_access() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        assert!(app.stored_session().await?.refresh_token().is_err());
        Ok(())
    })
}

#[test]
fn a_lost_answer_costs_nobody_the_session() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        let before = world.issuer.answered("/oauth/token", 200);
        app.lose_the_next_answer(false).await?;
        app.press("Renew now").await?;
        app.wait_for_status("retrying").await?;
        assert_eq!(world.issuer.answered("/oauth/token", 200), before + 1, "the issuer gave an answer");

        app.wait_for_renewals(1).await?;
        assert_eq!(app.last_method().await?, "iframe", "what was sent may be spent: it is not sent again");
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn an_answer_lost_together_with_the_network_costs_nobody_the_session() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        let before = world.issuer.answered("/oauth/token", 200);
        app.lose_the_next_answer(true).await?;
        app.press("Renew now").await?;
        eventually("the issuer has given an answer", async || {
            ensure!(world.issuer.answered("/oauth/token", 200) == before + 1);
            Ok(())
        })
        .await?;
        world.browser.set_online(false).await?;
        app.wait_for_status("retrying").await?;
        world.browser.set_online(true).await?;
        app.wait_for_renewals(1).await?;
        assert_eq!(app.last_method().await?, "iframe", "what was sent may be spent: it is not sent again");
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn an_issuer_killed_with_the_request_in_its_hands_costs_nobody_the_session() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        renew_in_vain(world).await?;
        world.issuer.kill();
        app.wait_for_status("retrying").await?;
        world.issuer.restart()?;
        app.wait_for_renewals(1).await?;
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn a_page_reloaded_in_the_middle_of_a_renewal_does_not_send_its_refresh_token_again() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        renew_in_vain(world).await?;
        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        world.issuer.resume()?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn an_issuer_that_is_down_when_the_page_is_opened_leaves_the_refresh_token_unsent() -> anyhow::Result<()> {
    // At another site the iframe could not help.
    journey(Setup::demo().with_refresh_tokens().with_issuer_at_another_site(), async |world| {
        let app = signed_in(world).await?;
        world.issuer.kill();
        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        app.press("Renew now").await?;
        app.wait_for_status("retrying").await?;
        world.issuer.restart()?;
        app.wait_for_renewals(1).await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn a_refused_refresh_token_is_followed_by_one_try_with_the_iframe() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        IssuerEndpoints::of(world).revoke(&app.stored_session().await?.refresh_token()?).await?;
        let revoked_at = SystemTime::now();
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        let outcomes: Vec<_> =
            app.measured_renewals().await?.iter().map(|it| (it["method"].clone(), it["outcome"].clone())).collect();
        assert_eq!(outcomes, [(json!("refresh_token"), json!("failed")), (json!("iframe"), json!("renewed"))]);

        let requests = world.browser.requests_since(revoked_at).await?;
        let paths: Vec<&str> = requests.iter().map(|request| request.url.path()).collect();
        assert_eq!(paths, ["/oauth/token", "/authorize", "/silent", "/oauth/token"], "{requests:?}");
        goes_on_by_refresh_token(world).await
    })
}

#[test]
fn with_the_refresh_token_and_the_issuers_session_gone_the_person_is_asked() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        IssuerEndpoints::of(world).revoke(&app.stored_session().await?.refresh_token()?).await?;
        let app_tab = world.browser.tab().await?;
        world.browser.new_tab().await?;
        IssuerPages::of(world).sign_out().await?;
        world.browser.show(&app_tab).await?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("You are no longer signed in at the issuer").await?;
        assert!(!app.kept().await?.holds_a_token());
        Ok(())
    })
}

#[test]
fn signing_out_takes_the_refresh_token_back() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        app.renew_now().await?;
        let refresh_token = app.stored_session().await?.refresh_token()?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        eventually("the person is back in the app", async || {
            let address = world.browser.address().await?;
            ensure!(address.as_str() == format!("{}/", world.app_origin()), "{:?}", address.path());
            Ok(())
        })
        .await?;
        app.wait_for_status("signed-out").await?;

        let requests = world.browser.requests_since(pressed_at).await?;
        let of_the_issuer = requests.iter().filter(|request| request.endpoint().starts_with(world.issuer.origin()));
        let paths: Vec<&str> = of_the_issuer.map(|request| request.url.path()).collect();
        assert_eq!(paths, ["/oauth/revoke", "/oidc/logout"], "{requests:?}");
        assert_eq!(world.issuer.answered("/oauth/revoke", 200), 1);
        let refusal = IssuerEndpoints::of(world).refusal_of(&refresh_token).await?;
        assert_eq!(refusal.as_deref(), Some("invalid_grant"));
        assert!(!app.kept().await?.holds_a_token());
        Ok(())
    })
}

/// What was not through after two seconds was ended, and the page was left.
#[test]
fn on_a_slow_network_the_refresh_token_was_not_taken_back() -> anyhow::Result<()> {
    journey(Setup::demo().with_refresh_tokens(), async |world| {
        let app = signed_in(world).await?;
        world.browser.slow_uploads_down().await?;
        app.press("Sign out").await?;
        app.wait_for_status("signed-out").await?;
        eventually("the refresh token is taken back", async || {
            ensure!(world.issuer.answered("/oauth/revoke", 200) == 1);
            Ok(())
        })
        .await
    })
}

/// The demo's person, with tokens that do not expire during the journey: renewals come by hand.
async fn signed_in(world: &World) -> anyhow::Result<App<'_>> {
    let app = App::of(world);
    app.sign_in(Flow::Code).await?;
    Ok(app)
}

/// Begins a renewal that the issuer, held still, has the request for and does not answer.
async fn renew_in_vain(world: &World) -> anyhow::Result<()> {
    world.issuer.pause()?;
    let pressed_at = SystemTime::now();
    App::of(world).press("Renew now").await?;
    eventually("the refresh token is sent", async || {
        let requests = world.browser.requests_since(pressed_at).await?;
        ensure!(requests.iter().any(|request| request.form("refresh_token").is_some()), "{requests:?}");
        Ok(())
    })
    .await
}

/// The next renewal goes by a refresh token again, and none was ever sent twice.
async fn goes_on_by_refresh_token(world: &World) -> anyhow::Result<()> {
    let app = App::of(world);
    app.renew_now().await?;
    assert_eq!(app.last_method().await?, "refresh_token");
    let requests = world.browser.requests_since(SystemTime::UNIX_EPOCH).await?;
    let mut sent: Vec<String> = requests.iter().filter_map(|request| request.form("refresh_token")).collect();
    let count = sent.len();
    sent.sort();
    sent.dedup();
    assert!(count > 0 && sent.len() == count, "a refresh token was sent twice: {requests:?}");
    Ok(())
}

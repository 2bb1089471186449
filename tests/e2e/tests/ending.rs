//! The issuer's session ends elsewhere: the app says so, and leaves the issuer alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerPages, Setup, eventually_within, journey};
use serde_json::json;

const LIFETIME: u32 = 10;

#[test]
fn a_session_that_ended_at_the_issuer_ends_here_at_the_next_renewal_with_code_and_pkce() -> anyhow::Result<()> {
    session_ends_elsewhere(Flow::Code)
}

#[test]
fn a_session_that_ended_at_the_issuer_ends_here_at_the_next_renewal_with_the_implicit_flow() -> anyhow::Result<()> {
    session_ends_elsewhere(Flow::Implicit)
}

#[test]
fn a_consent_that_is_withdrawn_at_the_issuer_is_asked_for_again() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let app_tab = browser.tab().await?;
        browser.new_tab().await?;
        issuer.withdraw_consent("Evergrant demo").await?;

        browser.show(&app_tab).await?;
        app.wait_for_status("signed-out").await?;
        browser.wait_for_text("The issuer needs your consent again").await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        // Still signed in there, they are asked that alone.
        app.press("Sign in").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

fn session_ends_elsewhere(flow: Flow) -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(flow).await?;
        let app_tab = browser.tab().await?;
        browser.new_tab().await?;
        IssuerPages::of(world).sign_out().await?;

        browser.show(&app_tab).await?;
        app.wait_for_status("signed-out").await?;
        browser.wait_for_text("You are no longer signed in at the issuer").await?;
        let ended_at = SystemTime::now();
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        assert_eq!(app.iframes().await?, 0);
        let refused = json!({ "method": "iframe", "outcome": "failed", "cause": "schedule" });
        assert_eq!(app.measured_renewals().await?.last(), Some(&refused));

        // Longer than a token would have lived: whatever was scheduled would have fired.
        let age = app.page_age().await?;
        eventually_within(Duration::from_secs(30), "a whole lifetime has passed", async || {
            let passed = app.page_age().await? - age;
            ensure!(passed > Duration::from_secs(u64::from(LIFETIME) + 2), "only {passed:?}");
            Ok(())
        })
        .await?;
        let requests = browser.requests_since(ended_at).await?;
        assert!(requests.is_empty(), "{requests:?}");

        app.press("Sign in").await?;
        IssuerPages::of(world).sign_in("test", "test").await?;
        app.wait_for_status("signed-in").await
    })
}

//! The back/forward cache: a page that was left lives on, asleep, and wakes as it was, however long that took.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Setup, World, eventually, eventually_within, journey};
use serde_json::json;

/// Long enough to leave before a renewal is due, on a slow machine too.
const LIFETIME: u32 = 20;

#[test]
fn a_page_that_comes_back_after_its_token_expired_renews_at_once() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        leave(world).await?;
        let expired_at = SystemTime::now() + Duration::from_secs(LIFETIME.into());
        eventually_within(Duration::from_secs(60), "the access token has expired", async || {
            ensure!(SystemTime::now() > expired_at, "not yet");
            Ok(())
        })
        .await?;
        let back_at = SystemTime::now();
        come_back(world).await?;
        let woken = json!({ "method": "iframe", "outcome": "renewed", "cause": "woke" });
        eventually("it renews because it woke", async || {
            let measured = app.measured_renewals().await?;
            ensure!(measured.contains(&woken), "{measured:?}");
            Ok(())
        })
        .await?;
        let renewals = app.renewals().await?;
        let asked = browser.requests_since(back_at).await?;
        assert!(asked.iter().any(|request| request.query("prompt").as_deref() == Some("none")), "{asked:?}");
        // Its schedule goes on.
        app.wait_for_renewals(renewals + 1).await
    })
}

#[test]
fn a_page_that_comes_back_with_a_good_token_asks_for_nothing() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        leave(world).await?;
        let back_at = SystemTime::now();
        come_back(world).await?;
        app.wait_for_status("signed-in").await?;
        app.watch_for(Duration::from_secs(2)).await?;
        let asked = world.browser.requests_since(back_at).await?;
        assert!(asked.is_empty(), "{asked:?}");
        app.renew_now().await
    })
}

#[test]
fn a_page_that_comes_back_after_a_sign_out_elsewhere_shows_nobody() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("storage", "local"), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        leave(world).await?;
        let left = browser.tab().await?;
        browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        app.press("Sign out").await?;
        app.wait_for_status("signed-out").await?;

        browser.show(&left).await?;
        // What another tab says wakes nobody: the browser may load the page anew, or bring it back as it was.
        browser.back().await?;
        eventually("nobody is signed in", async || {
            let status = app.status().await?;
            ensure!(status == "signed-out", "it is {status}");
            Ok(())
        })
        .await?;
        assert!(!app.kept().await?.holds_a_token());
        Ok(())
    })
}

/// Goes elsewhere in this tab.
async fn leave(world: &World) -> anyhow::Result<()> {
    let script = "window.cameBack = new Promise(done => addEventListener('pageshow', it => done(it.persisted)))";
    world.browser.script(script, vec![]).await?;
    world.browser.open(&format!("{}/healthz", world.issuer.origin())).await
}

/// Presses the back button, and makes sure that it is the page that was left.
async fn come_back(world: &World) -> anyhow::Result<()> {
    world.browser.back().await?;
    eventually("the page that was left is back", async || {
        let is_back = world.browser.is_marked().await?;
        let reasons = "return JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)";
        ensure!(is_back, "it is another one: {}", world.browser.script(reasons, vec![]).await?);
        Ok(())
    })
    .await?;
    let persisted = world.browser.script("return window.cameBack", vec![]).await?;
    ensure!(persisted == json!(true), "it was not kept");
    Ok(())
}

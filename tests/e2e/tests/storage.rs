//! Sessions in the page's memory alone: no store holds a token, and after a reload the issuer is asked silently.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerPages, Request, Setup, World, eventually, journey};
use serde_json::Value;

#[test]
fn no_store_holds_a_token() -> anyhow::Result<()> {
    journey(in_memory().with_refresh_tokens(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        assert_only_a_hint_is_kept(world).await?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        assert_only_a_hint_is_kept(world).await
    })
}

#[test]
fn after_a_reload_the_issuer_is_asked_silently() -> anyhow::Result<()> {
    journey(in_memory(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        for _ in 0..2 {
            let reloaded_at = SystemTime::now();
            browser.reload().await?;
            app.wait_for_status("signed-in").await?;
            browser.wait_for_text("Signed in as Tess").await?;
            let requests = of_the_issuer(world, reloaded_at).await?;
            let asked = requests.iter().find(|request| request.url.path() == "/authorize").unwrap();
            assert_eq!(asked.query("prompt").as_deref(), Some("none"));
            assert!(!requests.iter().any(|request| request.url.path() == "/sign-in"), "a page was shown: {requests:?}");
            assert_eq!(browser.address().await?.as_str(), format!("{}/", world.app_origin()));
            assert_eq!(app.iframes().await?, 0);
            assert_only_a_hint_is_kept(world).await?;
        }
        app.renew_now().await
    })
}

#[test]
fn a_reload_after_the_issuers_session_has_ended_is_no_error() -> anyhow::Result<()> {
    journey(in_memory(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let app_tab = browser.tab().await?;
        browser.new_tab().await?;
        IssuerPages::of(world).sign_out().await?;
        browser.show(&app_tab).await?;

        let reloaded_at = SystemTime::now();
        browser.reload().await?;
        eventually("the issuer has been asked, and nobody is signed in", async || {
            ensure!(asks(world, reloaded_at).await? == 1, "it was not asked");
            let status = app.status().await?;
            ensure!(status == "signed-out", "it is {status}");
            Ok(())
        })
        .await?;
        let notices = browser.script("return document.querySelectorAll('.notice').length", vec![]).await?;
        assert_eq!(notices, 0, "{}", browser.text().await?);

        // The answer is remembered: the next reload asks nobody.
        assert_a_reload_asks_nothing(world).await
    })
}

#[test]
fn a_reload_after_signing_out_asks_nothing() -> anyhow::Result<()> {
    journey(in_memory(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.press("Sign out").await?;
        eventually("the person is back in the app", async || {
            let address = world.browser.address().await?;
            ensure!(address.as_str() == format!("{}/", world.app_origin()), "{:?}", address.path());
            let status = app.status().await?;
            ensure!(status == "signed-out", "it is {status}");
            Ok(())
        })
        .await?;
        assert_a_reload_asks_nothing(world).await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        Ok(())
    })
}

fn in_memory() -> Setup {
    Setup::demo().with_config("storage", "memory")
}

/// That somebody was signed in, and by which flow: nothing that could be stolen.
async fn assert_only_a_hint_is_kept(world: &World) -> anyhow::Result<()> {
    let kept = App::of(world).kept().await?;
    assert_eq!(kept.names(), ["evergrant.evergrant-app.flow"]);
    assert!(!kept.holds_a_token(), "{kept:?}");
    assert_eq!(kept.ledger()?["session"], Value::Null, "the tabs share no session");
    Ok(())
}

async fn assert_a_reload_asks_nothing(world: &World) -> anyhow::Result<()> {
    let app = App::of(world);
    let reloaded_at = SystemTime::now();
    world.browser.reload().await?;
    app.wait_for_status("signed-out").await?;
    app.watch_for(Duration::from_secs(2)).await?;
    let requests = of_the_issuer(world, reloaded_at).await?;
    assert!(requests.is_empty(), "{requests:?}");
    Ok(())
}

async fn asks(world: &World, since: SystemTime) -> anyhow::Result<usize> {
    let requests = of_the_issuer(world, since).await?;
    Ok(requests.iter().filter(|request| request.url.path() == "/authorize").count())
}

async fn of_the_issuer(world: &World, since: SystemTime) -> anyhow::Result<Vec<Request>> {
    let mut requests = world.browser.requests_since(since).await?;
    requests.retain(|request| request.endpoint().starts_with(world.issuer.origin()));
    Ok(requests)
}

//! The app comes in two parts. The first is enough until the person asks for something; whatever needs the rest waits for it,
//! and nothing is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Setup, World, eventually, journey};
use fantoccini::Locator;
use serde_json::json;

#[test]
fn the_app_is_there_before_the_rest_of_its_code() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let rest = world.app_dir.take_rest()?;
        forget_what_was_loaded(world).await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        world.browser.wait_for_text("Signed in as Tess").await?;
        let left = app.expires_in().await?;
        eventually("the time that is left goes on", async || {
            let left_now = app.expires_in().await?;
            ensure!(left_now < left, "{left_now} s are left, as before");
            Ok(())
        })
        .await?;
        // It is asked for again and again.
        rest.bring_back()?;
        app.wait_for_all_code().await?;
        app.renew_now().await
    })
}

/// What the browser, another tab and the timer tell by themselves was for the rest, and asked for it there and then: whoever lost the
/// network in the first seconds lost the page.
#[test]
fn the_app_stopped_when_something_happened_before_the_rest_of_its_code_was_there() -> anyhow::Result<()> {
    let setup = Setup::demo().with_config("storage", "local").with_access_token_lifetime(10);
    journey(setup, async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let rest = world.app_dir.take_rest()?;
        forget_what_was_loaded(world).await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        let woke = "dispatchEvent(new Event('focus'));
            document.dispatchEvent(new Event('visibilitychange'));
            dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
        browser.script(woke, vec![]).await?;
        browser.script("new BroadcastChannel('evergrant.evergrant-app').postMessage('changed')", vec![]).await?;
        browser.set_online(false).await?;
        browser.set_online(true).await?;
        eventually("the time of the renewal has come", async || {
            ensure!(app.expires_in().await? == 0);
            Ok(())
        })
        .await?;
        rest.bring_back()?;
        app.wait_for_renewals(1).await
    })
}

/// Whoever has something to ask the issuer for as soon as the page is there asked for the rest there and then as well.
#[test]
fn the_app_stopped_at_its_start_when_the_network_went_before_the_rest_of_its_code_was_there() -> anyhow::Result<()> {
    for (storage, is_renewed) in [("local", true), ("memory", false)] {
        let setup = Setup::demo().with_config("storage", storage).with_access_token_lifetime(10);
        journey(setup, async |world| {
            let (app, browser) = (App::of(world), &world.browser);
            app.sign_in(Flow::Code).await?;
            if is_renewed {
                // A page that does not renew.
                app.open("/stopped.js").await?;
                let expires_at = app.stored_session().await?.expires_at()?;
                eventually("the token has expired", async || {
                    ensure!(SystemTime::now() > expires_at);
                    Ok(())
                })
                .await?;
            }
            let rest = world.app_dir.take_rest()?;
            forget_what_was_loaded(world).await?;
            app.open("/").await?;
            app.wait_for_status(if is_renewed { "renewing" } else { "signing-in" }).await?;
            let stopped = browser.script("return document.documentElement.dataset.stopped ?? null", vec![]).await?;
            ensure!(stopped.is_null(), "it is {stopped}");
            rest.bring_back()?;
            app.wait_for_status("signed-in").await
        })?;
    }
    Ok(())
}

/// Firefox tells of it some seconds after a page was loaded, and the rest was asked for there and then to free it.
#[test]
fn the_app_stopped_when_the_browser_had_collected_something_before_the_rest_of_its_code_was_there() -> anyhow::Result<()>
{
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let source = "
            window.freeing = [];
            window.FinalizationRegistry = class {
                constructor(free) { freeing.push(free); }
                register() {}
                unregister() {}
            };";
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source })).await?;
        world.app_dir.take_rest()?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        let collected = "freeing.forEach((free) => setTimeout(free, 0, {}));
            return new Promise((resolve) => setTimeout(resolve, 0, freeing.length));";
        let told = browser.script(collected, vec![]).await?;
        ensure!(told.as_u64().is_some_and(|told| told > 0), "the app wants to be told of nothing");
        let stopped = browser.script("return document.documentElement.dataset.stopped ?? null", vec![]).await?;
        ensure!(stopped.is_null(), "it is {stopped}");
        Ok(())
    })
}

#[test]
fn what_cannot_wait_for_the_rest_of_the_code_loads_it_there_and_then() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        never_by_fetch(world).await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("test", "test").await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        world.browser.click(Locator::LinkText("Issuer")).await?;
        world.browser.find(Locator::Css("#issuer")).await.map(drop)
    })
}

#[test]
fn an_app_that_needs_the_rest_of_its_code_and_cannot_have_it_says_so() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        world.app_dir.take_rest()?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.click(Locator::LinkText("Issuer")).await?;
        // What the link would have done in the app the browser does, which loads another page.
        world.browser.wait_for_text("The app could not be loaded").await
    })
}

#[test]
fn what_was_not_built_does_not_run_there_and_then_either() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        world.app_dir.change_rest()?;
        never_by_fetch(world).await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        world.browser.wait_for_text("Something went wrong in the app, and it has stopped.").await
    })
}

/// The rest was loaded already, and browsers keep what has its hash in its name.
async fn forget_what_was_loaded(world: &World) -> anyhow::Result<()> {
    world.browser.devtools("Network.clearBrowserCache", &json!({})).await.map(drop)
}

/// The rest does not come by itself where the app starts without it.
async fn never_by_fetch(world: &World) -> anyhow::Result<()> {
    let source = "
        const byNetwork = window.fetch;
        window.fetch = (address, ...options) =>
            location.pathname === '/' && String(address).includes('-rest-') ? new Promise(() => {})
            : byNetwork(address, ...options);";
    world.browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source })).await.map(drop)
}

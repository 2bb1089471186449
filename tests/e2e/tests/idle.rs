//! Sliding sessions: somebody who is active in one tab stays signed in in all; somebody who is not is warned in all, and then
//! signed out everywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::browser::{Browser, Tab};
use evergrant_e2e::{App, Flow, Setup, World, eventually_within, journey};
use fantoccini::Locator;

/// How long the person may do nothing, in seconds; the warning comes at half of it.
const LIMIT: u64 = 16;

/// Longer than a limit takes to pass, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(60);

const TOLD: &str = "You were signed out because you had not done anything here for a while.";

#[test]
fn activity_in_one_tab_keeps_both_and_without_any_both_are_warned_and_signed_out() -> anyhow::Result<()> {
    let setup = Setup::demo()
        .with_config("storage", "local")
        .with_config("idle_timeout_seconds", LIMIT)
        .with_refresh_tokens()
        .with_access_token_lifetime(10);
    journey(setup, async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let first = browser.tab().await?;
        let second = browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        for tab in [&first, &second] {
            browser.show(tab).await?;
            write_down_warnings(browser).await?;
        }

        be_active_for(&app, browser, Duration::from_secs(LIMIT + 2)).await?;
        assert_eq!(warnings_in(browser, &first).await?, "", "the other tab knows of the activity here");
        browser.show(&second).await?;
        app.wait_for_status("signed-in").await?;

        wait_for_warning(browser).await?;
        app.press("Stay signed in").await?;
        eventually_within(PATIENCE, "the warning is taken back", async || {
            ensure!(!is_warned(browser).await?);
            Ok(())
        })
        .await?;
        forget_warnings(browser, &[&first, &second]).await?;

        for tab in [&first, &second] {
            eventually_within(PATIENCE, "the tab tells why it is signed out", async || {
                browser.show(tab).await?;
                let text = browser.text().await?;
                ensure!(text.contains(TOLD), "it says {text:?}");
                Ok(())
            })
            .await?;
            app.wait_for_status("signed-out").await?;
            assert_eq!(warnings_in(browser, tab).await?, "Stay signed in", "it was warned, with a button");
        }
        assert!(!app.kept().await?.holds_a_token());
        assert_nothing_is_requested(world).await
    })
}

#[test]
fn whoever_had_scrolled_down_was_asked_out_of_their_sight() -> anyhow::Result<()> {
    let setup = Setup::demo().with_config("idle_timeout_seconds", LIMIT);
    journey(setup, async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        app.open("/session").await?;
        browser.wait_for_text("tess@example.com").await?;
        browser.script("scrollTo(0, 2000)", vec![]).await?;
        wait_for_warning(browser).await?;
        let places = "
            const button = document.querySelector('[data-testid=idle-warning] button').getBoundingClientRect();
            return [scrollY, button.top, innerHeight - button.bottom];";
        let places: [f64; 3] = serde_json::from_value(browser.script(places, vec![]).await?)?;
        assert!(places.iter().all(|place| *place > 0.0), "scrolled by, below the top, above the bottom: {places:?}");
        Ok(())
    })
}

#[test]
fn a_page_opened_past_the_limit_is_signed_out_at_the_issuer_as_well_and_says_why() -> anyhow::Result<()> {
    let setup = Setup::demo().with_config("storage", "local").with_config("idle_timeout_seconds", LIMIT);
    journey(setup, async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        // The person closes the app, and comes back much later.
        browser.open(&format!("{}/silent", world.silent_origin())).await?;
        let left_at = SystemTime::now();
        eventually_within(PATIENCE, "the limit has passed", async || {
            ensure!(left_at.elapsed()? > Duration::from_secs(LIMIT + 1));
            Ok(())
        })
        .await?;
        browser.open(&format!("{}/", world.app_origin())).await?;
        browser.wait_for_text(TOLD).await?;
        app.wait_for_status("signed-out").await?;
        assert!(!app.kept().await?.holds_a_token());
        let paths = browser.requests_since(left_at).await?;
        assert!(paths.iter().all(|request| request.url.path() != "/oauth/token"), "{paths:?}");
        app.press("Sign in").await?;
        // The issuer asks for the password again.
        browser.find(Locator::Css("input[name=password]")).await.map(drop)
    })
}

/// Presses on the page again and again, for so long.
async fn be_active_for(app: &App<'_>, browser: &Browser, time: Duration) -> anyhow::Result<()> {
    let age = app.page_age().await?;
    eventually_within(PATIENCE, "the person was active for a while", async || {
        browser.click(Locator::Css("h1")).await?;
        let passed = app.page_age().await?.saturating_sub(age);
        ensure!(passed > time, "only {passed:?}");
        Ok(())
    })
    .await
}

async fn is_warned(browser: &Browser) -> anyhow::Result<bool> {
    let shown = browser.script("return document.querySelector('[data-testid=idle-warning]') !== null", vec![]).await?;
    Ok(shown == true)
}

async fn wait_for_warning(browser: &Browser) -> anyhow::Result<()> {
    eventually_within(PATIENCE, "the person is warned", async || {
        ensure!(is_warned(browser).await?);
        Ok(())
    })
    .await
}

/// Has the tab that is shown write down the button of every warning: to look would be to come to the tab, and be active.
async fn write_down_warnings(browser: &Browser) -> anyhow::Result<()> {
    let script = "
        new MutationObserver(() => {
            const button = document.querySelector('[data-testid=idle-warning] button');
            if (button) sessionStorage.setItem('test.warning', button.textContent);
        }).observe(document, { childList: true, subtree: true });";
    browser.script(script, vec![]).await.map(drop)
}

async fn forget_warnings(browser: &Browser, tabs: &[&Tab]) -> anyhow::Result<()> {
    for tab in tabs {
        browser.show(tab).await?;
        browser.script("sessionStorage.removeItem('test.warning')", vec![]).await?;
    }
    Ok(())
}

async fn warnings_in(browser: &Browser, tab: &Tab) -> anyhow::Result<String> {
    browser.show(tab).await?;
    let warning = browser.script("return sessionStorage.getItem('test.warning') ?? ''", vec![]).await?;
    Ok(warning.as_str().unwrap_or_default().to_owned())
}

async fn assert_nothing_is_requested(world: &World) -> anyhow::Result<()> {
    let over_at = SystemTime::now();
    App::of(world).watch_for(Duration::from_secs(12)).await?;
    assert_eq!(world.browser.requests_since(over_at).await?, []);
    Ok(())
}

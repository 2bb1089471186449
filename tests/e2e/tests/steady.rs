//! Nothing jumps while a page loads: what is drawn first stays where it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::{Context, ensure};
use evergrant_e2e::{App, Browser, Expenses, Flow, Screen, Setup, eventually, journey};
use serde_json::json;

/// A fifth of what counts as good (web.dev, "Cumulative Layout Shift").
const BOUND: f64 = 0.02;

/// Adds up what moves without a person's doing (Layout Instability §5), from the document's first moment on.
const WATCH: &str = "window.moved = 0;
    new PerformanceObserver(list => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.moved += shift.value;
    }).observe({ type: 'layout-shift', buffered: true });";

#[test]
fn nothing_jumps_while_a_page_loads() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH })).await?;
        for width in [1280, 360] {
            browser.show_on(&Screen { width, height: 740, scheme: "light" }).await?;
            for path in ["/", "/session", "/issuer", "/expenses"] {
                app.open(path).await?;
                app.wait_for_status("signed-out").await?;
                assert_nothing_moved(browser, path).await?;
            }
        }
        app.sign_in(Flow::Code).await?;
        for width in [1280, 360] {
            browser.show_on(&Screen { width, height: 740, scheme: "light" }).await?;
            for path in ["/", "/session", "/issuer"] {
                app.open(path).await?;
                app.wait_for_status("signed-in").await?;
                assert_nothing_moved(browser, path).await?;
            }
            app.open("/expenses").await?;
            Expenses::of(world).wait_for_table().await?;
            assert_nothing_moved(browser, "/expenses with its table").await?;
        }
        Ok(())
    })
}

/// Most of what is tried again works at once: what is said of it comes when it does not.
#[test]
fn a_renewal_that_failed_moved_the_page_though_the_next_try_worked() -> anyhow::Result<()> {
    const WATCH: &str = "const top = () => document.querySelector('.ring').getBoundingClientRect().top, before = top();
        window.moved = null;
        new MutationObserver(() => window.moved ??= Math.abs(top() - before))
            .observe(document.querySelector('.notices'), { childList: true, subtree: true });";
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        browser.script(WATCH, vec![]).await?;
        world.issuer.kill();
        app.press("Renew now").await?;
        app.wait_for_status("retrying").await?;
        assert_eq!(moved(browser).await?, 0.0, "when it is said");
        browser.wait_for_text("It will be tried again").await
    })
}

#[test]
fn what_jumps_would_be_seen() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH })).await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        two_frames_later(browser).await?;
        browser.script("document.body.style.paddingTop = '300px'", vec![]).await?;
        eventually("the jump is seen", async || {
            let moved = moved(browser).await?;
            ensure!(moved > BOUND, "only {moved}");
            Ok(())
        })
        .await
    })
}

async fn assert_nothing_moved(browser: &Browser, page: &str) -> anyhow::Result<()> {
    two_frames_later(browser).await?;
    let moved = moved(browser).await?;
    assert!(moved < BOUND, "{page} moved by {moved}");
    Ok(())
}

/// What was drawn is on the screen then, and what moved has been told.
async fn two_frames_later(browser: &Browser) -> anyhow::Result<()> {
    let ask = "window.drawn = false; requestAnimationFrame(() => requestAnimationFrame(() => window.drawn = true))";
    browser.script(ask, vec![]).await?;
    eventually("two frames are drawn", async || {
        ensure!(browser.script("return window.drawn", vec![]).await? == true, "they are not");
        Ok(())
    })
    .await
}

async fn moved(browser: &Browser) -> anyhow::Result<f64> {
    browser.script("return window.moved", vec![]).await?.as_f64().context("nothing is watched")
}

//! An app that cannot start, or stops on a mistake of its own, says so, and what to do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::{Context, ensure};
use evergrant_e2e::{App, Browser, Setup, eventually, journey};
use serde_json::{Value, json};

#[test]
fn a_browser_without_webassembly_is_told_so() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let take_away = json!({ "source": "delete window.WebAssembly" });
        world.browser.devtools("Page.addScriptToEvaluateOnNewDocument", &take_away).await?;
        App::of(world).open("/").await?;
        world.browser.wait_for_text("This browser cannot run the app").await?;
        let text = world.browser.text().await?;
        assert!(text.contains("WebAssembly") && !text.contains("Starting"), "{text}");
        Ok(())
    })
}

#[test]
fn an_app_whose_code_is_not_there_says_so() -> anyhow::Result<()> {
    for extension in ["wasm", "js"] {
        journey(Setup::demo(), async |world| {
            world.app_dir.remove_code(extension)?;
            App::of(world).open("/session").await?;
            world.browser.wait_for_text("The app could not be loaded").await?;
            let text = world.browser.text().await?;
            assert!(text.contains("Load the page again") && !text.contains("Starting"), "{text}");
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn without_javascript_the_page_asks_for_it() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let browser = &world.browser;
        browser.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).await?;
        let address = json!({ "url": format!("{}/", world.app_origin()) });
        browser.devtools("Page.navigate", &address).await?;
        eventually("the page says what it needs", async || {
            let text = laid_out_text(browser).await?;
            ensure!(text.contains("The app needs JavaScript"), "it says {text:?}");
            Ok(())
        })
        .await?;
        browser.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": false })).await.map(drop)
    })
}

#[test]
fn a_page_that_starts_as_it_should_says_nothing_of_this() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        App::of(world).open("/").await?;
        App::of(world).wait_for_status("signed-out").await?;
        let stopped = world.browser.script("return document.documentElement.dataset.stopped", vec![]).await?;
        assert_eq!(stopped, Value::Null);
        Ok(())
    })
}

#[test]
fn an_app_that_traps_when_it_is_clicked_says_that_it_has_stopped() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (browser, app) = (&world.browser, App::of(world));
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": HOLD_MEMORY })).await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        assert!(!browser.text().await?.contains(STOPPED));
        browser.script("overwriteMemory()", vec![]).await?;
        app.press("Sign in").await?;
        trap_is_told(browser).await?;
        // What fails after it makes no other sentence of it.
        browser.script("setTimeout(() => { throw new Error('afterwards') })", vec![]).await?;
        eventually("the error is on the console", async || {
            let console = browser.console().await?;
            ensure!(console.iter().any(|line| line.contains("afterwards")), "{console:?}");
            Ok(())
        })
        .await?;
        ensure!(browser.text().await?.contains(STOPPED));
        Ok(())
    })
}

#[test]
fn an_app_that_traps_while_it_waits_for_an_answer_says_that_it_has_stopped() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let browser = &world.browser;
        // The first answer that the app waits for is its configuration.
        let meanwhile = format!(
            "{HOLD_MEMORY} const ask = window.fetch;\
             window.fetch = (what, ...how) => ask(what, ...how).then((answer) => {{\
                 if (window.overwriteMemory) overwriteMemory();\
                 return answer;\
             }});"
        );
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": meanwhile })).await?;
        App::of(world).open("/").await?;
        trap_is_told(browser).await?;
        let text = browser.text().await?;
        assert!(!text.contains("Starting") && !text.contains("could not be loaded"), "{text}");
        Ok(())
    })
}

/// What the page says after a trap.
const STOPPED: &str = "Something went wrong in the app, and it has stopped.";

/// Lets a test write over the memory of the app, as a mistake might that nobody has made yet: whatever it does next traps.
const HOLD_MEMORY: &str = "\
    const instantiate = WebAssembly.instantiateStreaming;\
    WebAssembly.instantiateStreaming = async (...all) => {\
        const running = await instantiate(...all);\
        const { memory } = running.instance.exports;\
        if (memory) window.overwriteMemory = () => new Uint8Array(memory.buffer).fill(255);\
        return running;\
    };";

/// Waits for the sentence and for the console, which names what it was.
async fn trap_is_told(browser: &Browser) -> anyhow::Result<()> {
    browser.wait_for_text(STOPPED).await?;
    eventually("the console names the trap", async || {
        let console = browser.console().await?;
        ensure!(console.iter().any(|line| line.contains("RuntimeError")), "{console:?}");
        Ok(())
    })
    .await
}

/// What is drawn of the page, read without running a script in it.
async fn laid_out_text(browser: &Browser) -> anyhow::Result<String> {
    let snapshot = browser.devtools("DOMSnapshot.captureSnapshot", &json!({ "computedStyles": [] })).await?;
    let strings = snapshot["strings"].as_array().context("the snapshot has no strings")?;
    let drawn = snapshot["documents"][0]["layout"]["text"].as_array().context("the snapshot has no layout")?;
    let words = drawn.iter().filter_map(|index| strings.get(usize::try_from(index.as_i64()?).ok()?)?.as_str());
    Ok(words.collect::<Vec<_>>().join(" "))
}

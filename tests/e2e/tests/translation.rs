//! Whoever has the browser translate the page sees what is so now, and not what was so when it was translated.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Setup, World, eventually, journey};
use fantoccini::Locator;

/// What Chromium and Edge do: each text goes out of the page, and one of theirs comes in its place; so with texts that come later.
/// Every text is as it was, in a `font`.
const TRANSLATE: &str = "
    const translate = root => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode);
        for (const text of texts) {
            if (text.data.trim() === '' || text.parentElement?.closest('font, script, style, svg')) continue;
            const font = document.createElement('font');
            font.append(text.data);
            if (takesTwoSteps) {
                text.before(font);
                text.remove();
            } else {
                text.replaceWith(font);
            }
        }
    };
    const takesTwoSteps = arguments[0];
    translate(document.body);
    new MutationObserver(() => translate(document.body)).observe(document.body, { childList: true, subtree: true });";

#[test]
fn a_page_that_was_translated_went_on_showing_what_had_been_so_before() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        for takes_two_steps in [false, true] {
            app.open("/").await?;
            app.wait_for_status("signed-in").await?;
            browser.script(TRANSLATE, vec![takes_two_steps.into()]).await?;
            assert_eq!(read(world, "h1 font").await?, "Signed in as ");
            let left = read(world, ".expires-in strong").await?;
            wait_until(world, "the time that is left goes on", |now| now != left, ".expires-in strong").await?;
            app.renew_now().await?;
            wait_until(world, "the renewal is told", |now| now.contains("by hidden iframe"), "[data-testid=renewals]")
                .await?;
            for page in ["Expenses", "Session"] {
                browser.click(Locator::LinkText(page)).await?;
                wait_until(world, "the page has its own heading", |now| now == page, "h1").await?;
            }
        }
        Ok(())
    })
}

async fn read(world: &World, selector: &str) -> anyhow::Result<String> {
    let text = "return document.querySelector(arguments[0])?.textContent ?? ''";
    Ok(serde_json::from_value(world.browser.script(text, vec![selector.into()]).await?)?)
}

async fn wait_until(world: &World, what: &str, is_so: impl Fn(&str) -> bool, selector: &str) -> anyhow::Result<()> {
    eventually(what, async || {
        let now = read(world, selector).await?;
        ensure!(is_so(&now), "there is {now:?}");
        Ok(())
    })
    .await
}

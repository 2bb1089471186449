//! By keyboard alone, and without what makes people seasick: from opening to signing out, seeing the focus all the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{App, Browser, Flow, IssuerPages, Screen, Setup, eventually, journey};
use fantoccini::key::Key;

/// More than any page has things to focus.
const MOST: usize = 40;

#[test]
fn a_person_signs_in_renews_and_signs_out_without_a_mouse() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        tab_to(browser, "Skip to the content").await?;
        browser.press_key(Key::Enter).await?;
        tab_to(browser, "Sign in").await?;
        browser.press_key(Key::Enter).await?;

        browser.wait_for_text("to continue to").await?;
        wait_for_focus(browser, "User name").await?;
        browser.type_text("test").await?;
        tab_to(browser, "Password").await?;
        browser.type_text("test").await?;
        browser.press_key(Key::Enter).await?;
        browser.wait_for_text("asks to:").await?;
        tab_to(browser, "Allow").await?;
        browser.press_key(Key::Enter).await?;
        app.wait_for_status("signed-in").await?;
        assert_eq!(announced(browser).await?, "Signed in");

        tab_to(browser, "Session").await?;
        browser.press_key(Key::Enter).await?;
        // The heading of the page has the focus now, and Tab goes on from there.
        wait_for_focus(browser, "Session").await?;
        tab_to(browser, "Renew now").await?;
        browser.press_key(Key::Enter).await?;
        app.wait_for_renewals(1).await?;
        wait_for_focus(browser, "Renew now").await?;
        tab_to(browser, "Save as JSON").await?;
        tab_to(browser, "Sign out").await?;
        browser.press_key(Key::Enter).await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await
    })
}

#[test]
fn what_happens_to_the_session_is_announced() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        // One that is hidden until it has something to say is none to a screen reader.
        let regions = "return [...document.querySelectorAll('[role=status], [aria-live=polite]')]
            .filter(it => it.checkVisibility()).length";
        assert!(
            browser.script(regions, vec![]).await?.as_u64().unwrap() >= 2,
            "both are there before anything happens"
        );
        world.issuer.kill();
        app.press("Renew now").await?;
        app.wait_for_status("retrying").await?;
        assert_eq!(announced(browser).await?, "Trying again");
        let notice = "return document.querySelector('[aria-live=polite] .notice').textContent";
        let notice = browser.script(notice, vec![]).await?;
        assert!(notice.as_str().unwrap().contains("It will be tried again."), "{notice}");
        Ok(())
    })
}

#[test]
fn every_page_has_its_landmarks_and_one_heading_and_nothing_moves_for_who_wishes_so() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        browser.show_on(&Screen { width: 1280, height: 800, scheme: "light" }).await?;
        app.sign_in(Flow::Code).await?;
        for path in ["/", "/expenses", "/session", "/issuer", "/nowhere"] {
            app.open(path).await?;
            app.wait_for_status("signed-in").await?;
            eventually(&format!("{path} is whole, and stands still"), async || {
                let counts = "return ['header', 'nav', 'main', 'h1'].map(it => document.querySelectorAll(it).length)
                    .concat(document.getAnimations().filter(it => it.playState === 'running').length)";
                let counts = browser.script(counts, vec![]).await?;
                ensure!(counts == serde_json::json!([1, 1, 1, 1, 0]), "it has {counts}");
                Ok(())
            })
            .await?;
        }
        Ok(())
    })
}

#[test]
fn at_twice_the_size_and_on_the_smallest_phone_nothing_is_wider_than_the_screen() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        // 1280 px at 200 %, a phone, 1280 px at 400 % (WCAG 2.2, 1.4.10), and a phone whose letters are twice as large.
        for width in [640, 360, 320, 200] {
            browser.show_on(&Screen { width, height: 740, scheme: "light" }).await?;
            for path in ["/", "/expenses", "/session", "/issuer", "/nowhere"] {
                app.open(path).await?;
                app.wait_for_status("signed-in").await?;
                browser.find(fantoccini::Locator::Css("h1")).await?;
                let shown = browser.script("return document.documentElement.scrollWidth", vec![]).await?;
                assert!(shown.as_u64().unwrap() <= u64::from(width), "{path} is {shown} px wide on {width} px");
            }
        }
        Ok(())
    })
}

/// Presses Tab until the focus is where a person wants it, and can be seen at every stop.
async fn tab_to(browser: &Browser, name: &str) -> anyhow::Result<()> {
    let mut passed = Vec::new();
    for _ in 0..MOST {
        browser.press_key(Key::Tab).await?;
        let (focused, is_seen) = focus(browser).await?;
        ensure!(is_seen, "the focus cannot be seen on {focused:?}");
        if focused == name {
            return Ok(());
        }
        passed.push(focused);
    }
    anyhow::bail!("Tab does not lead to {name:?}, but to {passed:?}")
}

async fn wait_for_focus(browser: &Browser, name: &str) -> anyhow::Result<()> {
    eventually(&format!("the focus is on {name:?}"), async || {
        let (focused, _) = focus(browser).await?;
        ensure!(focused == name, "it is on {focused:?}");
        Ok(())
    })
    .await
}

/// What has the focus, by the name a screen reader says, and whether there is a ring around it or around what it is in.
async fn focus(browser: &Browser) -> anyhow::Result<(String, bool)> {
    let script = "const it = document.activeElement;
        const name = it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent;
        // An outline for those whose system takes colours away has none until then.
        const rings = style => style.outlineStyle !== 'none' && style.outlineColor !== 'rgba(0, 0, 0, 0)';
        const ring = [it, it.parentElement].some(it => it && rings(getComputedStyle(it)));
        return [name.trim().replace(/\\s+/g, ' '), ring || it === document.body];";
    Ok(serde_json::from_value(browser.script(script, vec![]).await?)?)
}

/// The session's word, in the region that screen readers read out when it changes.
async fn announced(browser: &Browser) -> anyhow::Result<String> {
    let status =
        browser.script("return document.querySelector('header [role=status]').textContent.trim()", vec![]).await?;
    Ok(status.as_str().unwrap_or_default().to_owned())
}

//! Nobody is kept out: axe finds nothing but trifles on any page, on a phone and on a laptop, by day and by night.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evergrant_e2e::barriers::assert_none;
use evergrant_e2e::{App, Device, Expenses, Flow, IssuerPages, Setup, journey};
use fantoccini::Locator;

#[test]
fn a_barrier_would_be_found() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let browser = &world.browser;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await?;
        assert_none(browser, "home").await?;
        browser.script("document.querySelector('h1').style.color = '#ccc'", vec![]).await?;
        let error = assert_none(browser, "home").await.unwrap_err().to_string();
        assert!(error.contains("color-contrast"), "{error}");
        browser.script("document.querySelector('main').style.width = '2000px'", vec![]).await?;
        let error = assert_none(browser, "home").await.unwrap_err().to_string();
        assert!(error.contains("px wide"), "{error}");
        Ok(())
    })
}

#[test]
fn for_whoever_is_signed_out() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        for (path, words) in [
            ("/", "How to sign in"),
            ("/expenses", "How to sign in"),
            ("/session", "Nobody is signed in"),
            ("/issuer", "What to register there"),
            ("/nowhere", "There is nothing here"),
        ] {
            app.open(path).await?;
            browser.wait_for_text(words).await?;
            assert_none(browser, path).await?;
        }
        world.app_dir.remove_config()?;
        app.open("/").await?;
        browser.wait_for_text("config.json could not be loaded").await?;
        assert_none(browser, "an app that cannot start").await
    })
}

#[test]
fn for_whoever_is_signed_in() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        app.renew_now().await?;
        assert_none(browser, "home").await?;
        browser.click(Locator::LinkText("Session")).await?;
        browser.wait_for_text("tess@example.com").await?;
        assert_none(browser, "session").await?;
        let expenses = Expenses::of(world);
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        assert_none(browser, "expenses").await
    })
}

#[test]
fn when_something_is_wrong() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        world.issuer.kill();
        app.press("Renew now").await?;
        app.wait_for_status("retrying").await?;
        assert_none(browser, "a renewal that failed").await?;
        world.issuer.restart()?;
        IssuerPages::of(world).sign_out().await?;
        app.open("/").await?;
        app.press("Renew now").await?;
        app.wait_to_be_told("Your session has ended.").await?;
        assert_none(browser, "a session that ended").await
    })
}

#[test]
fn at_the_issuer() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
        app.open("/").await?;
        app.press("Sign in").await?;
        browser.wait_for_text("to continue to").await?;
        assert_none(browser, "sign-in").await?;
        issuer.sign_in("test", "wrong").await?;
        browser.find(Locator::Css(".error:not(:empty)")).await?;
        assert_none(browser, "a wrong password").await?;
        issuer.sign_in("test", "test").await?;
        browser.find(Locator::Css("button[name=decision]")).await?;
        assert_none(browser, "consent").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await?;
        for (path, words) in [
            ("/", "Signed in as"),
            ("/account", "Applications that stay signed in"),
            ("/dev", "The next failure"),
            ("/authorize?client_id=nobody", "This request cannot go on"),
        ] {
            browser.open(&format!("{}{path}", world.issuer.origin())).await?;
            browser.wait_for_text(words).await?;
            assert_none(browser, path).await?;
        }
        Ok(())
    })
}

#[test]
fn where_a_device_is_signed_in() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (issuer, browser, device) = (IssuerPages::of(world), &world.browser, Device::start(world)?);
        browser.open(&device.verification_uri).await?;
        browser.wait_for_text("Enter the code").await?;
        assert_none(browser, "the code").await?;
        issuer.enter_user_code("bbbb").await?;
        browser.wait_for_text("No device shows this code").await?;
        assert_none(browser, "a wrong code").await?;
        issuer.enter_user_code(&device.user_code).await?;
        issuer.sign_in("test", "test").await?;
        browser.wait_for_text("asks to:").await?;
        assert_none(browser, "the question").await?;
        issuer.decide("allow").await?;
        browser.wait_for_text("The device is signed in").await?;
        assert_none(browser, "the answer").await
    })
}

#[test]
fn in_the_web_app() -> anyhow::Result<()> {
    journey(Setup::demo().with_web_app(), async |world| {
        let (web_app, browser) = (world.web_app()?, &world.browser);
        browser.open(web_app.origin()).await?;
        browser.wait_for_text("Nobody is signed in").await?;
        assert_none(browser, "signed out").await?;
        web_app.sign_in(world).await?;
        assert_none(browser, "expenses").await?;
        browser.open(web_app.origin()).await?;
        browser.wait_for_text("Signed in as").await?;
        assert_none(browser, "signed in").await?;
        browser.open(&format!("{}/no-such-page", web_app.origin())).await?;
        browser.wait_for_text("Nothing here").await?;
        assert_none(browser, "a message").await
    })
}

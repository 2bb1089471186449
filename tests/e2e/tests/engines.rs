//! The main journeys in the engines of Firefox and of Safari, too. All others are made in Chromium alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::Cell;

use anyhow::{anyhow, ensure};
use evergrant_e2e::{App, Engine, Expenses, FellSilent, Flow, IssuerPages, Setup, eventually, journey};

/// Makes a journey in WebKit. Its driver now and then stops answering, at whatever step: then, and only then, it is made once more.
fn in_webkit(journey: impl Fn(Engine) -> anyhow::Result<()>) -> anyhow::Result<()> {
    match journey(Engine::WebKit) {
        Err(error) if error.is::<FellSilent>() => {
            eprintln!("{error:#}: once more");
            journey(Engine::WebKit)
        }
        outcome => outcome,
    }
}

#[test]
fn a_journey_is_made_once_more_only_when_the_browser_fell_silent() {
    let made = Cell::new(0);
    let ends_with = |error: fn() -> anyhow::Error| {
        made.set(0);
        in_webkit(|_| {
            made.set(made.get() + 1);
            Err(error())
        })
    };
    assert!(ends_with(|| anyhow!("a step failed").context(FellSilent)).is_err());
    assert_eq!(made.get(), 2);
    assert!(ends_with(|| anyhow!("a step failed")).is_err());
    assert_eq!(made.get(), 1);
}

#[test]
fn a_person_stays_signed_in_in_firefox() -> anyhow::Result<()> {
    stays_signed_in(Engine::Firefox)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "there is no WebKitGTK here")]
fn a_person_stays_signed_in_in_webkit() -> anyhow::Result<()> {
    in_webkit(stays_signed_in)
}

/// From the first sign-in to the sign-out, with renewals in the hidden iframe and a reload between them.
fn stays_signed_in(engine: Engine) -> anyhow::Result<()> {
    journey(Setup::demo().in_engine(engine), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        browser.wait_for_text("Signed in as Tess").await?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        app.renew_now().await?;
        eventually("the iframe is gone", async || {
            ensure!(app.iframes().await? == 0);
            Ok(())
        })
        .await?;
        let expenses = Expenses::of(world);
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        app.open("/").await?;
        app.press("Sign out").await?;
        app.wait_for_status("signed-out").await?;
        assert!(!app.kept().await?.holds_a_token());
        // At the issuer the session is over as well: it asks who it is.
        app.press("Sign in").await?;
        IssuerPages::of(world).sign_in("test", "test").await?;
        app.wait_for_status("signed-in").await
    })
}

/// Two tabs sign in, renew by one-time refresh token, and sign out together. Not in WebKit: its driver now and then stops answering
/// when there are two.
#[test]
fn tabs_act_as_one_in_firefox() -> anyhow::Result<()> {
    let setup = Setup::demo().in_engine(Engine::Firefox).with_config("storage", "local").with_refresh_tokens();
    journey(setup, async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        let waiting = browser.tab().await?;
        let active = browser.new_tab().await?;
        app.sign_in(Flow::Code).await?;
        for count in 1..=3 {
            browser.show(if count % 2 == 0 { &waiting } else { &active }).await?;
            app.wait_for_status("signed-in").await?;
            app.renew_now().await?;
            assert_eq!(app.last_method().await?, "refresh_token");
            browser.show(if count % 2 == 0 { &active } else { &waiting }).await?;
            app.wait_for_renewals(count).await?;
        }
        app.press("Sign out").await?;
        app.wait_for_status("signed-out").await?;
        browser.show(&active).await?;
        app.wait_for_status("signed-out").await?;
        browser.wait_for_text("You were signed out in another tab.").await
    })
}

#[test]
fn a_popup_signs_in_in_firefox() -> anyhow::Result<()> {
    journey(Setup::demo().in_engine(Engine::Firefox), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        browser.mark_document().await?;
        let page = browser.tab().await?;
        app.press("Use a popup").await?;
        let popup = browser.other_tab(&page).await?;
        browser.show(&popup).await?;
        let issuer = IssuerPages::of(world);
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        browser.show(&page).await?;
        app.wait_for_status("signed-in").await?;
        assert!(browser.is_marked().await?, "the page was left");
        browser.wait_until_alone().await
    })
}

#[test]
fn cookies_kept_from_the_iframe_are_named_in_firefox() -> anyhow::Result<()> {
    cookies_kept_from_the_iframe_are_named(Engine::Firefox)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "there is no WebKitGTK here")]
fn cookies_kept_from_the_iframe_are_named_in_webkit() -> anyhow::Result<()> {
    in_webkit(cookies_kept_from_the_iframe_are_named)
}

/// Both keep a third party's cookies from a frame, or keep others for it.
fn cookies_kept_from_the_iframe_are_named(engine: Engine) -> anyhow::Result<()> {
    journey(Setup::demo().in_engine(engine).with_issuer_at_another_site(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.open("/session").await?;
        app.press("Try the hidden iframe").await?;
        app.wait_to_be_told("does not work here: this browser keeps the issuer's cookies from it.").await?;
        assert_eq!(app.status().await?, "signed-in");
        Ok(())
    })
}

/// Safari takes no preload for what a script fetches.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "there is no WebKitGTK here")]
fn webkit_loaded_the_code_twice() -> anyhow::Result<()> {
    in_webkit(loads_the_code_once)
}

fn loads_the_code_once(engine: Engine) -> anyhow::Result<()> {
    journey(Setup::demo().in_engine(engine), async |world| {
        let app = App::of(world);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        app.wait_for_all_code().await?;
        let logs = world.logs();
        for part in ["_bg.wasm", ".js", ".css"] {
            let asked = format!("{part}\"}}: tower_http::trace::on_request");
            let asked = logs.lines().filter(|line| line.contains(&asked) && line.contains("/evergrant-app-"));
            assert_eq!(asked.count(), 1, "{part}");
        }
        Ok(())
    })
}

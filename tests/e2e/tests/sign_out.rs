//! Signing out wins over everything: the schedule, a renewal in flight, other tabs, the issuer's own session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::browser::Tab;
use evergrant_e2e::{App, Flow, IssuerPages, Setup, World, eventually, eventually_within, journey};
use serde_json::json;

const LIFETIME: u32 = 10;

#[test]
fn signing_out_with_a_renewal_scheduled_ends_everything() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.wait_for_renewals(1).await?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        back_in_the_app(world).await?;
        assert_nothing_is_left(world, pressed_at).await
    })
}

#[test]
fn signing_out_after_the_implicit_flow_ends_everything() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Implicit).await?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        back_in_the_app(world).await?;
        assert_nothing_is_left(world, pressed_at).await
    })
}

#[test]
fn the_issuer_is_told_at_sign_out_what_the_configuration_has_for_it() -> anyhow::Result<()> {
    let back_to = "https://app.example/?a=b&c";
    let setup = Setup::demo().with_config("logout_parameters", json!({ "logout_uri": back_to, "ui_locales": "de" }));
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        back_in_the_app(world).await?;
        let requests = world.browser.requests_since(pressed_at).await?;
        let told = requests.iter().find(|request| request.endpoint().ends_with("/oidc/logout")).unwrap();
        let said =
            |name: &str| told.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        assert_eq!(said("logout_uri").as_deref(), Some(back_to));
        assert_eq!(said("ui_locales").as_deref(), Some("de"));
        assert!(said("post_logout_redirect_uri").is_some());
        Ok(())
    })
}

#[test]
fn signing_out_with_a_renewal_in_flight_ends_everything() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        // The issuer takes the request and does not answer: the renewal is in flight for as long as it is held still.
        world.issuer.pause()?;
        app.press("Renew now").await?;
        app.wait_for_status("renewing").await?;
        eventually("the iframe is there", async || {
            ensure!(app.iframes().await? == 1);
            Ok(())
        })
        .await?;

        let reports = Reports::listen(world).await?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        reports.wait_until_nothing_is_kept_before_the_issuer_answers(world).await?;
        world.issuer.resume()?;
        back_in_the_app(world).await?;
        assert_nothing_is_left(world, pressed_at).await
    })
}

#[test]
fn signing_out_in_one_tab_signs_out_every_other_at_once() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let first = browser.tab().await?;
        let second = browser.new_tab().await?;
        app.open("/").await?;
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await?;

        // The issuer answers nobody: what the other tab learns, it learns from this one.
        world.issuer.pause()?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        browser.show(&first).await?;
        app.wait_for_status("signed-out").await?;
        browser.wait_for_text("signed out in another tab").await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());

        world.issuer.resume()?;
        browser.show(&second).await?;
        back_in_the_app(world).await?;
        assert_no_tokens_requested(world, pressed_at).await
    })
}

#[test]
fn the_back_button_after_signing_out_shows_nobody() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.press("Sign out").await?;
        back_in_the_app(world).await?;
        world.browser.mark_document().await?;
        world.browser.back().await?;
        eventually("another page of the history is shown, with nobody signed in", async || {
            ensure!(!world.browser.is_marked().await?, "the same page");
            let status = app.status().await?;
            ensure!(status == "signed-out", "{status}");
            Ok(())
        })
        .await?;
        let text = world.browser.text().await?;
        assert!(!text.contains("Signed in as"), "{text}");
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        Ok(())
    })
}

async fn back_in_the_app(world: &World) -> anyhow::Result<()> {
    eventually("the issuer has sent the person back to the app", async || {
        let address = world.browser.address().await?;
        ensure!(
            address.as_str() == format!("{}/", world.app_origin()),
            "{:?} of {}",
            address.path(),
            address.authority()
        );
        Ok(())
    })
    .await?;
    App::of(world).wait_for_status("signed-out").await
}

async fn assert_nothing_is_left(world: &World, pressed_at: SystemTime) -> anyhow::Result<()> {
    let app = App::of(world);
    assert_eq!(app.stored_names().await?, Vec::<String>::new());
    assert_eq!(app.iframes().await?, 0);
    let returned_at = SystemTime::now();
    let age = app.page_age().await?;
    eventually_within(Duration::from_secs(30), "a whole lifetime has passed", async || {
        let passed = app.page_age().await? - age;
        ensure!(passed > Duration::from_secs(u64::from(LIFETIME) + 2), "only {passed:?}");
        Ok(())
    })
    .await?;
    let requests = world.browser.requests_since(returned_at).await?;
    assert!(requests.is_empty(), "{requests:?}");
    assert_no_tokens_requested(world, pressed_at).await?;
    IssuerPages::of(world).wait_until_nobody_is_signed_in().await
}

/// Between the click and the way back there is the sign-out, the app's own files, and nothing else.
async fn assert_no_tokens_requested(world: &World, pressed_at: SystemTime) -> anyhow::Result<()> {
    let requests = world.browser.requests_since(pressed_at).await?;
    let issuer = world.issuer.origin();
    let logout = format!("{issuer}/oidc/logout");
    assert_eq!(requests.iter().filter(|request| request.endpoint() == logout).count(), 1, "{requests:?}");
    for request in &requests {
        let of_the_app = request.endpoint().starts_with(world.app_origin());
        assert!(of_the_app || request.endpoint() == logout, "{request:?} among {requests:?}");
    }
    Ok(())
}

/// What a page on its way out has to say. A browser that waits for the next page runs no script of a test's in this one,
/// so the page reports by itself, to another tab.
struct Reports {
    of: Tab,
    to: Tab,
}

impl Reports {
    async fn listen(world: &World) -> anyhow::Result<Self> {
        let browser = &world.browser;
        let of = browser.tab().await?;
        let report = "const channel = new BroadcastChannel('journey'); \
             const kept = () => [document.querySelectorAll('iframe').length, \
               ...Object.keys(sessionStorage).filter(name => name.endsWith('.session'))]; \
             setInterval(() => channel.postMessage(kept()), 20)";
        browser.script(report, vec![]).await?;
        let to = browser.new_tab().await?;
        // Any document of the app's origin that is not the app.
        App::of(world).open("/config.json").await?;
        let listen = "new BroadcastChannel('journey').onmessage = it => window.kept = it.data";
        browser.script(listen, vec![]).await?;
        browser.show(&of).await?;
        Ok(Self { of, to })
    }

    async fn wait_until_nothing_is_kept_before_the_issuer_answers(&self, world: &World) -> anyhow::Result<()> {
        world.browser.show(&self.to).await?;
        eventually("no iframe and no session is left", async || {
            let kept = world.browser.script("return window.kept", vec![]).await?;
            ensure!(kept == serde_json::json!([0]), "there is {kept}");
            Ok(())
        })
        .await?;
        world.browser.show(&self.of).await
    }
}

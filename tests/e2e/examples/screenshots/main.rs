//! Pictures of every state a person can see, whole pages, at two sizes and in both colour schemes; and in `docs` those that
//! the README shows.
//!
//! `cargo xtask screenshots DIRECTORY` runs it in the environment of the end-to-end tests.

mod album;
mod readme;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context;
use evergrant_e2e::{App, Device, Expenses, Flow, Inspector, IssuerPages, Setup, World, journey};
use fantoccini::Locator;
use serde_json::json;

use album::Album;

fn main() -> anyhow::Result<()> {
    let directory = PathBuf::from(env::args_os().nth(1).context("name a directory for the pictures")?);
    fs::create_dir_all(directory.join("docs"))?;
    let setup = || Setup::demo().with_access_token_lifetime(900);
    journey(setup(), async |world| signing_in(world, &Album { world, directory: &directory }).await)?;
    journey(setup(), async |world| trouble(world, &Album { world, directory: &directory }).await)?;
    journey(setup().with_any_issuer(), async |world| own_issuer(world, &Album { world, directory: &directory }).await)?;
    journey(setup(), async |world| issuer(world, &Album { world, directory: &directory }).await)?;
    journey(setup().with_web_app(), async |world| web_app(world, &Album { world, directory: &directory }).await)?;
    readme::pictures(&directory.join("docs"))
}

async fn signing_in(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
    app.open("/").await?;
    app.wait_for_status("signed-out").await?;
    album.take("1-signed-out").await?;
    app.press("Sign in").await?;
    browser.find(Locator::Css("input[name=username]")).await?;
    album.take("2-issuer-sign-in").await?;
    issuer.sign_in("test", "test").await?;
    browser.find(Locator::Css("button[name=decision]")).await?;
    album.take("3-issuer-consent").await?;
    issuer.decide("allow").await?;
    app.wait_for_status("signed-in").await?;
    for _ in 1..=3 {
        app.renew_now().await?;
    }
    album.take("4-signed-in").await?;
    browser.click(Locator::LinkText("Session")).await?;
    browser.wait_for_text("tess@example.com").await?;
    album.take("5-session").await?;
    failures(app, album).await?;
    let expenses = Expenses::of(world);
    expenses.follow().await?;
    expenses.wait_for_table().await?;
    album.take("5-expenses").await
}

async fn failures(app: App<'_>, album: &Album<'_>) -> anyhow::Result<()> {
    let inspector = Inspector::open(app).await?;
    for failure in ["Fail the next renewal", "Expire now", "Answer 429", "Slow the next renewal"] {
        let renewals = app.renewals().await?;
        inspector.try_failure(failure).await?;
        app.wait_for_renewals(renewals + 1).await?;
    }
    inspector.try_failure("Go offline").await?;
    app.wait_for_status("retrying").await?;
    album.take("5-session-offline").await?;
    inspector.try_failure("Go online").await?;
    app.wait_for_status("signed-in").await?;
    inspector.try_failure("Sleep ten minutes").await?;
    inspector.wait_to_see("rect.still").await?;
    album.take("5-session-slept").await
}

async fn trouble(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
    app.sign_in(Flow::Code).await?;
    issuer.sign_out().await?;
    album.take("6-issuer-nobody").await?;
    app.open("/").await?;
    app.wait_for_status("signed-in").await?;
    app.press("Renew now").await?;
    app.wait_for_status("signed-out").await?;
    album.take("7-session-ended").await?;
    Inspector::open(app).await?;
    album.take("7-session-ended-timeline").await?;

    world.issuer.kill();
    browser.reload().await?;
    app.press("Sign in").await?;
    app.wait_to_be_told("could not be reached").await?;
    album.take("8-issuer-unreachable").await?;

    let config = world.app_dir.read_config()?;
    world.app_dir.write_config(&config.replacen("\"issuer\"", "\"isuer\"", 1))?;
    app.open("/").await?;
    browser.wait_for_text("isuer").await?;
    album.take("9-configuration-error").await?;
    world.app_dir.write_config(&config)?;
    app.open("/no-such-page").await?;
    browser.find(Locator::Css("h1")).await?;
    album.take("10-not-found").await?;
    world.app_dir.remove_code("wasm")?;
    browser.devtools("Network.clearBrowserCache", &json!({})).await?;
    app.open("/").await?;
    browser.wait_for_text("The app could not be loaded").await?;
    album.take("11-not-loaded").await
}

async fn own_issuer(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, browser) = (App::of(world), &world.browser);
    let (issuer, client) = (Locator::Css("#issuer"), Locator::Css("#client-id"));
    let link = format!("/issuer#issuer={}/&client_id=evergrant-app&scope=openid", world.issuer.origin());
    app.open(&link).await?;
    app.wait_to_be_told("This app can sign in there.").await?;
    album.take("12-own-issuer-link").await?;
    browser.reload().await?;
    app.wait_to_be_told("What to register there").await?;
    browser.fill(issuer, world.issuer.origin()).await?;
    app.wait_to_be_told("calls itself otherwise").await?;
    album.take("12-own-issuer-wrong").await?;
    browser.fill(issuer, &format!("{}/", world.issuer.origin())).await?;
    browser.fill(client, "evergrant-app").await?;
    app.wait_to_be_told("This app can sign in there.").await?;
    album.take("12-own-issuer").await?;
    app.press("Use this issuer").await?;
    app.wait_to_be_told("How to sign in").await?;
    app.open("/issuer").await?;
    app.wait_to_be_told("You are using an issuer of your own.").await?;
    album.take("12-own-issuer-in-use").await
}

async fn issuer(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
    app.open("/").await?;
    app.press("Sign in").await?;
    issuer.sign_in("test", "wrong").await?;
    browser.find(Locator::Css(".error:not(:empty)")).await?;
    album.take("13-issuer-wrong-password").await?;
    issuer.sign_in("test", "test").await?;
    issuer.decide("allow").await?;
    app.wait_for_status("signed-in").await?;
    for (path, words, name) in [
        ("/", "Signed in as", "14-issuer-home"),
        ("/account", "Applications that stay signed in", "14-issuer-account"),
        ("/dev", "The next failure", "14-issuer-dev"),
        ("/authorize?client_id=nobody", "This request cannot go on", "14-issuer-error"),
    ] {
        browser.open(&format!("{}{path}", world.issuer.origin())).await?;
        browser.wait_for_text(words).await?;
        album.take(name).await?;
    }
    let device = Device::start(world)?;
    browser.open(&device.verification_uri).await?;
    browser.wait_for_text("Enter the code").await?;
    album.take("14-issuer-device").await?;
    issuer.enter_user_code(&device.user_code).await?;
    browser.wait_for_text("asks to:").await?;
    album.take("14-issuer-device-question").await?;
    issuer.decide("allow").await?;
    browser.wait_for_text("The device is signed in").await?;
    album.take("14-issuer-device-signed-in").await
}

async fn web_app(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (web_app, browser) = (world.web_app()?, &world.browser);
    browser.open(web_app.origin()).await?;
    browser.wait_for_text("Nobody is signed in").await?;
    album.take("15-web-app-nobody").await?;
    web_app.sign_in(world).await?;
    album.take("15-web-app-expenses").await?;
    browser.open(&format!("{}/no-such-page", web_app.origin())).await?;
    browser.wait_for_text("Nothing here").await?;
    album.take("15-web-app-message").await
}

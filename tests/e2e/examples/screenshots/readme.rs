//! The pictures in the README: of what is worth seeing, no more than that.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use evergrant_e2e::{App, Expenses, Flow, Inspector, IssuerPages, Setup, World, eventually_within, journey};
use fantoccini::Locator;

use crate::album::Album;

const TIMELINE: &str = "section[aria-labelledby=evergrant-timeline]";

/// Takes them, into `directory`.
pub(crate) fn pictures(directory: &Path) -> anyhow::Result<()> {
    let hour = Setup::demo().with_access_token_lifetime(3600);
    journey(hour, async |world| signing_in(world, &Album { world, directory }).await)?;
    let seconds = Setup::demo().with_access_token_lifetime(20);
    journey(seconds, async |world| failures(world, &Album { world, directory }).await)?;
    journey(Setup::demo().with_any_issuer(), async |world| own_issuer(world, &Album { world, directory }).await)
}

async fn signing_in(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, issuer, browser) = (App::of(world), IssuerPages::of(world), &world.browser);
    app.open("/").await?;
    app.press("Sign in").await?;
    issuer.sign_in("test", "test").await?;
    browser.find(Locator::Css("button[name=decision]")).await?;
    album.on_a_phone("phone-consent", "light").await?;
    issuer.decide("allow").await?;
    app.wait_for_status("signed-in").await?;
    Expenses::of(world).follow().await?;
    Expenses::of(world).wait_for_table().await?;
    album.on_a_phone("phone-expenses", "light").await
}

/// A minute in a session's life: quiet renewals, one that fails, a network that goes and comes back.
async fn failures(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let app = App::of(world);
    app.sign_in(Flow::Code).await?;
    let inspector = Inspector::open(app).await?;
    app.wait_for_renewals(1).await?;
    inspector.try_failure("Fail the next renewal").await?;
    app.wait_for_renewals(2).await?;
    wait_until_left(app, 14).await?;
    inspector.try_failure("Go offline").await?;
    app.wait_for_status("retrying").await?;
    wait_until_left(app, 9).await?;
    inspector.try_failure("Go online").await?;
    app.wait_for_renewals(3).await?;
    wait_until_left(app, 13).await?;
    album.cut_out("timeline", Some(TIMELINE), TIMELINE).await?;
    world.browser.click(Locator::LinkText("Home")).await?;
    album.on_a_phone("phone-signed-in", "dark").await?;
    album.cut_out("signed-in", None, ".signed-in").await
}

/// Waits until the access token lives no longer than `seconds`.
async fn wait_until_left(app: App<'_>, seconds: i64) -> anyhow::Result<()> {
    eventually_within(Duration::from_secs(60), "the token grows older", async || {
        let left = app.expires_in().await?;
        ensure!(left <= seconds, "{left} seconds left");
        Ok(())
    })
    .await
}

async fn own_issuer(world: &World, album: &Album<'_>) -> anyhow::Result<()> {
    let (app, browser) = (App::of(world), &world.browser);
    app.open("/issuer").await?;
    browser.fill(Locator::Css("#issuer"), &format!("{}/", world.issuer.origin())).await?;
    browser.fill(Locator::Css("#client-id"), "evergrant-app").await?;
    app.wait_to_be_told("This app can sign in there.").await?;
    album.cut_out("issuer", None, ".columns > section").await
}

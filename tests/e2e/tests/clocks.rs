//! An issuer whose clock is wrong: inside the tolerance nobody notices, outside it the app names the clock and both times.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evergrant_e2e::{App, Expenses, Flow, Setup, World, journey};

/// Shorter than the differences that must be noticed, so that a token from an issuer that is behind has expired on arrival.
const ID_TOKEN_LIFETIME: u32 = 45;

#[test]
fn an_issuer_that_is_ahead_is_noticed_beyond_the_tolerance() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        accepted_with_the_clock_moved(world, 30).await?;
        for ahead in [120, 600] {
            refused_with_the_clock_moved(world, ahead, "ID token used too early").await?;
        }
        // With the clock right again all is well.
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn an_issuer_that_is_behind_is_noticed_beyond_the_tolerance() -> anyhow::Result<()> {
    journey(Setup::demo().with_id_token_lifetime(ID_TOKEN_LIFETIME), async |world| {
        accepted_with_the_clock_moved(world, -30).await?;
        for behind in [-120, -600] {
            refused_with_the_clock_moved(world, behind, "ID token expired already").await?;
        }
        Ok(())
    })
}

/// Both at the app and at the API. The person stays known to the issuer, and the clock is back where it was afterwards.
async fn accepted_with_the_clock_moved(world: &World, seconds: i32) -> anyhow::Result<()> {
    let (app, expenses) = (App::of(world), Expenses::of(world));
    world.issuer.move_clock(seconds)?;
    app.sign_in(Flow::Code).await?;
    expenses.follow().await?;
    expenses.wait_for_table().await?;
    assert!(!world.browser.text().await?.contains("clock"));
    world.browser.script("sessionStorage.clear()", vec![]).await?;
    world.issuer.move_clock(-seconds)
}

async fn refused_with_the_clock_moved(world: &World, seconds: i32, fault: &str) -> anyhow::Result<()> {
    let app = App::of(world);
    world.issuer.move_clock(seconds)?;
    app.open("/").await?;
    app.press("Sign in").await?;
    app.wait_to_be_told(&format!("{fault}: this device's clock says 20")).await?;
    app.wait_to_be_told("by the issuer's clock the ID token was issued at 20").await?;
    app.wait_for_status("signed-out").await?;
    world.issuer.move_clock(-seconds)
}

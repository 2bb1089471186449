//! The examples, built as they stand and used in a browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{IssuerPages, Setup, World, eventually, journey};
use evergrant_interop::peer::prepared;
use fantoccini::Locator;

/// The demo, with an example in place of its app.
fn example(name: &str) -> anyhow::Result<Setup> {
    Ok(Setup::demo().with_app(prepared("EVERGRANT_EXAMPLES_DIR")?.join(name)))
}

async fn press(world: &World, button: &str) -> anyhow::Result<()> {
    world.browser.click(Locator::XPath(&format!("//button[normalize-space()='{button}']"))).await
}

async fn sign_in_at_the_issuer(world: &World) -> anyhow::Result<()> {
    let issuer = IssuerPages::of(world);
    issuer.sign_in("test", "test").await?;
    issuer.decide("allow").await
}

async fn wait_for_address(world: &World, path: &str) -> anyhow::Result<()> {
    let expected = format!("{}{path}", world.app_origin());
    eventually(&format!("the address is {path}"), async || {
        let address = world.browser.address().await?;
        ensure!(address.as_str() == expected, "its path is {}", address.path());
        Ok(())
    })
    .await
}

#[test]
fn the_minimal_app_signs_in_renews_and_calls_the_api() -> anyhow::Result<()> {
    journey(example("minimal")?.with_access_token_lifetime(10), async |world| {
        world.browser.open(world.app_origin()).await?;
        press(world, "Sign in").await?;
        sign_in_at_the_issuer(world).await?;
        world.browser.wait_for_text("Signed in as Tess Tester; renewals: ").await?;
        eventually("it is renewed by itself", async || {
            let shown = world.browser.text().await?;
            ensure!(shown.contains("renewals: ") && !shown.contains("renewals: 0"), "it shows {shown:?}");
            Ok(())
        })
        .await?;
        press(world, "Load expenses").await?;
        world.browser.wait_for_text("Train to the customer").await?;
        assert_eq!(world.api.issued_at().len(), 1, "the API saw one good token");

        press(world, "Sign out").await?;
        world.browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}

/// The demo's API takes bound tokens from who proves that they are theirs, and from nobody else.
#[test]
fn the_minimal_app_binds_its_tokens_to_a_key_of_the_browser() -> anyhow::Result<()> {
    let scope = "openid profile offline_access read:expenses";
    let setup = example("minimal-dpop")?.with_config("dpop", true).with_config("scope", scope);
    journey(setup.with_access_token_lifetime(10), async |world| {
        let browser = &world.browser;
        browser.open(world.app_origin()).await?;
        press(world, "Sign in").await?;
        sign_in_at_the_issuer(world).await?;
        browser.wait_for_text("Signed in as Tess Tester; renewals: ").await?;
        let stored = StoredSession::read(browser).await?;
        assert!(stored.access_token_claims()?["cnf"]["jkt"].is_string());
        eventually("it is renewed by itself", async || {
            let shown = browser.text().await?;
            ensure!(shown.contains("renewals: ") && !shown.contains("renewals: 0"), "it shows {shown:?}");
            Ok(())
        })
        .await?;
        browser.reload().await?;
        press(world, "Load expenses").await?;
        browser.wait_for_text("Train to the customer").await?;
        press(world, "Sign out").await?;
        browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}

#[test]
fn the_router_guards_its_routes_and_comes_back_to_them() -> anyhow::Result<()> {
    journey(example("router")?, async |world| {
        let browser = &world.browser;
        browser.open(world.app_origin()).await?;
        browser.wait_for_text("Everybody may read this").await?;
        browser.click(Locator::LinkText("Report 7")).await?;
        sign_in_at_the_issuer(world).await?;
        browser.wait_for_text("Report 7, for you alone").await?;
        wait_for_address(world, "/reports/7?full=yes").await?;

        // Signed in, no route leaves the page.
        browser.mark_document().await?;
        browser.click(Locator::LinkText("Account")).await?;
        browser.wait_for_text("The account of Tess Tester").await?;
        wait_for_address(world, "/account").await?;
        assert!(browser.is_marked().await?, "the page was left");

        press(world, "Sign out").await?;
        browser.wait_for_text("Everybody may read this").await?;
        browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        wait_for_address(world, "/").await
    })
}

//! The server-side web app: signed in by the hybrid flow, its tokens never in the browser, refreshed when they expire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::{IssuerPages, Setup, World, eventually, eventually_within, journey};

const LIFETIME: u32 = 10;

#[test]
fn expenses_past_expiry_are_loaded_with_a_refreshed_token() -> anyhow::Result<()> {
    journey(Setup::demo().with_web_app().with_access_token_lifetime(LIFETIME), async |world| {
        let (web_app, browser) = (world.web_app()?, &world.browser);
        web_app.sign_in(world).await?;
        browser.wait_for_text("Total").await?;
        let (first, issued_at) = web_app.token_issued_at(browser).await?;
        web_app.press(browser, "Load again").await?;
        assert_eq!(web_app.token_issued_at(browser).await?.0, first, "a token that is good is used again");

        for count in 1..=2 {
            wait_past_expiry(web_app.token_issued_at(browser).await?.1).await?;
            web_app.press(browser, "Load again").await?;
            let (_, renewed) = web_app.token_issued_at(browser).await?;
            assert!(renewed >= issued_at + i64::from(LIFETIME) * count, "{renewed} after {issued_at}");
        }
        assert_eq!(world.issuer.answered("/oauth/token", 200), 3, "one code, and two refreshes");

        let at_the_api = world.api.issued_at();
        assert_eq!(at_the_api.len(), 4, "{at_the_api:?}");
        assert!(at_the_api[0] == first && at_the_api[1] == first && at_the_api[2] != first, "{at_the_api:?}");
        let logged = web_app.output();
        assert!(at_the_api.iter().all(|date| logged.contains(date)), "the web app logs the same dates: {logged}");
        assert!(!world.logs().contains("eyJ"), "no token is in a log");
        no_token_is_in_the_browser(world).await
    })
}

#[test]
fn signing_out_ends_everything() -> anyhow::Result<()> {
    journey(Setup::demo().with_web_app(), async |world| {
        let (web_app, browser) = (world.web_app()?, &world.browser);
        web_app.sign_in(world).await?;
        web_app.press(browser, "Sign out").await?;
        eventually("the person is back", async || {
            let address = browser.address().await?;
            ensure!(address.as_str() == format!("{}/", web_app.origin()), "{:?}", address.path());
            Ok(())
        })
        .await?;
        browser.wait_for_text("Nobody is signed in").await?;
        assert_eq!(world.issuer.answered("/oauth/revoke", 200), 1, "the refresh token was taken back");
        browser.open(&format!("{}/expenses", web_app.origin())).await?;
        browser.wait_for_text("to continue to Test client").await
    })
}

#[test]
fn signing_out_of_all_devices_at_the_issuer_ends_the_web_apps_session_at_once() -> anyhow::Result<()> {
    journey(Setup::demo().with_web_app(), async |world| {
        let (web_app, browser) = (world.web_app()?, &world.browser);
        web_app.sign_in(world).await?;
        IssuerPages::of(world).sign_out_everywhere().await?;
        eventually("the web app says so", async || {
            browser.open(web_app.origin()).await?;
            let text = browser.text().await?;
            ensure!(text.contains("You were signed out") && text.contains("of all devices"), "it says {text:?}");
            Ok(())
        })
        .await?;
        assert!(!world.logs().contains("eyJ"), "no token is in a log");
        browser.open(&format!("{}/expenses", web_app.origin())).await?;
        browser.wait_for_text("You were signed out").await?;
        browser.open(&format!("{}/sign-in", web_app.origin())).await?;
        IssuerPages::of(world).sign_in("test", "test").await?;
        browser.wait_for_text("The API saw an access token").await
    })
}

#[test]
fn an_api_that_is_down_is_told_and_found_again() -> anyhow::Result<()> {
    journey(Setup::demo().with_web_app(), async |world| {
        let (web_app, browser) = (world.web_app()?, &world.browser);
        web_app.sign_in(world).await?;
        world.api.kill();
        web_app.press(browser, "Load again").await?;
        browser.wait_for_text("the expenses API cannot be reached").await?;
        world.api.restart()?;
        browser.open(&format!("{}/expenses", web_app.origin())).await?;
        browser.wait_for_text("Total").await
    })
}

async fn wait_past_expiry(issued_at: i64) -> anyhow::Result<()> {
    let lifetime = Duration::from_secs(u64::from(LIFETIME));
    eventually_within(lifetime * 3, "the access token has expired", async || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        // The lifetime counts from the request; the second of its issue is rounded down.
        let expired = Duration::from_secs(u64::try_from(issued_at)?) + lifetime + Duration::from_secs(1);
        ensure!(now > expired, "not yet");
        Ok(())
    })
    .await
}

async fn no_token_is_in_the_browser(world: &World) -> anyhow::Result<()> {
    let page = world.browser.script("return document.documentElement.outerHTML + document.cookie", vec![]).await?;
    assert!(!page.as_str().unwrap().contains("eyJ"));
    let cookies = world.browser.devtools("Network.getAllCookies", &serde_json::json!({})).await?;
    let of_the_web_app: Vec<_> =
        cookies["cookies"].as_array().unwrap().iter().filter(|it| it["name"] == "evergrant-web").collect();
    assert_eq!(of_the_web_app.len(), 1);
    assert_eq!(of_the_web_app[0]["httpOnly"], true);
    assert!(!cookies.to_string().contains("eyJ"), "no token is in a cookie");
    Ok(())
}

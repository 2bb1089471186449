//! Pictures of every state a person can see, at two sizes and in both colour schemes.
//!
//! Run it with the environment of the end-to-end tests:
//! `cargo run --package evergrant-e2e --example screenshots -- DIRECTORY`

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Context;
use evergrant_e2e::{App, Expenses, IssuerPages, Setup, World, journey};
use fantoccini::Locator;
use serde_json::json;

fn main() -> anyhow::Result<()> {
    let directory = PathBuf::from(env::args_os().nth(1).context("name a directory for the pictures")?);
    fs::create_dir_all(&directory)?;
    journey(Setup::demo().with_access_token_lifetime(900), async |world| {
        let (album, app, issuer) = (Album { world, directory: &directory }, App::of(world), IssuerPages::of(world));
        let browser = &world.browser;

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
        for count in 1..=3 {
            app.press("Renew now").await?;
            app.wait_for_renewals(count).await?;
        }
        album.take("4-signed-in").await?;
        browser.click(Locator::LinkText("Session")).await?;
        browser.wait_for_text("tess@example.com").await?;
        album.take("5-session").await?;
        let expenses = Expenses::of(world);
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        album.take("5-expenses").await?;

        issuer.sign_out().await?;
        album.take("6-issuer-nobody").await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        album.take("7-session-ended").await?;

        world.issuer.kill();
        browser.reload().await?;
        app.press("Sign in").await?;
        app.wait_to_be_told("could not be reached").await?;
        album.take("8-issuer-unreachable").await?;
        world.issuer.restart()?;

        let config = world.app_dir.read_config()?;
        world.app_dir.write_config(&config.replacen("\"issuer\"", "\"isuer\"", 1))?;
        app.open("/").await?;
        browser.wait_for_text("isuer").await?;
        album.take("9-configuration-error").await?;
        world.app_dir.write_config(&config)?;

        app.open("/no-such-page").await?;
        browser.find(Locator::Css("h1")).await?;
        album.take("10-not-found").await
    })
}

struct Album<'a> {
    world: &'a World,
    directory: &'a Path,
}

impl Album<'_> {
    /// The page as it is, four times.
    async fn take(&self, name: &str) -> anyhow::Result<()> {
        let browser = &self.world.browser;
        for (width, height) in [(1280, 800), (390, 844)] {
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600 });
            browser.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
            for scheme in ["light", "dark"] {
                let features = json!({ "features": [
                    { "name": "prefers-color-scheme", "value": scheme },
                    // What moves is shown where it stands.
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] });
                browser.devtools("Emulation.setEmulatedMedia", &features).await?;
                let file = self.directory.join(format!("{name}-{width}-{scheme}.png"));
                fs::write(&file, browser.screenshot().await?)?;
            }
        }
        browser.devtools("Emulation.clearDeviceMetricsOverride", &json!({})).await?;
        println!("{name}");
        Ok(())
    }
}

//! Finds out which functions of the app run until it is there: for somebody who is not signed in, and for somebody who is; and which take
//! up what happens before the rest of the code is there.
//!
//! `cargo xtask profile` runs it with an app that records them (`evergrant-finish --record`), and keeps what it found in the
//! file that the command line names.

use std::collections::BTreeSet;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, ensure};
use evergrant_e2e::{App, Setup, World, eventually, journey};

/// For so long the app is left to itself: what it does once a second it has done by then.
const CALM: Duration = Duration::from_secs(3);

/// Of the access token, in seconds: the timer of the renewal fires soon after the page was opened.
const LIFETIME: u32 = 10;

fn main() -> anyhow::Result<()> {
    let list = env::args_os().nth(1).context("name the file to keep them in")?;
    let mut ran = BTreeSet::new();
    for storage in ["local", "memory"] {
        ran.append(&mut ran_with(storage)?);
    }
    println!("{} functions run at the start.", ran.len());
    let lines: String = ran.iter().flat_map(|line| [line, "\n"]).collect();
    Ok(fs::write(&list, lines)?)
}

/// The functions that have run in an app that stores its session like this, as they are listed.
fn ran_with(storage: &str) -> anyhow::Result<BTreeSet<String>> {
    let setup = Setup::demo().with_config("storage", storage).with_access_token_lifetime(LIFETIME);
    let mut listed = BTreeSet::new();
    journey(setup, async |world| {
        let functions = fs::read_to_string(world.app_dir.path().join("functions.txt"))
            .context("the app does not record what runs: build it with `evergrant-finish --record`")?;
        let functions: Vec<&str> = functions.lines().collect();
        let app = App::of(world);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        let mut ran = ran_until_calm(world).await?;

        world.browser.script("evergrantArrived()", vec![]).await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("test", "test").await?;
        app.wait_for_status("signed-in").await?;
        app.open("/").await?;
        if storage == "local" {
            app.wait_for_status("signed-in").await?;
            ran.append(&mut ran_until_calm(world).await?);
            eventually("the timer has fired, and the token has expired", async || {
                ensure!(app.expires_in().await? == 0);
                Ok(())
            })
            .await?;
            ran.append(&mut ran_until_calm(world).await?);
            // A renewal is due as soon as the page is there.
            app.open("/").await?;
        }
        ran.append(&mut ran_until_calm(world).await?);
        // Some have no name.
        let named = ran.iter().filter_map(|number| functions.get(*number)).filter(|line| !line.is_empty());
        listed.extend(named.map(ToString::to_string));
        Ok(())
    })?;
    Ok(listed)
}

/// The numbers of the functions that have run by the time the app has nothing more to do.
async fn ran_until_calm(world: &World) -> anyhow::Result<BTreeSet<usize>> {
    let happens = "for (const name of ['focus', 'offline', 'online']) dispatchEvent(new Event(name));
        document.dispatchEvent(new Event('visibilitychange'));
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
        new BroadcastChannel('evergrant.evergrant-app').postMessage('changed')";
    world.browser.script(happens, vec![]).await?;
    tokio::time::sleep(CALM).await;
    let ran = world.browser.script("return [...evergrantRan]", vec![]).await?;
    serde_json::from_value(ran).context("the app does not tell which functions ran")
}

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
    let setup = Setup::demo().with_config("storage", "local").with_access_token_lifetime(LIFETIME);
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
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        ran.append(&mut ran_until_calm(world).await?);
        eventually("the timer has fired, and the token has expired", async || {
            ensure!(app.expires_in().await? == 0);
            Ok(())
        })
        .await?;
        ran.append(&mut ran_until_calm(world).await?);

        let listed = ran.iter().filter_map(|number| functions.get(*number)).copied();
        // Some have no name.
        let listed: BTreeSet<&str> = listed.filter(|line| !line.is_empty()).collect();
        println!("{} functions run at the start, of {}.", ran.len(), functions.len());
        let lines: String = listed.into_iter().flat_map(|line| [line, "\n"]).collect();
        Ok(fs::write(&list, lines)?)
    })
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

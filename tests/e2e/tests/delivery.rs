//! The app as strangers get it: compressed, sealed by hashes, under a policy without exceptions; and whole, or not at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Setup, World, compressed_copy, eventually, journey};
use serde_json::{Value, json};

#[test]
fn the_delivered_app_signs_in_and_each_of_its_files_travels_once_and_compressed() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        app.wait_for_all_code().await?;
        for (begins, ends) in [(APP, ".css"), ("stopped", ".js"), (APP, ".js"), (APP, "_bg.wasm"), (REST, ".wasm")] {
            let file = only_file(world.app_dir.path(), begins, ends);
            let compressed = fs::metadata(compressed_copy(&file, "br"))?.len();
            let name = file.file_name().and_then(|name| name.to_str()).unwrap();
            let received = received(world, name).await?;
            assert_eq!(received, [compressed], "bytes of {name}, for each time it was asked for");
        }
        app.sign_in(Flow::Code).await?;
        world.browser.wait_for_text("Signed in as ").await?;
        let console = world.browser.console().await?;
        assert!(console.is_empty(), "{console:?}");
        Ok(())
    })
}

#[test]
fn the_policy_of_the_delivered_app_admits_its_own_files_and_one_line_that_is_inline() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        App::of(world).open("/").await?;
        let header = "return (await fetch('/')).headers.get('content-security-policy')";
        let policy = world.browser.script(header, vec![]).await?;
        let policy = policy.as_str().unwrap_or_default();
        // The line is the same in every build, and so is its hash: whoever writes a policy by hand can rely on it.
        let line = "'sha256-xNAMfQwCEM6FbpccU3hcMTzB/wjckIuV05OQYnVgLjw='";
        assert!(
            policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' {line}; style-src 'self';")),
            "{policy}"
        );
        Ok(())
    })
}

#[test]
fn a_page_that_opened_the_app_has_no_hold_on_it() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let browser = &world.browser;
        browser.open(&format!("{}/silent", world.silent_origin())).await?;
        browser.script("window.opened = window.open(arguments[0])", vec![json!(world.app_origin())]).await?;
        eventually("the window that was opened is out of reach", async || {
            let closed = browser.script("return window.opened.closed", vec![]).await?;
            ensure!(closed == json!(true), "it is in reach");
            Ok(())
        })
        .await?;
        let opener = browser.tab().await?;
        browser.show(&browser.other_tab(&opener).await?).await?;
        App::of(world).wait_for_status("signed-out").await
    })
}

#[test]
fn code_that_is_not_what_was_built_does_not_run() -> anyhow::Result<()> {
    refused("_bg.wasm")
}

#[test]
fn a_script_that_is_not_what_was_built_does_not_run() -> anyhow::Result<()> {
    refused(".js")
}

/// Changes a file so that it would still run, and sees that it does not.
fn refused(kind: &str) -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let file = only_file(world.app_dir.path(), APP, kind);
        let mut content = fs::read(&file)?;
        match kind {
            ".js" => content.extend(b"\n"),
            // A custom section without a name or content, which means nothing.
            _ => content.extend([0, 1, 0]),
        }
        fs::write(&file, content)?;
        for encoding in ["br", "gz"] {
            fs::remove_file(compressed_copy(&file, encoding))?;
        }
        App::of(world).open("/").await?;
        eventually("the browser says that the hash is another", async || {
            let console = world.browser.console().await?;
            ensure!(console.iter().any(|line| line.contains("integrity")), "{console:?}");
            Ok(())
        })
        .await?;
        let waiting = "return document.querySelector('#app .waiting')?.checkVisibility()";
        eventually("the first paint is drawn, and stays", async || {
            ensure!(world.browser.script(waiting, vec![]).await? == Value::Bool(true));
            Ok(())
        })
        .await
    })
}

/// What the names of its script and of its code begin with.
const APP: &str = "evergrant-app-";

/// What the name of the code begins with that follows.
const REST: &str = "evergrant-app-rest-";

/// The one file of the app whose name begins and ends so.
fn only_file(app: &Path, begins: &str, ends: &str) -> PathBuf {
    let names = fs::read_dir(app).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names = names.filter(|name| name.starts_with(begins) && name.ends_with(ends));
    let name = names.next().unwrap_or_else(|| panic!("no {begins}…{ends} in {}", app.display()));
    assert_eq!(names.next(), None, "one {begins}…{ends} is enough");
    app.join(name)
}

/// How many bytes came, for each request for a file.
async fn received(world: &World, name: &str) -> anyhow::Result<Vec<u64>> {
    let sizes = "return performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/' + arguments[0]))\
                 .map(entry => entry.encodedBodySize)";
    let sizes = world.browser.script(sizes, vec![name.into()]).await?;
    Ok(serde_json::from_value(sizes)?)
}

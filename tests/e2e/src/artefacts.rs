//! What is tested: the built app and programs that `cargo xtask test` prepares and names in the environment.

use std::env;
use std::path::PathBuf;

use anyhow::Context;

use crate::driver::Engine;

/// Where everything lies.
#[derive(Clone, Debug)]
pub struct Artefacts {
    /// The app as Trunk built it.
    pub app_dir: PathBuf,
    /// The authorization server.
    pub issuer: PathBuf,
    /// The static server, for the silent page and for the app.
    pub silent: PathBuf,
    /// The expenses API.
    pub api: PathBuf,
    /// The server-side web app, and the cookie mode.
    pub web_app: PathBuf,
    /// ChromeDriver.
    pub chromedriver: PathBuf,
    /// Chromium, of the same version as ChromeDriver.
    pub chromium: PathBuf,
}

impl Artefacts {
    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing: a test that found nothing to test has not passed.
    pub fn from_env() -> anyhow::Result<Self> {
        Ok(Self {
            app_dir: app_dir()?,
            issuer: named("EVERGRANT_ISSUER_BIN")?,
            silent: named("EVERGRANT_SILENT_BIN")?,
            api: named("EVERGRANT_API_BIN")?,
            web_app: named("EVERGRANT_WEBAPP_BIN")?,
            chromedriver: named("CHROMEDRIVER")?,
            chromium: named("CHROMIUM")?,
        })
    }
}

/// The app as Trunk built it, for tests that need nothing else.
///
/// # Errors
/// When the variable is missing.
pub fn app_dir() -> anyhow::Result<PathBuf> {
    named("EVERGRANT_APP_DIR")
}

/// A browser, and what drives it.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The browser.
    pub browser: PathBuf,
    /// Its driver.
    pub driver: PathBuf,
}

/// Firefox or WebKitGTK's browser, which few journeys need.
///
/// # Errors
/// When a variable is missing.
pub fn programs(engine: Engine) -> anyhow::Result<Programs> {
    let [browser, driver] = match engine {
        Engine::Chromium => ["CHROMIUM", "CHROMEDRIVER"],
        Engine::Firefox => ["FIREFOX", "GECKODRIVER"],
        Engine::WebKit => ["MINI_BROWSER", "WEBKIT_DRIVER"],
    };
    Ok(Programs { browser: named(browser)?, driver: named(driver)? })
}

/// axe-core's script, which finds barriers in pages.
///
/// # Errors
/// When the variable is missing.
pub fn axe() -> anyhow::Result<PathBuf> {
    named("EVERGRANT_AXE")
}

fn named(variable: &str) -> anyhow::Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).with_context(|| {
        format!("{variable} is not set. Run the end-to-end tests with `cargo xtask test`, which builds what they need")
    })
}

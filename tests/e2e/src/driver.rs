//! ChromeDriver, and the Chromium it starts.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use crate::artefacts::Artefacts;
use crate::process::Process;

/// What keeps Chromium quiet, and lets it run as root in a container with little shared memory.
const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--window-size=1280,800",
];

/// A driver, its browser and the profile of that, gone when it is dropped.
#[derive(Debug)]
pub struct Driver {
    browser: Option<Pid>,
    _process: Process,
    _profile: TempDir,
}

impl Driver {
    /// Starts a driver on a free port, and a browser with a fresh profile.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start(artefacts: &Artefacts, blocks_site_data: bool) -> anyhow::Result<(Self, Client)> {
        let (process, port) = start_driver(artefacts)?;
        let profile = TempDir::with_prefix("evergrant-browser-")?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&artefacts.chromium, profile.path(), blocks_site_data))
            .connect(&format!("http://localhost:{port}"))
            .await
            .context("Chromium does not start")?;
        let browser = client.capabilities().and_then(|granted| granted.get("goog:processID")?.as_i64());
        let browser = browser.and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok((Self { browser, _process: process, _profile: profile }, client))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind. One that closed its browser has waited for its end.
        if let Some(browser) = self.browser {
            kill_process(browser, Signal::KILL).ok();
        }
    }
}

/// ChromeDriver takes a free port of IPv6, wants the same of IPv4, and ends where somebody else has that one: the next port is
/// another.
fn start_driver(artefacts: &Artefacts) -> anyhow::Result<(Process, String)> {
    let mut command = Command::new(&artefacts.chromedriver);
    command.args(["--port=0", "--log-level=SEVERE"]);
    let mut start = || Process::start("ChromeDriver", &mut command, announced_port);
    start().or_else(|_| start()).or_else(|_| start())
}

fn announced_port(line: &str) -> Option<String> {
    line.strip_prefix("ChromeDriver was started successfully on port ")?.strip_suffix('.').map(str::to_owned)
}

fn capabilities(chromium: &Path, profile: &Path, blocks_site_data: bool) -> Capabilities {
    let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    // 2 is "block" among the browser's content settings; it covers every kind of site data.
    let site_data = if blocks_site_data { 2 } else { 1 };
    let capabilities = json!({
        "browserName": "chrome",
        // A click that leads to a server that does not answer must return all the same.
        "pageLoadStrategy": "none",
        // While a page is on its way out, the browser runs no script in it.
        "timeouts": { "script": 5_000 },
        "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": chromium,
            "args": arguments,
            "prefs": { "profile.default_content_setting_values.cookies": site_data },
        },
    });
    capabilities.as_object().cloned().unwrap_or_default()
}

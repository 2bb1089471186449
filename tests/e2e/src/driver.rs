//! A driver, and the browser it starts.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::json;
use tempfile::TempDir;

use crate::artefacts::{self, Artefacts};
use crate::eventually::eventually;
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

/// What draws and runs pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Of Chrome, Edge and others. Journeys can look at its requests and its console.
    #[default]
    Chromium,
    /// Of Firefox.
    Firefox,
    /// Of Safari, and of every browser on an iPhone; here that of WebKitGTK.
    WebKit,
}

/// A driver, its browser and the profile of that, gone when it is dropped.
#[derive(Debug)]
pub struct Driver {
    browser: Option<Pid>,
    group: Option<Pid>,
    _process: Process,
    _profile: TempDir,
}

impl Driver {
    /// Starts a driver on a free port, and a browser with a fresh profile.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start(
        artefacts: &Artefacts,
        engine: Engine,
        blocks_site_data: bool,
    ) -> anyhow::Result<(Self, Client)> {
        let profile = TempDir::with_prefix("evergrant-browser-")?;
        if engine != Engine::Chromium {
            let programs = artefacts::programs(engine)?;
            let (process, port) = start_other_driver(engine, &programs.driver, profile.path())?;
            let driver = Self { browser: None, group: Some(process.id()), _process: process, _profile: profile };
            let capabilities = other_capabilities(engine, &programs.browser);
            // WebKit's driver does not say when it listens.
            let client = eventually("the browser starts", async || connect(capabilities.clone(), &port).await).await?;
            return Ok((driver, client));
        }
        let (process, port) = start_driver(artefacts)?;
        let client = connect(capabilities(&artefacts.chromium, profile.path(), blocks_site_data), &port)
            .await
            .context("Chromium does not start")?;
        let browser = client.capabilities().and_then(|granted| granted.get("goog:processID")?.as_i64());
        let browser = browser.and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok((Self { browser, group: None, _process: process, _profile: profile }, client))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind. One that closed its browser has waited for its end.
        if let Some(browser) = self.browser {
            kill_process(browser, Signal::KILL).ok();
        }
        if let Some(group) = self.group {
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

async fn connect(capabilities: Capabilities, port: &str) -> anyhow::Result<Client> {
    let mut builder = ClientBuilder::new(HttpConnector::new());
    Ok(builder.capabilities(capabilities).connect(&format!("http://localhost:{port}")).await?)
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

/// In a process group of its own, with the browser. What they write goes into the profile.
fn start_other_driver(engine: Engine, driver: &Path, profile: &Path) -> anyhow::Result<(Process, String)> {
    let mut command = match engine {
        Engine::WebKit => {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let mut command = Command::new("sh");
            command.args(["-c", "echo Listening on 127.0.0.1:$1; exec \"$0\" --port=$1"]);
            command.arg(driver).arg(port.to_string());
            command
        }
        _ => {
            let mut command = Command::new(driver);
            command.args(["--port", "0"]);
            command
        }
    };
    for variable in ["TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env(variable, profile);
    }
    // Software draws what nobody sees; and there may be no session bus.
    command.env("LIBGL_ALWAYS_SOFTWARE", "1").env("GSETTINGS_BACKEND", "memory").process_group(0);
    Process::start("the driver", &mut command, |line| Some(line.split_once("Listening on 127.0.0.1:")?.1.to_owned()))
}

fn other_capabilities(engine: Engine, browser: &Path) -> Capabilities {
    let mut capabilities = json!({ "pageLoadStrategy": "none", "timeouts": { "script": 5_000 } });
    let (options, arguments) = match engine {
        Engine::WebKit => ("webkitgtk:browserOptions", "--automation"),
        _ => ("moz:firefoxOptions", "-headless"),
    };
    capabilities[options] = json!({ "binary": browser, "args": [arguments] });
    capabilities.as_object().cloned().unwrap_or_default()
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

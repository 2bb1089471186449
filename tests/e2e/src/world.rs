//! Everything a journey takes place in: four servers or five, and a browser, all real, all its own.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::json;

use crate::api::Api;
use crate::app_dir::AppDir;
use crate::artefacts::Artefacts;
use crate::browser::Browser;
use crate::issuer::Issuer;
use crate::process::Process;
use crate::setup::Setup;
use crate::web_app::WebApp;

/// A running world; dropping it ends its processes.
#[derive(Debug)]
pub struct World {
    /// The browser.
    pub browser: Browser,
    /// The authorization server.
    pub issuer: Issuer,
    /// What tokens are for.
    pub api: Api,
    /// What the app server serves.
    pub app_dir: AppDir,
    web_app: Option<WebApp>,
    app: Process,
    app_origin: String,
    silent: Process,
    silent_origin: String,
}

impl World {
    /// Starts the servers on free ports, tells the app where they are, and starts the browser.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(setup: Setup) -> anyhow::Result<Self> {
        let artefacts = Artefacts::from_env()?;
        let app_dir = AppDir::copy_of(setup.app.as_ref().unwrap_or(&artefacts.app_dir))?;
        let served = Some((app_dir.path(), setup.any_issuer));
        // Its own /silent is not used: the silent page is on an origin of its own, which is known only after this one.
        let (mut app, app_origin) = static_server(&artefacts.silent, "localhost:0", "http://localhost:1", served)?;
        let (silent, mut silent_origin) = static_server(&artefacts.silent, "localhost:0", &app_origin, None)?;
        if setup.silent_page_at_home {
            // Its /silent has to know the origin, which is known by now.
            drop(app);
            let listen = app_origin.trim_start_matches("http://");
            (app, silent_origin) = static_server(&artefacts.silent, listen, &app_origin, served)?;
        }
        let mut issuer = Issuer::start(&artefacts.issuer, &app_origin, &silent_origin, &setup)?;
        let api = Api::start(&artefacts.api, issuer.origin(), &app_origin)?;
        let web_app = match setup.has_web_app {
            true => Some(WebApp::start(&artefacts.web_app, &mut issuer, &api, &app_origin)?),
            false => None,
        };

        let mut config = setup.config;
        config.insert("issuer".to_owned(), json!(format!("{}/", issuer.origin())));
        config.entry("allowed_api_origins").or_insert_with(|| json!([api.origin()]));
        let silent_redirect_uri = (!setup.silent_page_at_home).then(|| format!("{silent_origin}/silent"));
        config.insert("silent_redirect_uri".to_owned(), json!(silent_redirect_uri));
        if let Some(web_app) = &web_app {
            config.insert("token_backend".to_owned(), json!(format!("{}/oauth", web_app.origin())));
        }
        app_dir.change_config(config)?;

        let browser = Browser::start(&artefacts, setup.engine, setup.blocks_site_data).await?;
        Ok(Self { browser, issuer, api, app_dir, web_app, app, app_origin, silent, silent_origin })
    }

    /// Where the app is.
    pub fn app_origin(&self) -> &str {
        &self.app_origin
    }

    /// Where the silent page is.
    pub fn silent_origin(&self) -> &str {
        &self.silent_origin
    }

    /// The server-side web app.
    ///
    /// # Errors
    /// When the setup does not ask for it.
    pub fn web_app(&self) -> anyhow::Result<&WebApp> {
        self.web_app.as_ref().context("this world has no web app: ask for it in the setup")
    }

    /// What all servers have logged.
    pub fn logs(&self) -> String {
        let web_app = self.web_app.as_ref().map(WebApp::output).unwrap_or_default();
        [self.issuer.output(), self.api.output(), web_app, self.silent.output(), self.app.output()].join("\n")
    }
}

fn static_server(
    program: &Path,
    listen: &str,
    app_origin: &str,
    app: Option<(&Path, bool)>,
) -> anyhow::Result<(Process, String)> {
    let mut command = Command::new(program);
    // Everything the server can log: journeys look for secrets in it.
    command.env("RUST_LOG", "debug").env("NO_COLOR", "1");
    command.args(["--listen", listen, "--exit-on-stdin-close", "--app-origin", app_origin]);
    if let Some((dir, any_issuer)) = app {
        command.arg("--app-dir").arg(dir).args(any_issuer.then_some("--any-issuer"));
    }
    Process::start("the static server", &mut command, |line| {
        line.strip_prefix("evergrant-silent is listening on ").map(str::to_owned)
    })
}

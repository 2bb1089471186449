//! The server-side web app under test, and what it keeps in the browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::api::Api;
use crate::browser::Browser;
use crate::eventually::eventually;
use crate::issuer::Issuer;
use crate::issuer_pages::IssuerPages;
use crate::process::Process;
use crate::world::World;

/// A running web app, known at the world's issuer.
#[derive(Debug)]
pub struct WebApp {
    origin: String,
    process: Process,
}

impl WebApp {
    /// Starts the demo's web app on a free port, and tells the issuer where it is.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start(program: &Path, issuer: &mut Issuer, api: &Api, app: &str) -> anyhow::Result<Self> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../webapp/demo.toml");
        let mut command = Command::new(program);
        // Everything the server can log: journeys look for secrets in it.
        command.env("RUST_LOG", "debug").env("NO_COLOR", "1").arg("--config").arg(demo);
        command.args(["--listen", "localhost:0", "--exit-on-stdin-close", "--app-origin", app]);
        command.args(["--issuer", &format!("{}/", issuer.origin()), "--api", &format!("{}/expenses", api.origin())]);
        let (process, origin) = Process::start("the web app", &mut command, |line| {
            line.strip_prefix("evergrant-webapp is listening on ").map(str::to_owned)
        })?;
        issuer.replace_origin("http://localhost:3003", &origin)?;
        Ok(Self { origin, process })
    }

    /// Where it answers.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it logged.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Signs the demo's person in on its pages, and comes back to the expenses.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn sign_in(&self, world: &World) -> anyhow::Result<()> {
        world.browser.open(&self.origin).await?;
        self.press(&world.browser, "Sign in").await?;
        let issuer = IssuerPages::of(world);
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        world.browser.wait_for_text("The API saw an access token").await
    }

    /// Presses a button, by its text, and waits for the next page.
    ///
    /// # Errors
    /// When there is none, or nothing comes of it.
    pub async fn press(&self, browser: &Browser, button: &str) -> anyhow::Result<()> {
        browser.mark_document().await?;
        browser.click(Locator::XPath(&format!("//main//button[normalize-space()='{button}']"))).await?;
        eventually("another page is there", async || {
            ensure!(!browser.is_marked().await?, "the old one is still there");
            Ok(())
        })
        .await
    }

    /// When the token that the API saw was issued, as the expenses page says it: a date, and seconds since the epoch.
    ///
    /// # Errors
    /// When another page is shown.
    pub async fn token_issued_at(&self, browser: &Browser) -> anyhow::Result<(String, i64)> {
        eventually("the page says when the token was issued", async || {
            let script = "const it = document.querySelector('[data-testid=token-issued-at]');
                return it && [it.textContent, Number(it.dataset.seconds)];";
            Ok(serde_json::from_value(browser.script(script, vec![]).await?)?)
        })
        .await
    }

    /// The cookie in which the app's refresh token is kept, as the browser's developer tools tell it.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn refresh_cookie(&self, browser: &Browser) -> anyhow::Result<Option<Value>> {
        let urls = json!({ "urls": [format!("{}/oauth/token", self.origin)] });
        let answer = browser.devtools("Network.getCookies", &urls).await?;
        let cookies = answer["cookies"].as_array().context("there is no list of cookies")?;
        Ok(cookies.iter().find(|cookie| cookie["name"] == "__Secure-evergrant-refresh").cloned())
    }
}

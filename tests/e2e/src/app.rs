//! The app's pages, as a person uses them, and what it keeps in the browser.

use std::time::Duration;

use anyhow::{Context, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::eventually::{eventually, eventually_within};
use crate::issuer_pages::IssuerPages;
use crate::kept::Kept;
use crate::stored_session::StoredSession;
use crate::world::World;

/// How tokens come to the app, by the names of its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// `Code + PKCE`, which the app has chosen already.
    Code,
    /// `Implicit (legacy)`.
    Implicit,
}

/// The app in the tab that is shown.
#[derive(Clone, Copy, Debug)]
pub struct App<'a> {
    world: &'a World,
    pub(crate) browser: &'a Browser,
}

impl<'a> App<'a> {
    /// The app of this world.
    pub fn of(world: &'a World) -> Self {
        Self { world, browser: &world.browser }
    }

    /// Opens one of its pages.
    ///
    /// # Errors
    /// When the app does not appear.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}{path}", self.world.app_origin())).await
    }

    /// Signs the demo's person in: the flow, the issuer's page, its consent, and back.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn sign_in(&self, flow: Flow) -> anyhow::Result<()> {
        self.open("/").await?;
        self.choose(flow).await?;
        self.press("Sign in").await?;
        self.sign_in_at_the_issuer("test", "test").await
    }

    /// Goes through the issuer's pages for the first time, and comes back signed in.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn sign_in_at_the_issuer(&self, username: &str, password: &str) -> anyhow::Result<()> {
        let issuer = IssuerPages::of(self.world);
        issuer.sign_in(username, password).await?;
        issuer.decide("allow").await?;
        self.wait_for_status("signed-in").await
    }

    /// Chooses a flow.
    ///
    /// # Errors
    /// When there is no choice.
    pub async fn choose(&self, flow: Flow) -> anyhow::Result<()> {
        match flow {
            Flow::Code => Ok(()),
            Flow::Implicit => {
                self.browser.click(Locator::XPath("//label[contains(normalize-space(), 'Implicit (legacy)')]")).await
            }
        }
    }

    /// Presses a button, by its text.
    ///
    /// # Errors
    /// When there is none.
    pub async fn press(&self, button: &str) -> anyhow::Result<()> {
        self.browser.click(Locator::XPath(&format!("//main//button[normalize-space()='{button}']"))).await
    }

    /// The session in one word.
    ///
    /// # Errors
    /// When this page does not show it.
    pub async fn status(&self) -> anyhow::Result<String> {
        self.attribute("session-status", "data-status").await
    }

    /// Waits for a status.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn wait_for_status(&self, status: &str) -> anyhow::Result<()> {
        eventually(&format!("the app is {status}"), async || {
            let seen = self.status().await?;
            ensure!(seen == status, "it is {seen}");
            Ok(())
        })
        .await
    }

    /// Waits until all code of the app is there.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn wait_for_all_code(&self) -> anyhow::Result<()> {
        eventually("all code is there", async || {
            let on_its_way = self.browser.script("return 'evergrantCode' in window", vec![]).await?;
            ensure!(on_its_way == Value::Bool(false), "some is on its way");
            Ok(())
        })
        .await
    }

    /// Waits until the app tells the person `text`, be it in what has to be unfolded first.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_to_be_told(&self, text: &str) -> anyhow::Result<()> {
        eventually(&format!("the app tells {text:?}"), async || {
            let told = self.browser.script("return document.querySelector('main').textContent", vec![]).await?;
            ensure!(told.as_str().is_some_and(|told| told.contains(text)), "it tells {told}");
            Ok(())
        })
        .await
    }

    /// How many seconds the app gives the access token.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn expires_in(&self) -> anyhow::Result<i64> {
        Ok(self.attribute("expires-in", "data-seconds").await?.parse()?)
    }

    /// How often the session was renewed, as the app shows it.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn renewals(&self) -> anyhow::Result<u32> {
        Ok(self.attribute("renewals", "data-count").await?.parse()?)
    }

    /// How it was renewed last.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn last_method(&self) -> anyhow::Result<String> {
        self.attribute("renewals", "data-last-method").await
    }

    /// Waits until the app shows at least `count` renewals, and the session at rest.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn wait_for_renewals(&self, count: u32) -> anyhow::Result<()> {
        eventually_within(Duration::from_secs(30), &format!("the app shows {count} renewals"), async || {
            let (shown, status) = (self.renewals().await?, self.status().await?);
            ensure!(shown >= count && status == "signed-in", "it shows {shown} and is {status}");
            Ok(())
        })
        .await
    }

    /// Presses `Renew now`, and waits for what comes of it.
    ///
    /// # Errors
    /// When the session is not renewed.
    pub async fn renew_now(&self) -> anyhow::Result<()> {
        let count = self.renewals().await?;
        self.press("Renew now").await?;
        self.wait_for_renewals(count + 1).await
    }

    /// Everything the app keeps.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn kept(&self) -> anyhow::Result<Kept> {
        Kept::read(self.browser).await
    }

    /// The session, wherever it is stored.
    ///
    /// # Errors
    /// When there is none.
    pub async fn stored_session(&self) -> anyhow::Result<StoredSession> {
        self.kept().await?.session()?.context("no session is stored")
    }

    /// The names of everything the app keeps, in both storages.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn stored_names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.kept().await?.names())
    }

    /// How many iframes there are in the page.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn iframes(&self) -> anyhow::Result<u64> {
        let count = self.browser.script("return document.querySelectorAll('iframe').length", vec![]).await?;
        count.as_u64().context("no number")
    }

    /// What the app put on the browser's timeline for its renewals, oldest first: the `detail` of each.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn measured_renewals(&self) -> anyhow::Result<Vec<Value>> {
        let script = "return performance.getEntriesByName('evergrant:renewal', 'measure').map(it => it.detail)";
        Ok(serde_json::from_value(self.browser.script(script, vec![]).await?)?)
    }

    /// Milliseconds since this document was begun.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn page_age(&self) -> anyhow::Result<Duration> {
        let age = self.browser.script("return performance.now()", vec![]).await?;
        Ok(Duration::from_secs_f64(age.as_f64().context("no number")? / 1000.0))
    }

    /// Stays on this page for so long: what was scheduled within that time has fired then.
    ///
    /// # Errors
    /// When the page is left.
    pub async fn watch_for(&self, time: Duration) -> anyhow::Result<()> {
        let age = self.page_age().await?;
        eventually_within(time * 3, &format!("{} s have passed on this page", time.as_secs()), async || {
            let passed = self.page_age().await?.checked_sub(age).context("this is another page")?;
            ensure!(passed > time, "only {passed:?}");
            Ok(())
        })
        .await
    }

    /// A page that was just opened shows it as soon as the app has started.
    async fn attribute(&self, testid: &str, attribute: &str) -> anyhow::Result<String> {
        let script = "return document.querySelector(`[data-testid=${arguments[0]}]`)?.getAttribute(arguments[1])";
        eventually("the app shows it", async || {
            let found = self.browser.script(script, vec![json!(testid), json!(attribute)]).await?;
            found.as_str().map(str::to_owned).with_context(|| format!("there is no {testid} with {attribute}"))
        })
        .await
    }
}

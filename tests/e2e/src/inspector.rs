//! The session page's inspector: its timeline, its table, and the failures it offers to try.

use anyhow::{Context, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::app::App;
use crate::eventually::eventually;

/// The inspector in the tab that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Inspector<'a> {
    app: App<'a>,
}

impl<'a> Inspector<'a> {
    /// Goes to the session page by its link.
    ///
    /// # Errors
    /// When there is no timeline.
    pub async fn open(app: App<'a>) -> anyhow::Result<Self> {
        app.browser.click(Locator::LinkText("Session")).await?;
        let inspector = Self { app };
        inspector.timeline().await?;
        Ok(inspector)
    }

    /// What the timeline says to those who do not see it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn timeline(&self) -> anyhow::Result<String> {
        let timeline = self.app.browser.find(Locator::Css("section [role=img][aria-label^=Timeline]")).await?;
        timeline.attr("aria-label").await?.context("it has no name")
    }

    /// How many things of this kind the timeline shows: of those in the stylesheet `inspector.css`.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn drawn(&self, kind: &str) -> anyhow::Result<u64> {
        let script = "return document.querySelectorAll(`[role=img] svg ${arguments[0]}`).length";
        let count = self.app.browser.script(script, vec![json!(kind)]).await?;
        count.as_u64().context("no number")
    }

    /// Waits until the timeline shows something of this kind.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_to_see(&self, kind: &str) -> anyhow::Result<()> {
        eventually(&format!("the timeline shows {kind}"), async || {
            ensure!(self.drawn(kind).await? > 0);
            Ok(())
        })
        .await
    }

    /// Waits for a row of the table whose outcome is of this kind, and gives its text.
    ///
    /// # Errors
    /// When there is none.
    pub async fn wait_for_row(&self, outcome: &str) -> anyhow::Result<String> {
        let row = format!("//section[.//h2[starts-with(., 'What happened')]]//tr[td[@data-outcome='{outcome}']]");
        Ok(self.app.browser.find(Locator::XPath(&row)).await?.text().await?)
    }

    /// Orders a failure by the name of its button.
    ///
    /// # Errors
    /// When it is not offered.
    pub async fn try_failure(&self, name: &str) -> anyhow::Result<()> {
        self.app.press(name).await
    }

    /// What `Save as JSON` saves.
    ///
    /// # Errors
    /// When it is no JSON.
    pub async fn export(&self) -> anyhow::Result<Value> {
        let script =
            "return JSON.parse(decodeURIComponent(document.querySelector('a[download$=json]').href.split(',')[1]))";
        self.app.browser.script(script, vec![]).await
    }
}

//! The Expenses page of the app, as a person uses it.

use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use fantoccini::Locator;
use serde_json::Value;

use crate::app::App;
use crate::browser::Browser;
use crate::eventually::eventually;
use crate::world::World;

/// The page in the tab that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Expenses<'a> {
    browser: &'a Browser,
    app: App<'a>,
}

impl<'a> Expenses<'a> {
    /// The page of this world's app.
    pub fn of(world: &'a World) -> Self {
        Self { browser: &world.browser, app: App::of(world) }
    }

    /// Follows the link to it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn follow(&self) -> anyhow::Result<()> {
        self.browser.click(Locator::LinkText("Expenses")).await
    }

    /// Presses `Load again`, and waits until the API has answered or cannot.
    ///
    /// # Errors
    /// When neither happens.
    pub async fn load_again(&self) -> anyhow::Result<()> {
        self.app.press("Load again").await?;
        eventually("the API has answered", async || {
            let busy = "return document.querySelector('main button[aria-busy]') !== null";
            ensure!(self.browser.script(busy, vec![]).await? == Value::Bool(false), "the page still waits");
            Ok(())
        })
        .await
    }

    /// Waits for the table.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn wait_for_table(&self) -> anyhow::Result<()> {
        eventually("the expenses are shown", async || self.table().await.map(drop)).await
    }

    /// What the table says, a line for each expense and one for the total.
    ///
    /// # Errors
    /// When there is no table.
    pub async fn table(&self) -> anyhow::Result<Vec<String>> {
        let rows = "return [...document.querySelectorAll('main tbody tr, main tfoot tr')].map(row => row.innerText)";
        let rows: Vec<String> = serde_json::from_value(self.browser.script(rows, vec![]).await?)?;
        ensure!(!rows.is_empty(), "there is no table");
        Ok(rows)
    }

    /// When the token that the API saw was issued, as it said.
    ///
    /// # Errors
    /// When the page does not show it.
    pub async fn token_issued_at(&self) -> anyhow::Result<SystemTime> {
        let seconds = "return Number(document.querySelector('[data-testid=token-issued-at]')?.dataset.seconds)";
        let seconds = self.browser.script(seconds, vec![]).await?;
        let seconds = seconds.as_u64().context("the page does not say when the token was issued")?;
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// Waits until the API has seen another token than the one of `before`.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_another_token(&self, before: SystemTime) -> anyhow::Result<()> {
        eventually("the API has seen another token", async || {
            ensure!(self.token_issued_at().await? != before, "it is the same");
            Ok(())
        })
        .await
    }

    /// How far down the page the table begins, in pixels.
    ///
    /// # Errors
    /// When there is no table.
    pub async fn top_of_table(&self) -> anyhow::Result<f64> {
        let top = "return document.querySelector('main table').getBoundingClientRect().top";
        self.browser.script(top, vec![]).await?.as_f64().context("there is no table")
    }
}

//! What keeps people out of a page, as far as axe-core finds it.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::artefacts;
use crate::browser::Browser;
use crate::eventually::eventually;
use crate::screen::Screen;

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    at: Vec<String>,
}

/// Looks at the page as it is, on every screen of [`Screen::ALL`]. Nothing that axe calls more than minor may be there, and nothing may be
/// wider than the screen.
///
/// # Errors
/// When there is something, with where it is.
pub async fn assert_none(browser: &Browser, page: &str) -> anyhow::Result<()> {
    let mut found = String::new();
    for screen in Screen::ALL {
        browser.show_on(&screen).await?;
        let Screen { width, scheme, .. } = screen;
        for Violation { id, impact, help, at } in violations(browser).await? {
            writeln!(
                found,
                "{page}, {width} px, {scheme}: {id} ({}): {help}: {}",
                impact.unwrap_or_default(),
                at.join(" | ")
            )?;
        }
        let shown = browser.script("return document.documentElement.scrollWidth", vec![]).await?;
        if shown.as_u64().is_none_or(|shown| shown > u64::from(width)) {
            writeln!(found, "{page}, {width} px: it is {shown} px wide")?;
        }
    }
    ensure!(found.is_empty(), "there are barriers:\n{found}");
    Ok(())
}

async fn violations(browser: &Browser) -> anyhow::Result<Vec<Violation>> {
    if browser.script("return typeof axe", vec![]).await? != "object" {
        let script = fs::read_to_string(artefacts::axe()?).context("axe-core cannot be read")?;
        browser.script(&script, vec![]).await?;
    }
    let begin = "window.barriers = null;
        axe.run(document, { resultTypes: ['violations'] }).then(
            found => window.barriers = found.violations
                .filter(it => it.impact !== 'minor')
                .map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.map(it => it.target.join(' ')) })),
            error => window.barriers = String(error));";
    browser.script(begin, vec![]).await?;
    eventually("axe has looked at the page", async || {
        let found = browser.script("return window.barriers", vec![]).await?;
        ensure!(found != Value::Null, "it has not");
        serde_json::from_value(found.clone()).with_context(|| format!("axe says {found}"))
    })
    .await
}

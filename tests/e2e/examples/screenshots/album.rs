//! Where pictures are kept, and how they are taken.

use std::fs;
use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant_e2e::{Screen, World};
use serde_json::{Value, json};

/// Pictures of one world.
pub(crate) struct Album<'a> {
    pub(crate) world: &'a World,
    pub(crate) directory: &'a Path,
}

impl Album<'_> {
    /// The page as it is, four times.
    pub(crate) async fn take(&self, name: &str) -> anyhow::Result<()> {
        let browser = &self.world.browser;
        for (width, height) in [(1280, 800), (390, 844)] {
            for scheme in ["light", "dark"] {
                self.show_on(Screen { width, height, scheme }).await?;
                let metrics = browser.devtools("Page.getLayoutMetrics", &json!({})).await?;
                let mut whole = metrics["cssContentSize"].clone();
                whole["scale"] = json!(1);
                self.save(&format!("{name}-{width}-{scheme}"), whole).await?;
            }
        }
        self.done(name).await
    }

    /// What stands from the top of the page, or of the first that `from` selects, to the end of the first that `to` selects,
    /// with some ground around it: by day and by night, with two dots for each pixel.
    pub(crate) async fn cut_out(&self, name: &str, from: Option<&str>, to: &str) -> anyhow::Result<()> {
        let browser = &self.world.browser;
        for scheme in ["light", "dark"] {
            self.show_on(Screen { width: 1000, height: 560, scheme }).await?;
            let clip = "const [from, to] = [...arguments].map(it => it && document.querySelector(it).getBoundingClientRect());
                const top = from ? from.top + scrollY - 20 : 0;
                return { x: 0, y: top, width: document.documentElement.clientWidth, height: to.bottom + scrollY + 20 - top, scale: 2 }";
            let clip = browser.script(clip, vec![json!(from), json!(to)]).await?;
            self.save(&format!("{name}-{scheme}"), clip).await?;
        }
        self.done(name).await
    }

    /// As a phone shows it.
    pub(crate) async fn on_a_phone(&self, name: &str, scheme: &'static str) -> anyhow::Result<()> {
        let (width, height) = (375, 700);
        self.show_on(Screen { width, height, scheme }).await?;
        self.save(name, json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 2 })).await?;
        self.done(name).await
    }

    /// Without scroll bars: phones draw none beside the page, and neither do the pictures.
    async fn show_on(&self, screen: Screen) -> anyhow::Result<()> {
        let browser = &self.world.browser;
        browser.devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true })).await?;
        browser.script("document.documentElement.style.scrollbarGutter = 'auto'", vec![]).await?;
        browser.show_on(&screen).await
    }

    async fn save(&self, name: &str, clip: Value) -> anyhow::Result<()> {
        // Away with the pointer: what it points at looks different.
        let corner = json!({ "type": "mouseMoved", "x": 0, "y": 0 });
        self.world.browser.devtools("Input.dispatchMouseEvent", &corner).await?;
        let parameters = json!({ "captureBeyondViewport": true, "clip": clip });
        let picture = self.world.browser.devtools("Page.captureScreenshot", &parameters).await?;
        let picture = STANDARD.decode(picture["data"].as_str().context("there is no picture")?)?;
        Ok(fs::write(self.directory.join(format!("{name}.png")), picture)?)
    }

    async fn done(&self, name: &str) -> anyhow::Result<()> {
        self.world.browser.devtools("Emulation.clearDeviceMetricsOverride", &json!({})).await?;
        println!("{name}");
        Ok(())
    }
}

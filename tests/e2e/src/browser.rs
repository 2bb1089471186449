//! The browser of one journey: its tabs, its clicks, and what it sent.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use url::Url;

use crate::artefacts::Artefacts;
use crate::chrome_command::ChromeCommand;
use crate::driver::{Driver, Engine};
use crate::eventually::{eventually, eventually_within};
use crate::network::Request;
use crate::screen::Screen;

/// One tab.
pub type Tab = WindowHandle;

/// A browser with one or several tabs; commands go to the tab shown last.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    requests: RefCell<Vec<Request>>,
    console: RefCell<Vec<String>>,
    _driver: Driver,
}

impl Browser {
    /// Starts one with a fresh profile.
    ///
    /// # Errors
    /// When the driver or the browser does not start.
    pub async fn start(artefacts: &Artefacts, engine: Engine, blocks_site_data: bool) -> anyhow::Result<Self> {
        let (driver, client) = Driver::start(artefacts, engine, blocks_site_data).await?;
        Ok(Self { client, requests: RefCell::default(), console: RefCell::default(), _driver: driver })
    }

    /// Ends it in an orderly way.
    ///
    /// # Errors
    /// When it does not answer any more.
    pub async fn close(&self) -> anyhow::Result<()> {
        Ok(self.client.clone().close().await?)
    }

    /// Goes to an address, and waits until another document than before is there.
    ///
    /// # Errors
    /// When the browser refuses, or nothing is loaded.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.mark_document().await?;
        self.client.goto(url).await?;
        self.wait_for_new_document().await
    }

    /// Loads the page again, and waits for it.
    ///
    /// # Errors
    /// When nothing is loaded.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.mark_document().await?;
        self.client.refresh().await?;
        self.wait_for_new_document().await
    }

    /// Presses the browser's back button.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn back(&self) -> anyhow::Result<()> {
        Ok(self.client.back().await?)
    }

    /// What stands in the address bar.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn address(&self) -> anyhow::Result<Url> {
        let href = self.script("return location.href", vec![]).await?;
        Ok(href.as_str().context("the page has no address")?.parse()?)
    }

    /// Leaves a mark in this document, which no other one has.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn mark_document(&self) -> anyhow::Result<()> {
        self.script("window.markedByTheTest = true", vec![]).await.map(drop)
    }

    /// Whether this is still the document that [`Browser::mark_document`] marked.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn is_marked(&self) -> anyhow::Result<bool> {
        Ok(self.script("return window.markedByTheTest === true", vec![]).await? == Value::Bool(true))
    }

    /// Runs JavaScript in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// Waits for an element that is shown.
    ///
    /// # Errors
    /// When none appears.
    pub async fn find(&self, locator: Locator<'_>) -> anyhow::Result<Element> {
        eventually(&format!("{locator:?} is shown"), async || {
            let element = self.client.find(locator).await?;
            ensure!(element.is_displayed().await?, "it is hidden");
            Ok(element)
        })
        .await
    }

    /// Clicks an element as soon as that is possible.
    ///
    /// # Errors
    /// When it never is.
    pub async fn click(&self, locator: Locator<'_>) -> anyhow::Result<()> {
        eventually(&format!("{locator:?} can be clicked"), async || {
            let element = self.client.find(locator).await?;
            ensure!(element.is_enabled().await?, "it is disabled");
            Ok(element.click().await?)
        })
        .await
    }

    /// Clicks an element twice, more quickly than another page can come.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn double_click(&self, locator: Locator<'_>) -> anyhow::Result<()> {
        const BETWEEN: Duration = Duration::from_millis(20);
        let element = self.find(locator).await?;
        let mut clicks = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveToElement {
            element,
            duration: None,
            x: 0.0,
            y: 0.0,
        });
        for _ in 0..2 {
            clicks = clicks
                .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Pause { duration: BETWEEN });
        }
        Ok(self.client.perform_actions(clicks).await?)
    }

    /// Types into a field, replacing what is there.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, locator: Locator<'_>, text: &str) -> anyhow::Result<()> {
        let field = self.find(locator).await?;
        self.wait_for_autofocus().await;
        field.clear().await?;
        field.send_keys(text).await?;
        // WebKit's driver goes on while keys are still on their way, and they land in whatever has the focus by then.
        eventually(&format!("{locator:?} holds what was typed"), async || {
            ensure!(field.prop("value").await?.as_deref() == Some(text), "not yet");
            Ok(())
        })
        .await
    }

    /// Waits until a page that wants the focus in a field has put it there: WebKit does so while the first keys are typed, and the
    /// others go astray. A page that cannot have it is not waited for long.
    async fn wait_for_autofocus(&self) {
        let open = "return document.activeElement === document.body && document.querySelector('[autofocus]') !== null";
        let put = eventually_within(Duration::from_secs(2), "the page has put the focus", async || {
            ensure!(self.script(open, vec![]).await? == Value::Bool(false), "not yet");
            Ok(())
        });
        put.await.ok();
    }

    /// Presses a key, wherever the focus is.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn press_key(&self, key: Key) -> anyhow::Result<()> {
        let value = char::from(key);
        let strokes =
            KeyActions::new("keyboard".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        Ok(self.client.perform_actions(strokes).await?)
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn type_text(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.client.active_element().await?.send_keys(text).await?)
    }

    /// Shows pages as on this screen from now on.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn show_on(&self, screen: &Screen) -> anyhow::Result<()> {
        let Screen { width, height, scheme } = *screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            // What moves is shown where it stands.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", &features).await.map(drop)
    }

    /// The visible text of the page.
    ///
    /// # Errors
    /// When the page is just changing.
    pub async fn text(&self) -> anyhow::Result<String> {
        Ok(self.client.find(Locator::Css("body")).await?.text().await?)
    }

    /// Waits until the page shows `text`.
    ///
    /// # Errors
    /// When it never does.
    pub async fn wait_for_text(&self, text: &str) -> anyhow::Result<()> {
        eventually(&format!("the page says {text:?}"), async || {
            let shown = self.text().await?;
            ensure!(shown.contains(text), "it says {shown:?}");
            Ok(())
        })
        .await
    }

    /// The tab that commands go to.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn tab(&self) -> anyhow::Result<Tab> {
        Ok(self.client.window().await?)
    }

    /// Opens another tab and shows it.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn new_tab(&self) -> anyhow::Result<Tab> {
        let tab: Tab = self.client.new_window(true).await?.handle;
        self.show(&tab).await?;
        Ok(tab)
    }

    /// Shows a tab; commands go to it from now on.
    ///
    /// # Errors
    /// When it is closed.
    pub async fn show(&self, tab: &Tab) -> anyhow::Result<()> {
        Ok(self.client.switch_to_window(tab.clone()).await?)
    }

    /// Waits for a window beside `known`: a popup that a page opens.
    ///
    /// # Errors
    /// When none opens.
    pub async fn other_tab(&self, known: &Tab) -> anyhow::Result<Tab> {
        eventually("another window is there", async || {
            let mut windows = self.client.windows().await?.into_iter();
            windows.find(|tab| tab != known).context("there is one window")
        })
        .await
    }

    /// Waits until the other windows are closed.
    ///
    /// # Errors
    /// When one stays.
    pub async fn wait_until_alone(&self) -> anyhow::Result<()> {
        eventually("one window is left", async || {
            let count = self.client.windows().await?.len();
            ensure!(count == 1, "there are {count}");
            Ok(())
        })
        .await
    }

    /// Closes the tab that is shown, without asking it, and shows another.
    ///
    /// # Errors
    /// When one of them is closed already.
    pub async fn close_tab(&self, next: &Tab) -> anyhow::Result<()> {
        self.client.close_window().await?;
        self.show(next).await
    }

    /// Every request that left since `instant`, in all tabs, oldest first.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn requests_since(&self, instant: SystemTime) -> anyhow::Result<Vec<Request>> {
        let entries = self.log("performance").await?;
        let mut requests = self.requests.borrow_mut();
        requests.extend(entries.iter().filter_map(Request::from_log_entry));
        Ok(requests.iter().filter(|request| request.sent_at >= instant).cloned().collect())
    }

    /// Warnings and errors on the console: exceptions, refused requests, violations of the content security policy.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn console(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.log("browser").await?;
        let mut console = self.console.borrow_mut();
        console.extend(entries.iter().filter_map(|entry| {
            let level = entry.get("level")?.as_str().filter(|level| ["SEVERE", "WARNING"].contains(level))?;
            Some(format!("{level} {}", without_parameters(entry.get("message")?.as_str()?)))
        }));
        Ok(console.clone())
    }

    /// A command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn devtools(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        Ok(self.client.issue_cmd(ChromeCommand::devtools(command, parameters)).await?)
    }

    /// Takes the network away from this tab, or gives it back.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn set_online(&self, online: bool) -> anyhow::Result<()> {
        let conditions = json!({ "offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", &conditions).await.map(drop)
    }

    /// From now on what this tab posts, however short, takes longer on its way than people wait for a sign-out.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn slow_uploads_down(&self) -> anyhow::Result<()> {
        // In bytes each second, of which the smallest portion is 1,500.
        let conditions = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400 });
        self.devtools("Network.emulateNetworkConditions", &conditions).await.map(drop)
    }

    /// A picture of the tab, as PNG.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn screenshot(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    async fn wait_for_new_document(&self) -> anyhow::Result<()> {
        eventually("another document is loaded", async || {
            ensure!(!self.is_marked().await?, "the old one is still there");
            let state = self.script("return document.readyState", vec![]).await?;
            ensure!(state == "complete", "it is {state}");
            Ok(())
        })
        .await
    }

    async fn log(&self, kind: &str) -> anyhow::Result<Vec<Value>> {
        let answer = self.client.issue_cmd(ChromeCommand::log(kind)).await?;
        answer.as_array().cloned().context("ChromeDriver's log is not a list")
    }
}

/// A message begins with the address of the page or script it is about, and that may hold a code.
fn without_parameters(message: &str) -> String {
    let (source, rest) = message.split_once(' ').unwrap_or((message, ""));
    let address = source.split(['?', '#']).next().unwrap_or_default();
    format!("{address} {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_message_is_kept_without_the_parameters_of_its_page() {
        let message = "http://localhost:1/callback?code=secret#x 23 Something is odd.";
        assert_eq!(without_parameters(message), "http://localhost:1/callback 23 Something is odd.");
    }
}

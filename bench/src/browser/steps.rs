//! Steps on any of the pages, and what the browser can tell about them: the same for all, whatever a page is made with.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use evergrant_e2e::{Browser, eventually, eventually_within};
use fantoccini::Locator;
use serde_json::{Value, json};

/// Renewals in one go: a script in a page may run for seconds only.
const AT_ONCE: usize = 5;

/// Waits until the page shows that somebody is signed in.
pub(crate) async fn wait_until_signed_in(browser: &Browser) -> anyhow::Result<()> {
    browser.find(Locator::Css("[data-testid=session-status][data-status=signed-in]")).await.map(drop)
}

/// Opens a page at which somebody is signed in already, from an empty one, and waits until it shows that.
pub(crate) async fn open_signed_in(browser: &Browser, origin: &str) -> anyhow::Result<()> {
    browser.open("about:blank").await?;
    browser.open(origin).await?;
    wait_until_signed_in(browser).await
}

/// Presses `Renew now` so many times, each as soon as that is possible, and returns the milliseconds from each press until
/// the page showed that it was done.
pub(crate) async fn renew(browser: &Browser, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut millis = Vec::with_capacity(count);
    while millis.len() < count {
        let next = AT_ONCE.min(count - millis.len());
        let took = browser.script(RENEW, vec![json!(next)]).await.context("the page did not renew")?;
        millis.extend(serde_json::from_value::<Vec<f64>>(took)?);
    }
    Ok(millis)
}

/// Adds so many milliseconds to every request of this tab.
pub(crate) async fn set_distance(browser: &Browser, millis: u32) -> anyhow::Result<()> {
    let conditions = json!({ "offline": false, "latency": millis, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", &conditions).await.map(drop)
}

/// How many renewals the page shows.
pub(crate) async fn renewals(browser: &Browser) -> anyhow::Result<u64> {
    let script = "return Number(document.querySelector('[data-testid=renewals]')?.dataset.count)";
    browser.script(script, vec![]).await?.as_u64().context("the page shows no renewals")
}

/// Waits until the page shows more renewals, and returns how many.
pub(crate) async fn wait_for_renewals(browser: &Browser, count: u64) -> anyhow::Result<u64> {
    eventually_within(Duration::from_secs(60), &format!("{count} renewals"), async || {
        let shown = renewals(browser).await?;
        ensure!(shown >= count, "there are {shown}");
        Ok(shown)
    })
    .await
}

/// From now on, every document of this tab notes when it first showed who is signed in.
pub(crate) async fn note_when_name_is_shown(browser: &Browser) -> anyhow::Result<()> {
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": NOTE_NAME })).await.map(drop)
}

/// When the page first showed who is signed in: milliseconds since its navigation began.
pub(crate) async fn name_shown_after(browser: &Browser) -> anyhow::Result<f64> {
    eventually("the name is shown", async || {
        let shown = browser.script("return window.nameShownAfter ?? null", vec![]).await?;
        shown.as_f64().context("it is not")
    })
    .await
}

/// From now on, every document of this tab remembers the memory of its WebAssembly module.
pub(crate) async fn note_wasm_memory(browser: &Browser) -> anyhow::Result<()> {
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": NOTE_WASM_MEMORY })).await.map(drop)
}

/// What a page holds.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Held {
    /// Bytes that JavaScript uses, when what is garbage is gone.
    pub(crate) javascript: f64,
    /// Bytes of the module's memory, used or not.
    pub(crate) wasm: f64,
    pub(crate) documents: f64,
    pub(crate) nodes: f64,
    pub(crate) listeners: f64,
}

/// What this page holds.
pub(crate) async fn held(browser: &Browser) -> anyhow::Result<Held> {
    // What the first collection frees may have kept something else alive.
    for _ in 0..2 {
        browser.devtools("HeapProfiler.collectGarbage", &json!({})).await?;
    }
    let heap = browser.devtools("Runtime.getHeapUsage", &json!({})).await?;
    let counters = browser.devtools("Memory.getDOMCounters", &json!({})).await?;
    let wasm = browser.script("return window.wasmMemory.buffer.byteLength", vec![]).await?;
    let number = |value: &Value| value.as_f64().context("no number");
    Ok(Held {
        javascript: number(&heap["usedSize"])?,
        wasm: number(&wasm)?,
        documents: number(&counters["documents"])?,
        nodes: number(&counters["nodes"])?,
        listeners: number(&counters["jsEventListeners"])?,
    })
}

const RENEW: &str = "
    const until = (look) => new Promise((resolve) => {
        const observer = new MutationObserver(check);
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        function check() {
            const found = look();
            if (!found) return;
            observer.disconnect();
            resolve(found);
        }
        check();
    });
    const renewals = () => Number(document.querySelector('[data-testid=renewals]').dataset.count);
    const button = () => [...document.querySelectorAll('button')].find(
        (it) => it.textContent.trim() === 'Renew now' && !it.disabled && it.ariaDisabled !== 'true');
    return (async (count) => {
        const millis = [];
        for (let number = 0; number < count; number += 1) {
            const renewNow = await until(button);
            const before = renewals(), pressed = performance.now();
            renewNow.click();
            await until(() => renewals() > before);
            millis.push(performance.now() - pressed);
        }
        return millis;
    })(...arguments)";

const NOTE_NAME: &str = "{
    const look = () => {
        if (!document.body?.textContent.includes('Signed in as ')) return;
        window.nameShownAfter = performance.now();
        observer.disconnect();
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
}";

const NOTE_WASM_MEMORY: &str = "
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const instantiate = WebAssembly[name];
        WebAssembly[name] = async (...given) => {
            const result = await instantiate.apply(WebAssembly, given);
            window.wasmMemory ??= (result.instance ?? result).exports.memory;
            return result;
        };
    }";

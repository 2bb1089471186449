//! What is left behind when a journey fails: a picture, the page, the console, the requests and the servers' logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::world::World;

/// Writes the report, and returns where it lies. Requests are shown without the values of their parameters.
///
/// # Errors
/// When it cannot be written. A browser that does not answer leaves its parts out.
pub async fn save(world: &World, journey: &str) -> anyhow::Result<PathBuf> {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/e2e-failures").join(journey.replace("::", "-"));
    fs::create_dir_all(&directory)?;
    let browser = &world.browser;
    if let Ok(picture) = browser.screenshot().await {
        fs::write(directory.join("page.png"), picture)?;
    }
    if let Ok(html) = browser.script("return document.documentElement.outerHTML", vec![]).await {
        fs::write(directory.join("page.html"), html.as_str().unwrap_or_default())?;
    }
    let console = browser.console().await.unwrap_or_default();
    fs::write(directory.join("console.txt"), console.join("\n"))?;
    let requests = browser.requests_since(SystemTime::UNIX_EPOCH).await.unwrap_or_default();
    let requests: Vec<String> = requests.iter().map(|request| format!("{request:?}")).collect();
    fs::write(directory.join("requests.txt"), requests.join("\n"))?;
    fs::write(directory.join("servers.txt"), world.logs())?;
    Ok(directory.canonicalize()?)
}

//! Makes a page as its authors would: bundled and minified by esbuild for production.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::browser::pages::Page;
use crate::options::Common;

/// Makes a page and returns its directory. `index.html` still says `CONFIG` where [`configure`] puts the configuration.
pub(crate) fn make(page: &Page, common: &Common) -> anyhow::Result<PathBuf> {
    let sources = common.directory.join("apps");
    let made = common.directory.join("pages").join(page.id);
    // Absent before it is made for the first time.
    let _ = fs::remove_dir_all(&made);
    fs::create_dir_all(&made).with_context(|| format!("cannot create {}", made.display()))?;
    bundle(common, page.entry, &made.join("app.js"))?;
    fs::copy(sources.join("index.html"), made.join("index.html"))?;
    if let Some(silent_page) = page.silent_page {
        fs::copy(sources.join(silent_page), made.join("silent.html"))?;
    }
    if let Some(entry) = page.silent_entry {
        bundle(common, entry, &made.join("silent.js"))?;
    }
    Ok(made)
}

/// Gives a page its configuration, in its HTML: it costs no request.
pub(crate) fn configure(made: &Path, config: &serde_json::Value) -> anyhow::Result<()> {
    let index = made.join("index.html");
    let html = fs::read_to_string(&index)?.replace("CONFIG", &config.to_string());
    Ok(fs::write(index, html)?)
}

fn bundle(common: &Common, entry: &str, script: &Path) -> anyhow::Result<()> {
    let mut esbuild = Command::new(&common.node);
    esbuild.current_dir(&common.directory).arg("node_modules/esbuild/bin/esbuild").arg(format!("apps/{entry}"));
    esbuild.args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--jsx=automatic", "--log-level=warning"]);
    esbuild.args(["--legal-comments=none", r#"--define:process.env.NODE_ENV="production""#]);
    let status =
        esbuild.arg(format!("--outfile={}", script.display())).status().context("esbuild cannot be started")?;
    ensure!(status.success(), "esbuild failed on {entry}");
    Ok(())
}

//! A copy of the built app, with a `config.json` of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// Removed when it is dropped.
#[derive(Debug)]
pub struct AppDir(TempDir);

impl AppDir {
    /// Copies the app built in `built`.
    ///
    /// # Errors
    /// When there is no app, or no space.
    pub fn copy_of(built: &Path) -> anyhow::Result<Self> {
        let copy = TempDir::with_prefix("evergrant-app-")?;
        copy_all(built, copy.path()).with_context(|| format!("cannot copy the app in {}", built.display()))?;
        Ok(Self(copy))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes some keys of `config.json`, and leaves the others as shipped.
    ///
    /// # Errors
    /// When the file is not there or is no JSON object.
    pub fn change_config(&self, changes: Map<String, Value>) -> anyhow::Result<()> {
        let text = fs::read(self.config()).context("the built app has no config.json")?;
        let mut config: Map<String, Value> =
            serde_json::from_slice(&text).context("the built app's config.json is no JSON object")?;
        config.extend(changes);
        self.write_config(&Value::Object(config).to_string())
    }

    /// `config.json` as it stands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_config(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.config())?)
    }

    /// Replaces `config.json` by anything.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_config(&self, text: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.config(), text)?)
    }

    /// Takes `config.json` away.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_config(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.config())?)
    }

    /// Takes the app's script (`js`) or its code (`wasm`) away, compressed copies and all.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_code(&self, extension: &str) -> anyhow::Result<()> {
        let code = self.app_files(&format!(".{extension}"))?;
        code.iter().try_for_each(fs::remove_file)?;
        Ok(())
    }

    /// Takes away what the app loads once it is there, and returns what brings it back.
    ///
    /// # Errors
    /// When there is no such code.
    pub fn take_rest(&self) -> anyhow::Result<TakenRest> {
        let aside = TempDir::with_prefix("evergrant-rest-")?;
        let files = self.app_files("-rest-")?;
        for file in &files {
            let name = file.file_name().context("a file without a name")?;
            fs::copy(file, aside.path().join(name))?;
            fs::remove_file(file)?;
        }
        Ok(TakenRest { aside, app: self.path().to_owned() })
    }

    /// Changes what the app loads once it is there, so that it would still run.
    ///
    /// # Errors
    /// When there is no such code.
    pub fn change_rest(&self) -> anyhow::Result<()> {
        for file in self.app_files("-rest-")? {
            if file.extension().is_some_and(|extension| extension == "wasm") {
                // A custom section without a name or content, which means nothing.
                let content = [fs::read(&file)?, vec![0, 1, 0]].concat();
                fs::write(file, content)?;
            } else {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    /// Files of the app itself with this in their names.
    fn app_files(&self, with: &str) -> anyhow::Result<Vec<PathBuf>> {
        let files = fs::read_dir(self.path())?.collect::<Result<Vec<_>, _>>()?;
        let found: Vec<PathBuf> = files
            .iter()
            .map(fs::DirEntry::path)
            .filter(|path| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                name.starts_with("evergrant-app") && name.contains(with)
            })
            .collect();
        anyhow::ensure!(!found.is_empty(), "the built app has no {with}");
        Ok(found)
    }

    fn config(&self) -> PathBuf {
        self.path().join("config.json")
    }
}

/// Code that was taken from an app.
#[derive(Debug)]
pub struct TakenRest {
    aside: TempDir,
    app: PathBuf,
}

impl TakenRest {
    /// Puts it back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn bring_back(self) -> anyhow::Result<()> {
        copy_all(self.aside.path(), &self.app)
    }
}

/// The copy of a file that a server sends to whoever takes it compressed so: `br` or `gz`.
pub fn compressed_copy(file: &Path, encoding: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(encoding);
    name.into()
}

fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy_all(&entry.path(), &target)?;
        } else if !entry.file_name().to_string_lossy().starts_with("config.json.") {
            // A compressed config.json would be served in place of the changed one.
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

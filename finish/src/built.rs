//! What Trunk leaves in a directory: a page, and files whose names end in a hash of what they were made from.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::sealed::Sealed;

/// The app as it was built.
#[derive(Debug)]
pub(crate) struct BuiltApp {
    pub(crate) directory: PathBuf,
    /// What the names of its code and of its script begin with.
    pub(crate) stem: String,
    /// The file name of the WebAssembly module.
    pub(crate) code: String,
    /// The file name of the script between the module and the browser, which wasm-bindgen wrote.
    pub(crate) script: String,
    /// The file names of the scripts that were written by hand.
    pub(crate) other_scripts: Vec<String>,
    /// The file names of its style sheets.
    pub(crate) styles: Vec<String>,
}

impl BuiltApp {
    /// Looks for the parts of an app.
    ///
    /// # Errors
    /// When there is not exactly one module with its script, or a file is named in another way than Trunk does.
    pub(crate) fn find(directory: PathBuf) -> anyhow::Result<Self> {
        let named = |end: &str| -> anyhow::Result<Vec<String>> {
            let mut names = file_names(&directory)?;
            names.retain(|name| name.ends_with(end));
            Ok(names)
        };
        let code = match <[String; 1]>::try_from(named("_bg.wasm")?) {
            Ok([code]) => code,
            Err(found) => {
                bail!("{} holds {} WebAssembly modules: build the app there.", shown(&directory), found.len())
            }
        };
        let hashed = code.trim_end_matches("_bg.wasm");
        let script = format!("{hashed}.js");
        if !directory.join(&script).is_file() {
            bail!("{} is missing beside {code}.", shown(&directory.join(script)));
        }
        let stem = without_hash(hashed)?.to_owned();
        let mut other_scripts = named(".js")?;
        other_scripts.retain(|name| *name != script);
        let styles = named(".css")?;
        Ok(Self { stem, script, other_scripts, styles, code, directory })
    }

    /// The content of a file.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.directory.join(name);
        fs::read(&path).with_context(|| format!("Cannot read {}", shown(&path)))
    }

    /// The content of files, one after the other.
    pub(crate) fn content_of(&self, names: &[String]) -> anyhow::Result<Vec<u8>> {
        let contents: Vec<_> = names.iter().map(|name| self.read(name)).collect::<Result<_, _>>()?;
        Ok(contents.join(&b'\n'))
    }

    /// Puts finished files in the place of those that they were made from.
    pub(crate) fn replace(&self, old: &[String], new: &[Sealed]) -> anyhow::Result<()> {
        for old in old {
            fs::remove_file(self.directory.join(old)).with_context(|| format!("Cannot remove {old}"))?;
        }
        new.iter().try_for_each(|file| self.write(&file.name, &file.content))
    }

    /// Writes a file beside them.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let path = self.directory.join(name);
        fs::write(&path, content).with_context(|| format!("Cannot write {}", shown(&path)))
    }
}

/// The names of the files in a directory itself, in order.
fn file_names(directory: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(directory).with_context(|| format!("Cannot read {}", shown(directory)))?;
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn without_hash(name: &str) -> anyhow::Result<&str> {
    match name.rsplit_once('-') {
        Some((stem, hash)) if !hash.is_empty() && hash.chars().all(|c| c.is_ascii_hexdigit()) => Ok(stem),
        _ => bail!("{name} does not end in a hash: build the app with file hashes."),
    }
}

fn shown(path: &(impl AsRef<OsStr> + ?Sized)) -> std::path::Display<'_> {
    Path::new(path).display()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn directory(names: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(directory.path().join(name), name).unwrap();
        }
        directory
    }

    #[test]
    fn the_parts_are_found_by_their_names() {
        let files = ["an-app-0a1b.js", "an-app-0a1b_bg.wasm", "style-77.css", "index.html", "icon.svg", "by-hand.js"];
        let app = BuiltApp::find(directory(&files).path().to_owned());
        // The directory is gone by now, but what was found is known.
        let app = app.unwrap();
        assert_eq!((app.stem.as_str(), app.code.as_str(), app.script.as_str()), ("an-app", files[1], files[0]));
        assert_eq!(app.styles, ["style-77.css"]);
        assert_eq!(app.other_scripts, ["by-hand.js"]);
    }

    #[test]
    fn what_is_no_built_app_is_refused() {
        for files in [
            &["index.html"][..],
            &["app-1_bg.wasm"],
            &["app_bg.wasm", "app.js"],
            &["a-1_bg.wasm", "a-1.js", "b-2_bg.wasm", "b-2.js"],
        ] {
            assert!(BuiltApp::find(directory(files).path().to_owned()).is_err(), "{files:?}");
        }
    }
}

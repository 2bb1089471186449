//! What files weigh on the wire, as a server sends them: brotli, at its best.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use brotli::enc::BrotliEncoderParams;
use serde::Serialize;

/// What a visitor loads: pages, scripts, styles and code.
pub(crate) const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

/// Bytes, in the order of [`KINDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Weight([usize; KINDS.len()]);

impl Weight {
    /// Weighs the files in a directory itself: what lies deeper belongs to no page.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn of(directory: &Path) -> anyhow::Result<Self> {
        Self::of_files(&files_in(directory)?)
    }

    /// The same without the code that the app loads once it is there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn of_start(directory: &Path) -> anyhow::Result<Self> {
        let mut files = files_in(directory)?;
        files.retain(|file| !file.file_name().is_some_and(|name| name.to_string_lossy().contains(REST)));
        Self::of_files(&files)
    }

    /// Weighs some files. What is of none of the [`KINDS`] does not count.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn of_files(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut weight = Self::default();
        for file in files {
            let position = KINDS.iter().position(|kind| file.extension().is_some_and(|extension| extension == *kind));
            if let Some(position) = position {
                weight.0[position] += brotli_size(file).with_context(|| format!("cannot read {}", file.display()))?;
            }
        }
        Ok(weight)
    }

    /// The bytes of one of the [`KINDS`]; none of any other.
    pub(crate) fn of_kind(&self, kind: &str) -> usize {
        KINDS.iter().zip(self.0).filter(|(of, _)| **of == kind).map(|(_, bytes)| bytes).sum()
    }

    /// The bytes of everything.
    pub(crate) fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// What the name of that code has in it.
const REST: &str = "-rest-";

fn files_in(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    Ok(entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?)
}

fn brotli_size(file: &Path) -> std::io::Result<usize> {
    let mut smallest = Vec::new();
    // The default is the best: quality 11.
    brotli::BrotliCompress(&mut File::open(file)?, &mut smallest, &BrotliEncoderParams::default())?;
    Ok(smallest.len())
}

//! Compressed copies beside the files, which servers send to whoever takes them: `.br` and `.gz`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use flate2::{Compression, write::GzEncoder};

/// What becomes smaller. Pictures and fonts of other kinds are compressed already.
const KINDS: [&str; 6] = ["css", "html", "js", "json", "svg", "wasm"];

/// Is changed where the app is installed: a compressed copy would go on saying what it said before.
const CHANGED_LATER: &str = "config.json";

/// Writes both copies of each file in a directory and below it.
pub(crate) fn beside_each(directory: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("Cannot read {}", directory.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            beside_each(&path)?;
        } else if is_worth_it(&path) {
            write_copies(&path).with_context(|| format!("Cannot compress {}", path.display()))?;
        }
    }
    Ok(())
}

fn is_worth_it(path: &Path) -> bool {
    let kind = path.extension().and_then(|kind| kind.to_str());
    kind.is_some_and(|kind| KINDS.contains(&kind)) && path.file_name().is_some_and(|name| name != CHANGED_LATER)
}

fn write_copies(path: &Path) -> anyhow::Result<()> {
    let content = fs::read(path)?;
    for (end, copy) in [("br", brotli(&content)?), ("gz", gzip(&content)?)] {
        if copy.len() < content.len() {
            fs::write(with_end(path, end), copy)?;
        }
    }
    Ok(())
}

/// `name.js.br` for `name.js`.
fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut smallest: Option<Vec<u8>> = None;
    // Which of these suits a content best is seen by trying; the difference is some parts in a thousand.
    for mode in [BrotliEncoderMode::BROTLI_MODE_GENERIC, BrotliEncoderMode::BROTLI_MODE_FONT] {
        for lgblock in [0, 16] {
            // The default is the best quality; a window as large as browsers accept.
            let (lgwin, size_hint) = (24, content.len());
            let parameters = BrotliEncoderParams { mode, lgblock, lgwin, size_hint, ..BrotliEncoderParams::default() };
            let mut copy = Vec::new();
            brotli::BrotliCompress(&mut &*content, &mut copy, &parameters)?;
            if smallest.as_ref().is_none_or(|smallest| copy.len() < smallest.len()) {
                smallest = Some(copy);
            }
        }
    }
    Ok(smallest.unwrap_or_default())
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use super::*;

    #[test]
    fn copies_hold_the_same_and_only_where_they_are_smaller() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("snippets");
        fs::create_dir(&below).unwrap();
        let text = "the same again and again, ".repeat(100);
        let (script, icon, config) =
            (below.join("a.js"), directory.path().join("i.svg"), directory.path().join("config.json"));
        for (path, content) in [(&script, text.as_str()), (&icon, "<svg/>"), (&config, &text)] {
            fs::write(path, content).unwrap();
        }
        beside_each(directory.path()).unwrap();

        let mut restored = Vec::new();
        brotli::BrotliDecompress(&mut fs::File::open(with_end(&script, "br")).unwrap(), &mut restored).unwrap();
        assert_eq!(restored, text.as_bytes());
        let mut restored = String::new();
        flate2::read::GzDecoder::new(fs::File::open(with_end(&script, "gz")).unwrap())
            .read_to_string(&mut restored)
            .unwrap();
        assert_eq!(restored, text);
        assert!(!with_end(&icon, "br").exists(), "it would be larger");
        assert!(!with_end(&config, "br").exists(), "it may change");
    }
}

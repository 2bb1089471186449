//! The standard library for `wasm32-unknown-unknown`.

use std::{path::Path, process::Command};

use anyhow::bail;

use super::{install, on_path};
use crate::{process::output_of, stop::Stop};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target with rustup, where the compiler does not have it yet.
pub(super) fn ensure(stop: &Stop) -> anyhow::Result<()> {
    if is_there() {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        bail!(
            "The Rust compiler here cannot build for the browser, and there is no rustup to add the target \
             {TARGET}: install rustup (https://rustup.rs), or the package of your system that holds this target."
        );
    }
    install(
        &format!("the Rust target {TARGET}"),
        "about 10 seconds, once per user",
        Command::new("rustup").args(["target", "add", TARGET]),
        stop,
    )
}

fn is_there() -> bool {
    let libraries = output_of(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    libraries.is_some_and(|directory| Path::new(&directory).is_dir())
}

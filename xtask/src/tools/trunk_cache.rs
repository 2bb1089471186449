//! Trunk's own tool cache: a plain `trunk serve` finds wasm-bindgen there, and downloads nothing.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use super::{cache::caches, executable};

/// Puts wasm-bindgen where Trunk looks after the path, unless something is there. Only a
/// convenience: what goes wrong here is not worth a word.
pub(super) fn offer_wasm_bindgen(directory: &Path, version: &str) {
    if let Some(cache) = trunk_cache() {
        copy_if_absent(&executable(directory, "wasm-bindgen"), &cache.join(format!("wasm-bindgen-{version}"))).ok();
    }
}

/// The directory of `ProjectDirs::from("dev", "trunkrs", "trunk")` in Trunk 0.21.
fn trunk_cache() -> Option<PathBuf> {
    let caches = caches(|name| env::var_os(name).map(PathBuf::from))?;
    Some(caches.join(match env::consts::OS {
        "macos" => "dev.trunkrs.trunk",
        "windows" => "trunkrs\\trunk\\cache",
        _ => "trunk",
    }))
}

fn copy_if_absent(program: &Path, directory: &Path) -> io::Result<()> {
    let Some(name) = program.file_name() else { return Ok(()) };
    let place = directory.join(name);
    if place.exists() {
        return Ok(());
    }
    fs::create_dir_all(directory)?;
    let unfinished = place.with_extension(format!("{}", std::process::id()));
    fs::copy(program, &unfinished)?;
    fs::rename(unfinished, place)
}

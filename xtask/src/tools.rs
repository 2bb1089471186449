//! The tools that the commands need: found, or put in place once for every clone of this user.

mod browsers;
mod cache;
mod cargo_install;
mod compiler;
mod node;
mod npm_packages;
mod optimizers;
mod packages;
mod postgres;
mod trunk_cache;
mod wasm_target;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::{process, stop::Stop, workspace};
pub(crate) use browsers::Browser;
use cache::Cache;
use cargo_install::CargoTool;
pub(crate) use compiler::{Compiler, with_nightly};
pub(crate) use node::Node;
pub(crate) use optimizers::Optimizers;
pub(crate) use postgres::VARIABLE as POSTGRES_BIN;

const TRUNK: CargoTool = CargoTool {
    package: "trunk",
    program: "trunk",
    version: "0.21.14",
    flags: &["--locked", "--no-default-features", "--features", "rustls"],
    takes: "about 4 minutes, once per user",
};

const GECKODRIVER: CargoTool = CargoTool {
    package: "geckodriver",
    program: "geckodriver",
    version: "0.37.1",
    flags: &["--locked"],
    takes: "about 1 minute, once per user",
};

const CARGO_FUZZ: CargoTool = CargoTool {
    package: "cargo-fuzz",
    program: "cargo-fuzz",
    version: "0.13.2",
    flags: &["--locked"],
    takes: "about 1 minute, once per user",
};

const CARGO_DENY: CargoTool = CargoTool {
    package: "cargo-deny",
    program: "cargo-deny",
    version: "0.20.2",
    flags: &["--locked"],
    takes: "about 5 minutes, once per user",
};

/// After this long without a word, a person wonders whether anything happens.
const SILENCE: Duration = Duration::from_secs(30);

/// What it takes to build for the browser.
#[derive(Debug)]
pub(crate) struct Tools {
    wasm_bindgen: PathBuf,
    trunk: PathBuf,
}

impl Tools {
    /// Puts the wasm target, wasm-bindgen and Trunk in place.
    pub(crate) fn for_building(stop: &Stop) -> anyhow::Result<Self> {
        wasm_target::ensure(stop)?;
        let cache = Cache::open()?;
        let version = workspace::locked_version("wasm-bindgen")?;
        let wasm_bindgen = wasm_bindgen(&version).directory(&cache, stop)?;
        let trunk = TRUNK.directory(&cache, stop)?;
        trunk_cache::offer_wasm_bindgen(&wasm_bindgen, &version);
        Ok(Self { wasm_bindgen, trunk })
    }

    /// Trunk, in the repository, with wasm-bindgen of the locked version first on its path.
    pub(crate) fn trunk(&self) -> Command {
        let mut trunk = Command::new(executable(&self.trunk, TRUNK.program));
        trunk.current_dir(workspace::root()).env("PATH", self.path());
        trunk.env("CARGO_TARGET_DIR", workspace::wasm_target_dir()).env_remove("CARGO_BUILD_TARGET");
        // Trunk reads NO_COLOR as a flag of its own, which is `true` or an error.
        if env::var_os("NO_COLOR").is_some() {
            trunk.env("NO_COLOR", "true");
        }
        trunk
    }

    fn path(&self) -> OsString {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let ours = [self.wasm_bindgen.clone(), self.trunk.clone()].into_iter();
        env::join_paths(ours.chain(env::split_paths(&inherited))).unwrap_or(inherited)
    }
}

/// Puts the wasm target in place.
pub(crate) fn wasm_target(stop: &Stop) -> anyhow::Result<()> {
    wasm_target::ensure(stop)
}

/// The runner of wasm-bindgen tests, of the version locked for this repository.
pub(crate) fn wasm_test_runner(stop: &Stop) -> anyhow::Result<PathBuf> {
    let version = workspace::locked_version("wasm-bindgen")?;
    let directory = wasm_bindgen(&version).directory(&Cache::open()?, stop)?;
    Ok(executable(&directory, "wasm-bindgen-test-runner"))
}

/// Chromium or Chrome, and its driver.
pub(crate) fn chromium(stop: &Stop) -> anyhow::Result<Browser> {
    browsers::chromium(stop)
}

/// Firefox, and its driver.
pub(crate) fn firefox(stop: &Stop) -> anyhow::Result<Browser> {
    let driver = || Ok(executable(&GECKODRIVER.directory(&Cache::open()?, stop)?, GECKODRIVER.program));
    browsers::firefox(driver, stop)
}

/// WebKitGTK's browser with its driver, and the server of a screen that nobody sees.
pub(crate) fn webkit(stop: &Stop) -> anyhow::Result<(Browser, PathBuf)> {
    browsers::webkit(stop)
}

/// The directory of PostgreSQL's programs.
pub(crate) fn postgres(stop: &Stop) -> anyhow::Result<PathBuf> {
    postgres::directory(stop)
}

/// The script that looks for barriers in pages.
pub(crate) fn axe(stop: &Stop) -> anyhow::Result<PathBuf> {
    let packages = npm_packages::installed("axe", "axe-core", Path::new("tests/e2e"), stop)?;
    Ok(packages.join("axe-core").join("axe.min.js"))
}

/// The `node_modules` of the providers and clients by others that ours have to get along with.
pub(crate) fn interop_peers(stop: &Stop) -> anyhow::Result<PathBuf> {
    npm_packages::installed("interop", "providers and clients by others", Path::new("tests/interop/peers"), stop)
}

/// cargo-fuzz, where there is a nightly compiler for it.
pub(crate) fn cargo_fuzz(stop: &Stop) -> anyhow::Result<PathBuf> {
    compiler::nightly_sysroot()
        .context("Fuzzing needs a nightly compiler, and there is none here: rustup toolchain install nightly")?;
    Ok(executable(&CARGO_FUZZ.directory(&Cache::open()?, stop)?, CARGO_FUZZ.program))
}

/// cargo-deny.
pub(crate) fn cargo_deny(stop: &Stop) -> anyhow::Result<PathBuf> {
    Ok(executable(&CARGO_DENY.directory(&Cache::open()?, stop)?, CARGO_DENY.program))
}

/// `cargo xtask tools`: everything, and where it is.
pub(crate) fn install_everything(stop: &Stop) -> anyhow::Result<ExitCode> {
    let tools = Tools::for_building(stop)?;
    println!("Trunk: {}", executable(&tools.trunk, TRUNK.program).display());
    println!("wasm-bindgen: {}", executable(&tools.wasm_bindgen, "wasm-bindgen").display());
    let optimizers = Optimizers::ensure(stop)?;
    println!("esbuild: {}", optimizers.esbuild.display());
    println!("wasm-opt: {}", optimizers.wasm_opt.display());
    let mut code = ExitCode::SUCCESS;
    let webkit = cfg!(target_os = "linux").then(|| ("WebKit", webkit(stop).map(|(browser, _)| browser)));
    for (name, browser) in [("Chromium", chromium(stop)), ("Firefox", firefox(stop))].into_iter().chain(webkit) {
        match browser {
            Ok(browser) => println!("{name}: {} with {}", browser.program.display(), browser.driver.display()),
            Err(error) => {
                eprintln!("{error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    for (name, found) in
        [("PostgreSQL", postgres(stop)), ("axe-core", axe(stop)), ("peers from npm", interop_peers(stop))]
    {
        match found {
            Ok(place) => println!("{name}: {}", place.display()),
            Err(error) => {
                eprintln!("{error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// The tool and the crate of this name must be one version.
fn wasm_bindgen(version: &str) -> CargoTool<'_> {
    CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version,
        flags: &[],
        takes: "about 2 minutes, once per user",
    }
}

fn executable(directory: &Path, program: &str) -> PathBuf {
    directory.join(program).with_extension(env::consts::EXE_EXTENSION)
}

/// A program on the path.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| executable(&directory, program)).find(|file| file.is_file())
}

/// Runs an installation silently, between a line that says how long it takes and one that says how
/// long it took; one that takes longer says now and then what it is doing.
fn install(what: &str, about: &str, command: &mut Command, stop: &Stop) -> anyhow::Result<()> {
    println!("Installing {what} ({about}) ...");
    let started = Instant::now();
    let mut told = started;
    process::run_quietly(command, stop, |last_line| {
        if told.elapsed() >= SILENCE {
            told = Instant::now();
            println!("    still at it after {}: {last_line}", shown(started.elapsed()));
        }
    })
    .with_context(|| format!("Could not install {what}"))?;
    println!("Installed {what} in {}.", shown(started.elapsed()));
    Ok(())
}

/// A duration as a person says it.
pub(crate) fn shown(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(shown(Duration::from_millis(800)), "0 s");
        assert_eq!(shown(Duration::from_secs(59)), "59 s");
        assert_eq!(shown(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(on_path("sh").is_some_and(|sh| sh.is_absolute()));
        assert_eq!(on_path("no-such-program"), None);
    }
}

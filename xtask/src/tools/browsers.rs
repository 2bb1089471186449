//! Browsers and their drivers: found where systems put them, or installed.

use std::{env, path::PathBuf};

use anyhow::Context;

use super::{on_path, packages};
use crate::stop::Stop;

/// A browser, and the program that drives it over WebDriver.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) program: PathBuf,
    pub(crate) driver: PathBuf,
}

/// A program that can be named by an environment variable, and the places it is otherwise in.
struct Wanted {
    variable: &'static str,
    names: &'static [&'static str],
    places: &'static [&'static str],
    apt_package: &'static str,
}

const CHROMIUM: Wanted = Wanted {
    variable: "CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    apt_package: "chromium",
};

const CHROMEDRIVER: Wanted = Wanted {
    variable: "CHROMEDRIVER",
    names: &["chromedriver", "chromium.chromedriver"],
    places: &["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"],
    apt_package: "chromium-driver",
};

const FIREFOX: Wanted = Wanted {
    variable: "FIREFOX",
    names: &["firefox-esr", "firefox"],
    places: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
    apt_package: "firefox-esr",
};

const GECKODRIVER: Wanted = Wanted { variable: "GECKODRIVER", names: &["geckodriver"], places: &[], apt_package: "" };

/// Chromium or Chrome with chromedriver.
pub(super) fn chromium(stop: &Stop) -> anyhow::Result<Browser> {
    ensure(&[CHROMIUM, CHROMEDRIVER], stop).context(
        "The tests need Chromium or Chrome with chromedriver of the same version: install both, or name them \
         with CHROMIUM and CHROMEDRIVER",
    )?;
    Ok(Browser { program: CHROMIUM.path()?, driver: CHROMEDRIVER.path()? })
}

/// Firefox with geckodriver, which Debian does not package.
pub(super) fn firefox(
    install_driver: impl FnOnce() -> anyhow::Result<PathBuf>,
    stop: &Stop,
) -> anyhow::Result<Browser> {
    ensure(&[FIREFOX], stop).context("The tests need Firefox: install it, or name it with FIREFOX")?;
    let driver = GECKODRIVER.find().map_or_else(install_driver, Ok)?;
    Ok(Browser { program: FIREFOX.path()?, driver })
}

fn ensure(wanted: &[Wanted], stop: &Stop) -> anyhow::Result<()> {
    let missing: Vec<&str> =
        wanted.iter().filter(|program| program.find().is_none()).map(|program| program.apt_package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    packages::install_missing(&missing, stop)
}

impl Wanted {
    fn find(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from);
        let on_path = || self.names.iter().find_map(|name| on_path(name));
        let in_place = || self.places.iter().map(PathBuf::from).find(|place| place.is_file());
        named.filter(|file| file.is_file()).or_else(on_path).or_else(in_place)
    }

    fn path(&self) -> anyhow::Result<PathBuf> {
        self.find().with_context(|| format!("{} was installed, but is not on the path.", self.names[0]))
    }
}

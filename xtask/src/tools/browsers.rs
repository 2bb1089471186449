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

/// The small browser that WebKitGTK brings along for its driver: the engine of Safari, and of every browser on an iPhone.
const MINI_BROWSER: Wanted = Wanted {
    variable: "MINI_BROWSER",
    names: &["MiniBrowser"],
    places: &[
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/webkit2gtk-4.1/MiniBrowser",
        "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
    ],
    apt_package: "libwebkit2gtk-4.1-0",
};

const WEBKIT_DRIVER: Wanted =
    Wanted { variable: "WEBKIT_DRIVER", names: &["WebKitWebDriver"], places: &[], apt_package: "webkit2gtk-driver" };

/// A screen that nobody sees, which that browser cannot do without.
const XVFB: Wanted = Wanted { variable: "XVFB", names: &["Xvfb"], places: &[], apt_package: "xvfb" };

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

/// WebKitGTK's browser with its driver, and the screen that it wants.
pub(super) fn webkit(stop: &Stop) -> anyhow::Result<(Browser, PathBuf)> {
    ensure(&[MINI_BROWSER, WEBKIT_DRIVER, XVFB], stop).context(
        "The tests need WebKitGTK's MiniBrowser with WebKitWebDriver, and Xvfb: install them, or name them with MINI_BROWSER, \
         WEBKIT_DRIVER and XVFB",
    )?;
    Ok((Browser { program: MINI_BROWSER.path()?, driver: WEBKIT_DRIVER.path()? }, XVFB.path()?))
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

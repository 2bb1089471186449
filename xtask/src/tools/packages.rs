//! Packages of the system, installed with apt where that is possible.

use std::process::Command;

use anyhow::{Context, bail};

use super::{install, on_path};
use crate::{process::output_of, stop::Stop};

/// Installs packages that were looked for and not found.
pub(super) fn install_missing(packages: &[&str], stop: &Stop) -> anyhow::Result<()> {
    let names = packages.join(" and ");
    if on_path("apt-get").is_none() {
        bail!("{names} is not on the path, and there is no apt-get here to install it with.");
    }
    let mut install_packages = apt_get(&["install", "-y", "--no-install-recommends"])
        .with_context(|| format!("{names} is not on the path, and only root may install it here"))?;
    // A list that cannot be brought up to date may still be good enough to install from.
    install("the list of packages", "about 10 seconds", &mut apt_get(&["update"])?, stop).ok();
    install(&names, "about 1 minute, once", install_packages.args(packages), stop)
}

/// apt-get as root; an error where nobody here may be root without being asked for a password.
fn apt_get(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = if output_of(Command::new("id").arg("-u")).as_deref() == Some("0") {
        Command::new("apt-get")
    } else if output_of(Command::new("sudo").args(["-n", "true"])).is_some() {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    } else {
        bail!("sudo asks for a password.");
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

//! Cargo, with what whole journeys take place in: the app and the servers, built, and a browser.

use std::{path::Path, process::Command};

use crate::{
    artifacts::{self, Profile, Servers},
    stop::Stop,
    tools::{self, Compiler, Tools},
    workspace,
};

/// Builds what journeys start, once for all of them, and names it in the environment.
pub(crate) fn cargo(stop: &Stop) -> anyhow::Result<Command> {
    cargo_with(|app, tools| artifacts::build_finished_app(app, Compiler::Stable, tools, stop), stop)
}

/// The same, with an app that is built otherwise.
pub(crate) fn cargo_with(
    build_app: impl FnOnce(&Path, &Tools) -> anyhow::Result<()>,
    stop: &Stop,
) -> anyhow::Result<Command> {
    let tools = Tools::for_building(stop)?;
    let chromium = tools::chromium(stop)?;
    let app = artifacts::app_for_tests();
    println!("Building the servers and the app (about 4 minutes the first time) ...");
    let servers = Servers::build(Profile::Dev, stop)?;
    build_app(&app, &tools)?;

    let mut cargo = workspace::cargo();
    cargo.envs(artifacts::environment(app, servers, chromium));
    Ok(cargo)
}

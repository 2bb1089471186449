//! The end-to-end tests: the built app and the real servers, driven through Chromium.

use super::{Options, Tally, counted};
use crate::{
    artifacts::{self, Profile, Servers},
    stop::Stop,
    tools::{self, Compiler, Tools},
    workspace,
};

/// Builds what the tests start, once for all of them, and runs them.
pub(super) fn run(options: &Options, stop: &Stop) -> anyhow::Result<Tally> {
    let tools = Tools::for_building(stop)?;
    let chromium = tools::chromium(stop)?;
    let app = artifacts::app_for_tests();
    println!("Building the servers and the app (about 4 minutes the first time) ...");
    let servers = Servers::build(Profile::Dev, stop)?;
    artifacts::build_finished_app(&app, Compiler::Stable, &tools, stop)?;

    let mut cargo = workspace::cargo();
    cargo.args(["test", "--no-fail-fast", "--package", "evergrant-e2e"]);
    cargo.envs(artifacts::environment(app, servers, chromium));
    // One browser at a time: a small machine that runs several misses their deadlines.
    cargo.env("RUST_TEST_THREADS", "1");
    counted(options, &mut cargo, stop)
}

//! Waiting until every server answers.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use ureq::Agent;

use super::server::{self, Server};
use crate::{
    process::{Interrupted, TICK},
    stop::Stop,
};

/// A server that takes longer than this to start will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns once every address has answered `200 OK`.
pub(super) fn wait(urls: &[String], servers: &mut [Server], stop: &Stop) -> anyhow::Result<()> {
    let agent: Agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().into();
    let started = Instant::now();
    for url in urls {
        while agent.get(url).call().is_err() {
            if stop.requested() {
                bail!(Interrupted);
            }
            server::check_all(servers)?;
            if started.elapsed() > PATIENCE {
                bail!("{url} does not answer, {} seconds after it was started.", PATIENCE.as_secs());
            }
            thread::sleep(TICK);
        }
    }
    server::check_all(servers)
}

//! Runs one journey from beginning to end.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::failure_report;
use crate::setup::Setup;
use crate::world::World;

/// No journey takes longer, however slow the machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A browser that takes longer to tell what it shows, or to end, has stopped answering.
const REPORT_LIMIT: Duration = Duration::from_secs(15);

/// The browser answers its driver no more: neither a step of the journey, nor what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FellSilent;

impl fmt::Display for FellSilent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the browser does not answer")
    }
}

impl Error for FellSilent {}

/// Starts a world, takes `steps` in it, and ends it. When a step fails, a report is saved first.
///
/// # Errors
/// When the world does not start, or a step fails; [`FellSilent`] is among the causes when that was because the browser stopped
/// answering.
pub fn journey<S>(setup: Setup, steps: S) -> anyhow::Result<()>
where
    S: AsyncFnOnce(&World) -> anyhow::Result<()>,
{
    Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
        let world = World::start(setup).await?;
        // A failed assertion must not leave a browser behind, nor the report unwritten.
        let outcome = AssertUnwindSafe(timeout(LIMIT, steps(&world))).catch_unwind().await;
        let mut fell_silent = false;
        if !matches!(outcome, Ok(Ok(Ok(())))) {
            // A server held still would keep the browser from answering.
            world.issuer.resume().ok();
            if timeout(REPORT_LIMIT, report(&world)).await.is_err() {
                eprintln!("What was seen could not be saved: {FellSilent}");
                fell_silent = true;
            }
        }
        let closed = timeout(REPORT_LIMIT, world.browser.close()).await;
        match outcome {
            Err(panic) => resume_unwind(panic),
            Ok(outcome) => {
                let outcome = outcome.with_context(|| format!("the journey took longer than {} s", LIMIT.as_secs()));
                outcome.flatten().map_err(|error| if fell_silent { error.context(FellSilent) } else { error })?;
            }
        }
        closed.context("the browser did not close")?
    })
}

async fn report(world: &World) {
    // The test runner gives each thread the name of its test.
    let name = thread::current().name().unwrap_or("journey").to_owned();
    match failure_report::save(world, &name).await {
        Ok(directory) => eprintln!("What was seen: {}", directory.display()),
        Err(error) => eprintln!("What was seen could not be saved: {error:#}"),
    }
}

//! Which processors do what: every server gets the same one, the load comes from the others.

use std::thread;

use anyhow::{Context as _, ensure};

/// The processors this process may use, shared out.
#[derive(Clone, Debug)]
pub(crate) struct Cpus {
    pub(crate) server: usize,
    pub(crate) driver: Vec<usize>,
}

impl Cpus {
    /// Shares them out, and keeps this thread and those it starts off the server's.
    ///
    /// # Errors
    /// Where there is one processor alone: the load would be measured with the server.
    pub(crate) fn share_out() -> anyhow::Result<Self> {
        let cpus = Self::shared_out(system::allowed()?)?;
        system::pin(&cpus.driver)?;
        Ok(cpus)
    }

    /// Calls `start` so that the processes it starts stay on the server's processor.
    pub(crate) fn on_the_servers<T: Send>(&self, start: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        // A process inherits the processors of the thread that starts it.
        thread::scope(|scope| {
            let pinned = scope.spawn(|| system::pin(&[self.server]).map(|()| start()));
            pinned.join().ok().context("a server's thread panicked")?
        })
    }

    fn shared_out(mut allowed: Vec<usize>) -> anyhow::Result<Self> {
        ensure!(allowed.len() > 1, "The bench needs two processors: one for the server, one for the load.");
        let driver = allowed.split_off(1);
        Ok(Self { server: allowed[0], driver })
    }
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    pub(super) fn allowed() -> anyhow::Result<Vec<usize>> {
        let set = sched_getaffinity(None)?;
        Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
    }

    pub(super) fn pin(cpus: &[usize]) -> anyhow::Result<()> {
        let mut set = CpuSet::new();
        cpus.iter().for_each(|cpu| set.set(*cpu));
        Ok(sched_setaffinity(None, &set)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn allowed() -> anyhow::Result<Vec<usize>> {
        anyhow::bail!("The bench needs Linux, which says and decides what a process may use and has used.")
    }

    pub(super) fn pin(_: &[usize]) -> anyhow::Result<()> {
        allowed().map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_load_stays_off_the_servers_processor() {
        let cpus = Cpus::shared_out(vec![2, 3, 5]).unwrap();
        assert_eq!((cpus.server, cpus.driver), (2, vec![3, 5]));
        assert!(Cpus::shared_out(vec![0]).is_err());
    }
}

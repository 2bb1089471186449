//! What a process has used so far, as Linux tells it: time on a processor, and memory.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// Memory in bytes that is really there (`VmRSS`), now and at its highest (`VmHWM`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) highest: u64,
}

/// The processor time of all threads of a process, in the kernel and outside.
pub(crate) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = ticks(&stat).context("/proc/PID/stat reads otherwise than expected")?;
    Ok(Duration::from_secs(ticks) / ticks_per_second())
}

/// How many microseconds of this thread's processor time one of so many pieces of `work` took.
///
/// # Errors
/// When the work fails.
pub(crate) fn micros_each(pieces: usize, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let before = thread_time();
    work()?;
    #[allow(clippy::cast_precision_loss)]
    Ok((thread_time() - before).as_secs_f64() * 1e6 / pieces as f64)
}

/// The memory of a process.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name| bytes(&status, name).with_context(|| format!("/proc/PID/status has no {name}"));
    Ok(Memory { now: field("VmRSS:")?, highest: field("VmHWM:")? })
}

/// `utime` and `stime`: the 14th and the 15th field, counted past the name, which may contain anything (proc_pid_stat(5)).
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(target_os = "linux")]
fn ticks_per_second() -> u32 {
    u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)
}

#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    Duration::ZERO
}

#[cfg(not(target_os = "linux"))]
fn ticks_per_second() -> u32 {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_is_skipped() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 4 0 100 200 300";
        assert_eq!(ticks(stat), Some(200));
        assert_eq!(ticks("42 (a"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tnode\nVmHWM:\t   61440 kB\nVmRSS:\t   51200 kB\n";
        assert_eq!(bytes(status, "VmRSS:"), Some(50 * 1024 * 1024));
        assert_eq!(bytes(status, "VmSwap:"), None);
    }
}

//! On what the numbers were measured: without it they say nothing.

use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::{fmt, fs, thread};

use serde::{Deserialize, Serialize};

/// The machine, as it describes itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    /// Those this process may use.
    pub(crate) processors: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    pub(crate) node: String,
    /// Processes that ran or waited to run, on average over the last minute before: above 0, others were at work.
    pub(crate) load_before: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}, {} processors, {} GiB, Linux {}, Node {}; load {} before.",
            self.processor, self.processors, self.memory_gib, self.kernel, self.node, self.load_before,
        )
    }
}

impl Machine {
    /// Looks at this one.
    pub(crate) fn look(node: &Path) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kibibytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        let node = Command::new(node).arg("--version").output();
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            processors: thread::available_parallelism().map_or(1, NonZero::get),
            memory_gib: kibibytes.div_ceil(1024 * 1024),
            // What a distribution adds behind a dash says nothing here.
            kernel: read("/proc/sys/kernel/osrelease").trim().split('-').next().unwrap_or_default().to_owned(),
            node: node.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default(),
            load_before: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

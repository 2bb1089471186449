//! A screen for browsers that cannot do without one.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};

/// A screen that nobody sees. It goes away with this, and with the process.
pub(super) struct Screen {
    server: Child,
    /// What `DISPLAY` is set to.
    pub(super) name: String,
}

impl Screen {
    /// Starts one under a number that is free.
    pub(super) fn start(program: &Path) -> anyhow::Result<Self> {
        let mut server = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(program)
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("Cannot start {}", program.display()))?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            BufReader::new(stdout).read_line(&mut number)?;
        }
        let screen = Self { server, name: format!(":{}", number.trim()) };
        ensure!(screen.name.len() > 1, "{} did not start", program.display());
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

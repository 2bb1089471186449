//! The checks of npm `jose`, in a Node of their own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::api::token_signer::{AUDIENCE, ISSUER, Tokens};
use crate::options::Common;

const SCRIPT: &str = "jose.js";

/// A process that checks the tokens it was given whenever it is asked to; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Jose {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    count: usize,
}

#[derive(Deserialize)]
struct Answer {
    checked: usize,
    cpu_micros: f64,
}

impl Jose {
    /// Starts it on this thread's processor, with the tokens, and lets it warm up.
    pub(crate) fn start(common: &Common, tokens: &Tokens) -> anyhow::Result<Self> {
        let mut node = Command::new(&common.node);
        node.current_dir(&common.directory).env("NODE_ENV", "production").arg(SCRIPT);
        node.stderr(File::create(common.directory.join("jose.log"))?).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().context("node cannot be started")?;
        let asked = child.stdin.take().context("node has no input")?;
        let answers = BufReader::new(child.stdout.take().context("node has no output")?);
        let mut jose = Self { child, asked, answers, count: tokens.all.len() };
        let secrets: Vec<&str> = tokens.all.iter().map(|token| token.secret()).collect();
        let given = json!({ "issuer": ISSUER, "audience": AUDIENCE, "keys": tokens.keys, "tokens": secrets });
        writeln!(jose.asked, "{given}")?;
        jose.check_all()?;
        Ok(jose)
    }

    /// Checks every token once, and returns the microseconds that one took.
    pub(crate) fn check_all(&mut self) -> anyhow::Result<f64> {
        writeln!(self.asked, "check")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Answer = serde_json::from_str(&line).context("jose failed; see jose.log")?;
        ensure!(answer.checked == self.count, "jose refuses good tokens");
        #[allow(clippy::cast_precision_loss)]
        Ok(answer.cpu_micros / self.count as f64)
    }
}

impl Drop for Jose {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Running other programs: to their end, or until the person asks for one.

use std::{
    fmt,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::stop::Stop;

/// How often a running program and the stop flag are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Runs a program with this terminal as its own.
pub(crate) fn run(command: &mut Command, stop: &Stop) -> anyhow::Result<ExitStatus> {
    let mut child = spawn(command)?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        end_if_requested(&mut child, stop)?;
        thread::sleep(TICK);
    }
}

/// Runs a program that has to succeed.
pub(crate) fn run_to_success(command: &mut Command, stop: &Stop) -> anyhow::Result<()> {
    let status = run(command, stop)?;
    if stop.requested() {
        bail!(Interrupted);
    }
    if !status.success() {
        bail!("`{}` failed ({status}).", shown(command));
    }
    Ok(())
}

/// Runs a program and hands over each line of its standard output as it comes.
pub(crate) fn run_by_line(
    command: &mut Command,
    stop: &Stop,
    mut on_line: impl FnMut(&str),
) -> anyhow::Result<ExitStatus> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let lines = lines_of(child.stdout.take());
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => on_line(&line),
            Err(RecvTimeoutError::Disconnected) => return Ok(child.wait()?),
            Err(RecvTimeoutError::Timeout) => end_if_requested(&mut child, stop)?,
        }
    }
}

/// Runs a program without showing what it says, unless it fails. While it is silent, `meanwhile` is called again and again with
/// the last line it said.
pub(crate) fn run_quietly(command: &mut Command, stop: &Stop, mut meanwhile: impl FnMut(&str)) -> anyhow::Result<()> {
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = spawn(command.stdout(Stdio::null()))?;
    let lines = lines_of(child.stderr.take());
    let mut said = Vec::new();
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => said.push(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                meanwhile(said.last().map_or("", |line| line.trim()));
                end_if_requested(&mut child, stop)?;
            }
        }
    }
    let status = child.wait()?;
    if !status.success() {
        let last = said.split_off(said.len().saturating_sub(20)).join("\n");
        bail!("{last}\n`{}` failed ({status}).", shown(command));
    }
    Ok(())
}

/// What a program prints, trimmed; `None` when it cannot be run or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The person asked for an end, so what was under way did not happen.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupted.")
    }
}

impl std::error::Error for Interrupted {}

fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    command.spawn().with_context(|| format!("Cannot run `{}`", shown(command)))
}

fn end_if_requested(child: &mut Child, stop: &Stop) -> anyhow::Result<()> {
    if !stop.requested() {
        return Ok(());
    }
    // A terminal's Ctrl-C has reached the program too; let it end by itself first.
    for _ in 0..40 {
        if child.try_wait()?.is_some() {
            bail!(Interrupted);
        }
        thread::sleep(TICK);
    }
    child.kill()?;
    child.wait()?;
    bail!(Interrupted)
}

fn lines_of(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    lines
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_arrive_in_order_and_the_status_follows() {
        let mut lines = Vec::new();
        let script = "echo one; printf 'two\\n\\nfour'; exit 3";
        let status = run_by_line(&mut shell(script), &Stop::default(), |l| lines.push(l.to_owned()));
        assert_eq!(status.unwrap().code(), Some(3));
        assert_eq!(lines, ["one", "two", "", "four"]);
    }

    #[test]
    fn a_quiet_failure_repeats_the_last_words() {
        let error = run_quietly(&mut shell("echo first >&2; echo last >&2; exit 1"), &Stop::default(), |_| ());
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("first\nlast\n`sh -c"), "{text}");
        assert!(run_quietly(&mut shell("echo fine >&2"), &Stop::default(), |_| ()).is_ok());
    }

    #[test]
    fn what_runs_quietly_can_be_asked_what_it_is_doing() {
        let directory = tempfile::tempdir().unwrap();
        let answered = directory.path().join("answered");
        let mut program = shell("echo '   Compiling a crate' >&2; until [ -d \"$ANSWERED\" ]; do sleep 0.02; done");
        let asked = run_quietly(program.env("ANSWERED", &answered), &Stop::default(), |last| {
            if last == "Compiling a crate" {
                std::fs::create_dir_all(&answered).unwrap();
            }
        });
        assert!(asked.is_ok() && answered.is_dir());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program"), &Stop::default()).unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }
}

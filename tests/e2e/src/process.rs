//! A child process that announces itself, can be held still, and ends with its owner.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;

/// How long a program may take until it says that it is ready.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running program. Dropping it kills it, by its own process id.
pub struct Process {
    name: &'static str,
    child: Child,
    // Held open: the servers end when it closes, however this process ends.
    _stdin: Option<ChildStdin>,
    output: Output,
}

/// What a line announces, if it does.
type Announced = fn(&str) -> Option<String>;

type Output = Arc<Mutex<Vec<String>>>;

impl Process {
    /// Starts a program, and waits for the line on its standard output in which `announced` finds something.
    ///
    /// # Errors
    /// When it cannot be started, ends, or says nothing of the kind within 30 seconds.
    pub fn start(name: &'static str, command: &mut Command, announced: Announced) -> anyhow::Result<(Self, String)> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name} ({})", command.get_program().display()))?;
        let output = Output::default();
        let (sender, announcement) = channel();
        let readers = [
            follow(child.stdout.take(), &output, Some((announced, sender))),
            follow(child.stderr.take(), &output, None),
        ];
        let process = Self { name, _stdin: child.stdin.take(), child, output };
        match announcement.recv_timeout(START_LIMIT) {
            Ok(found) => Ok((process, found)),
            Err(_) => Err(process.last_words(readers)),
        }
    }

    /// Its process id.
    pub fn id(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Everything it wrote to standard output and standard error.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Holds it still: it keeps its port and its connections, and answers nobody.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::CONT)
    }

    fn signal(&self, signal: rustix::process::Signal) -> anyhow::Result<()> {
        rustix::process::kill_process(self.id(), signal)
            .with_context(|| format!("cannot send a signal to {}", self.name))
    }

    /// An error that quotes everything the program said before it was ended.
    fn last_words(self, readers: [JoinHandle<()>; 2]) -> anyhow::Error {
        let (name, output) = (self.name, Arc::clone(&self.output));
        drop(self);
        for reader in readers {
            reader.join().ok();
        }
        let said = output.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        anyhow::anyhow!("{name} did not say that it is ready. It said:\n{said}")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Process({}, {})", self.name, self.child.id())
    }
}

/// Reads a pipe to its end, on a thread of its own.
fn follow(
    pipe: Option<impl Read + Send + 'static>,
    output: &Output,
    announced: Option<(Announced, Sender<String>)>,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).map_while(Result::ok) {
            if let Some((announced, sender)) = &announced
                && let Some(found) = announced(&line)
            {
                // Nobody listens any more after the first announcement.
                sender.send(found).ok();
            }
            output.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ready(line: &str) -> Option<String> {
        line.strip_prefix("ready at ").map(str::to_owned)
    }

    #[test]
    fn an_announcement_is_found_and_the_rest_is_kept() {
        let mut command = Command::new("sh");
        let (process, found) =
            Process::start("sh", command.args(["-c", "echo first; echo ready at 7; cat"]), ready).unwrap();
        assert_eq!(found, "7");
        assert!(process.output().starts_with("first"), "{}", process.output());
    }

    #[test]
    fn a_program_that_ends_early_is_quoted() {
        let mut command = Command::new("sh");
        let error = Process::start("sh", command.args(["-c", "echo no luck >&2"]), ready).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
    }
}

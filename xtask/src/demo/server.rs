//! A server of the demo as a child process: its log on this terminal, its end together with ours.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::process::TICK;

/// How long a server may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// How many lines of a server are repeated when it ends too early.
const LAST_WORDS: usize = 8;

/// A running server. It ends when its standard input closes, so it cannot outlive this process.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    last_words: LastWords,
    readers: Vec<JoinHandle<()>>,
}

type LastWords = Arc<Mutex<VecDeque<String>>>;

impl Server {
    pub(super) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        out_of_reach_of_ctrl_c(command);
        if !io::stderr().is_terminal() {
            command.env("NO_COLOR", "1");
        }
        let mut child = command.spawn().with_context(|| format!("Cannot start the {name} server"))?;
        let stdin = child.stdin.take();
        let last_words = LastWords::default();
        let mut readers = Vec::new();
        if let Some(stderr) = child.stderr.take() {
            let last_words = last_words.clone();
            readers.push(thread::spawn(move || {
                follow(stderr, &last_words, |line| eprintln!("[{name}] {line}"));
            }));
        }
        if let Some(stdout) = child.stdout.take() {
            let last_words = last_words.clone();
            readers.push(thread::spawn(move || follow(stdout, &last_words, |_| {})));
        }
        Ok(Self { name, child, stdin, last_words, readers })
    }

    /// An error that says how the server ended, if it did.
    fn check(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        for reader in self.readers.drain(..) {
            reader.join().ok();
        }
        let last_words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let said = last_words.iter().fold(String::new(), |said, line| format!("{said}\n    {line}"));
        let ended = match status.code() {
            Some(code) => format!("exit code {code}"),
            None => status.to_string(),
        };
        bail!("The {} server ended by itself ({ended}). Its last words:{said}", self.name)
    }
}

/// An error as soon as one of the servers has ended.
pub(super) fn check_all(servers: &mut [Server]) -> anyhow::Result<()> {
    servers.iter_mut().try_for_each(Server::check)
}

/// Asks all of them to end, waits, and kills what is still there.
pub(super) fn end_all(mut servers: Vec<Server>) {
    for server in &mut servers {
        server.stdin.take();
    }
    let deadline = Instant::now() + GRACE;
    for mut server in servers {
        while matches!(server.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(TICK);
        }
        // Fails where the server has ended, which is what is wanted.
        server.child.kill().ok();
        server.child.wait().ok();
        for reader in server.readers {
            reader.join().ok();
        }
    }
}

fn follow(pipe: impl Read, last_words: &LastWords, show: impl Fn(&str)) {
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        show(&line);
        let mut last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        if last_words.len() == LAST_WORDS {
            last_words.pop_front();
        }
        last_words.push_back(line);
    }
}

/// A terminal sends Ctrl-C to the whole process group. Only this process is to act on it, or the
/// servers' own ends would look like failures.
#[cfg(unix)]
fn out_of_reach_of_ctrl_c(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn out_of_reach_of_ctrl_c(_: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn start(script: &str) -> Server {
        Server::start("test", Command::new("sh").args(["-c", script])).unwrap()
    }

    fn wait_for_end(server: &mut Server) -> String {
        loop {
            if let Err(error) = server.check() {
                return error.to_string();
            }
            thread::yield_now();
        }
    }

    #[test]
    fn a_server_that_ends_early_is_named_with_its_code_and_last_words() {
        let mut server = start("echo out; echo 'Port 3000 is taken.' >&2; exit 7");
        let error = wait_for_end(&mut server);
        assert!(error.starts_with("The test server ended by itself (exit code 7). Its last words:"), "{error}");
        assert!(error.contains("\n    Port 3000 is taken."), "{error}");
    }

    #[test]
    fn only_the_last_lines_are_repeated() {
        let mut server = start("for n in $(seq 1 20); do echo line $n; done");
        let error = wait_for_end(&mut server);
        assert_eq!(error.lines().count(), 1 + LAST_WORDS);
        assert!(error.ends_with("line 20"), "{error}");
    }

    #[test]
    fn closing_standard_input_ends_a_server_that_listens_to_it() {
        let mut server = start("cat; exit 0");
        assert!(server.check().is_ok());
        let started = Instant::now();
        end_all(vec![server]);
        assert!(started.elapsed() < GRACE);
    }
}

//! The log: on standard error, since standard output says one thing only.

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::EnvFilter;

/// Sends what is logged to standard error, in colours on a terminal. `RUST_LOG` says how much; without it, `info`.
pub fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colors = io::stderr().is_terminal();
    let writer = || OneLine(io::stderr());
    tracing_subscriber::fmt().with_writer(writer).with_ansi(colors).with_env_filter(filter).init();
}

/// Makes one line of each event: words that came from outside cannot begin another, which would pass for an event.
struct OneLine<To>(To);

impl<To: Write> Write for OneLine<To> {
    /// Gets an event as a whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = event.split_at(event.len() - usize::from(event.ends_with(b"\n")));
        if text.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            let escaped: Vec<u8> = text.iter().flat_map(escaped).chain(end).copied().collect();
            self.0.write_all(&escaped)?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escaped(byte: &u8) -> &[u8] {
    match byte {
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        other => std::slice::from_ref(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Somebody who is not signed in could write lines of their own into the log of the web app, by what they called a
    /// parameter.
    #[test]
    fn words_from_outside_wrote_lines_of_their_own_into_the_log() {
        let kept = Kept::default();
        let writer = {
            let kept = kept.clone();
            move || OneLine(kept.clone())
        };
        with_default(tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish(), || {
            tracing::warn!("the parameter `a\n1970-01-01 INFO signed in\r\n` occurs more than once");
            tracing::info!(path = %"/\n/", "answered");
        });
        let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        assert!(
            matches!(lines[..], [first, second] if first.contains(r"a\n1970-01-01 INFO signed in\r\n` occurs")
            && second.ends_with(r"answered path=/\n/")),
            "{log}"
        );
        assert!(log.ends_with('\n'));
    }
}

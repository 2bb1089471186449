//! The log: on standard error, since standard output says one thing only.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Sends what is logged to standard error, in colours on a terminal. `RUST_LOG` says how much; without it, `info`.
pub fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colors = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(colors).with_env_filter(filter).init();
}

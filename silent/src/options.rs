//! The command line: every flag, with its default.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Parser;
use evergrant_server::MAX_CONNECTIONS;

use crate::{ListenAddress, Origin};

/// Serves the silent callback page, and a built app if there is one.
#[derive(Debug, Clone, Parser)]
#[command(name = "evergrant-silent", version)]
pub struct Options {
    /// Where to listen; `localhost` means both 127.0.0.1 and ::1, port 0 any free port
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:3001")]
    pub listen: ListenAddress,

    /// How many connections may be open at once. Where there are more, those make room that have been idle longest.
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CONNECTIONS)]
    pub max_connections: NonZeroU32,

    /// An app that may receive authorization responses, as an exact origin (repeatable)
    #[arg(long = "app-origin", value_name = "ORIGIN", required = true)]
    pub app_origins: Vec<Origin>,

    /// Serve the built app in this directory too
    #[arg(long, value_name = "DIR")]
    pub app_dir: Option<PathBuf>,

    /// One more origin the app may fetch from, beyond those in its config.json (repeatable)
    #[arg(long = "connect-origin", value_name = "ORIGIN", requires = "app_dir")]
    pub connect_origins: Vec<Origin>,

    /// Let the app talk to any issuer that is https or on this machine, for an app that lets people choose theirs.
    /// A script that gets into such an app may talk to anybody, too
    #[arg(long, requires = "app_dir")]
    pub any_issuer: bool,

    /// Serve nothing: write into this directory what another web server needs to serve the app and the silent page alike
    #[arg(long, value_name = "DIR", requires = "app_dir")]
    pub export: Option<PathBuf>,

    /// Stop when standard input closes, so that the server ends with the process that started it
    #[arg(long)]
    pub exit_on_stdin_close: bool,
}

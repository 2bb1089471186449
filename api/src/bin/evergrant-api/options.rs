//! The command line: which configuration, and what it changes there.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Parser;
use evergrant_server::{ListenAddress, MAX_CONNECTIONS, Origin};

use crate::config::{Config, Seconds};

/// An API that lists expenses to whoever presents an access token with the scope read:reports.
#[derive(Debug, Parser)]
#[command(name = "evergrant-api", version)]
pub(crate) struct Options {
    /// The configuration, a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Where to listen; `localhost` means both 127.0.0.1 and ::1, port 0 any free port
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:3002")]
    pub(crate) listen: ListenAddress,

    /// How many connections may be open at once. Where there are more, those make room that have been idle longest.
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CONNECTIONS)]
    pub(crate) max_connections: NonZeroU32,

    /// Whose tokens are accepted, whatever the configuration says
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// What tokens call this API, whatever the configuration says
    #[arg(long, value_name = "IDENTIFIER")]
    audience: Option<String>,

    /// An app whose pages may call this API; the configuration's do not count then (repeatable)
    #[arg(long = "app-origin", value_name = "ORIGIN")]
    app_origins: Vec<Origin>,

    /// How far the issuer's clock and this one may differ, whatever the configuration says
    #[arg(long, value_name = "SECONDS")]
    clock_tolerance: Option<Seconds>,

    /// Stop when standard input closes, so that the server ends with the process that started it
    #[arg(long)]
    pub(crate) exit_on_stdin_close: bool,
}

impl Options {
    /// Changes what the flags name.
    pub(crate) fn apply(&self, config: &mut Config) {
        if let Some(issuer) = &self.issuer {
            config.issuer.clone_from(issuer);
        }
        if let Some(audience) = &self.audience {
            config.audience.clone_from(audience);
        }
        if !self.app_origins.is_empty() {
            config.app_origins.clone_from(&self.app_origins);
        }
        if let Some(tolerance) = self.clock_tolerance {
            config.clock_tolerance = Some(tolerance);
        }
    }
}

//! The command line: which configuration, and what it changes there.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Parser;
use evergrant_core::protocol::Issuer;
use evergrant_server::{ListenAddress, MAX_CONNECTIONS, Origin};
use evergrant_webapp::Config;
use url::Url;

/// A web app that keeps its tokens on the server, and refresh tokens of single-page apps in a cookie.
#[derive(Debug, Parser)]
#[command(name = "evergrant-webapp", version)]
pub(crate) struct Options {
    /// The configuration, a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Where to listen; `localhost` means both 127.0.0.1 and ::1, port 0 any free port, which then stands in the
    /// public URL
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:3003")]
    pub(crate) listen: ListenAddress,

    /// How many connections may be open at once. Where there are more, those make room that have been idle longest.
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CONNECTIONS)]
    pub(crate) max_connections: NonZeroU32,

    /// Where people sign in, whatever the configuration says
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// Where the expenses are, whatever the configuration says
    #[arg(long, value_name = "URL")]
    api: Option<Url>,

    /// A single-page app whose refresh token is kept here; the configuration's do not count then (repeatable)
    #[arg(long = "app-origin", value_name = "ORIGIN")]
    app_origins: Vec<Origin>,

    /// Stop when standard input closes, so that the server ends with the process that started it
    #[arg(long)]
    pub(crate) exit_on_stdin_close: bool,
}

impl Options {
    /// Changes what the flags name.
    pub(crate) fn apply(&self, config: &mut Config) {
        if let Some(issuer) = &self.issuer {
            config.issuer = Issuer::new(issuer);
        }
        if let Some(api) = &self.api {
            config.api = api.clone();
        }
        if let Some(cookie_mode) = &mut config.cookie_mode
            && !self.app_origins.is_empty()
        {
            cookie_mode.app_origins.clone_from(&self.app_origins);
        }
    }
}

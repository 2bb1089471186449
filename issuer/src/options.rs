//! The command line.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{DatabaseUrl, Origin, OriginReplacement, Overrides};
use evergrant_server::{ListenAddress, MAX_CONNECTIONS, OriginError};

/// A small, complete OpenID provider.
#[derive(Debug, Parser)]
#[command(name = "evergrant-issuer", version, args_conflicts_with_subcommands = true)]
pub struct Options {
    /// Something else than serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The configuration, a TOML file.
    #[arg(long, value_name = "FILE", required = true)]
    pub config: Option<PathBuf>,

    /// Check the configuration and exit.
    #[arg(long)]
    pub check_config: bool,

    /// Print the configuration as it counts, flags included and secrets left out, and exit.
    #[arg(long)]
    pub print_config: bool,

    /// Where to listen; `localhost` is 127.0.0.1 and ::1, port 0 is any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:3000")]
    pub listen: ListenAddress,

    /// How many connections may be open at once. Where there are more, those make room that have been idle longest.
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CONNECTIONS)]
    pub max_connections: NonZeroU32,

    /// Developers' shortcuts, such as signing in with one click. Only on a loopback address.
    #[arg(long)]
    pub dev: bool,

    /// Where to remember.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// How long every access token lasts, whatever the configuration says.
    #[arg(long, value_name = "SECONDS")]
    pub access_token_lifetime: Option<NonZeroU32>,

    /// How long every ID token lasts, whatever the configuration says.
    #[arg(long, value_name = "SECONDS")]
    pub id_token_lifetime: Option<NonZeroU32>,

    /// Replace an origin in all client registrations. May be given several times.
    #[arg(long, value_name = "FROM=TO")]
    pub replace_origin: Vec<OriginReplacement>,

    /// Short for `--replace-origin http://localhost:8080=ORIGIN`, the demo's app.
    #[arg(long, value_name = "ORIGIN")]
    pub app_origin: Option<Origin>,

    /// Short for `--replace-origin http://localhost:3001=ORIGIN`, the demo's silent server.
    #[arg(long, value_name = "ORIGIN")]
    pub silent_origin: Option<Origin>,

    /// End when standard input closes: with the process that started this one.
    #[arg(long)]
    pub exit_on_stdin_close: bool,
}

/// The database, if not the one of the configuration.
#[derive(Clone, Debug, Args)]
pub struct DatabaseOptions {
    /// The SQLite file, or `:memory:`.
    #[arg(long, value_name = "PATH", conflicts_with = "database_url")]
    pub database: Option<PathBuf>,

    /// A PostgreSQL database in place of the file, which several issuers may share:
    /// `postgres://user:password@host/name?sslmode=verify-full`.
    // Other people of the machine see a command line, and not the environment.
    #[arg(long, value_name = "URL", env = "EVERGRANT_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,
}

impl DatabaseOptions {
    /// What these flags change in the configuration.
    pub fn overrides(&self) -> Overrides {
        let Self { database, database_url } = self.clone();
        Overrides { database, database_url, ..Overrides::default() }
    }
}

/// Something else than serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a password from standard input and print its hash for `[[user]] password_hash`.
    HashPassword,
    /// Put new signing keys beside the old ones: published within a minute, signing five minutes later. The old ones stay
    /// published until everything they signed has expired.
    RotateKeys {
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Where the keys are.
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Withdraw signing keys that somebody else may have: they are unpublished within seconds, and every token they signed is
    /// refused from then on. New ones are made where none is left.
    WithdrawKey {
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Where the keys are.
        #[command(flatten)]
        database: DatabaseOptions,
        /// Whose own keys.
        #[arg(long, value_name = "CLIENT_ID", required_unless_present = "kid", conflicts_with = "kid")]
        client: Option<String>,
        /// Which key, by its name in the published set.
        #[arg(long)]
        kid: Option<String>,
    },
    /// Sign a person out everywhere: their sessions and refresh tokens end, and their access tokens are revoked, at issuers that
    /// run as well. With the password they sign in again: to keep them out, change it or take them out of the configuration.
    SignOutPerson {
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Where they are signed in.
        #[command(flatten)]
        database: DatabaseOptions,
        /// Whom: the `sub` of their `[[user]]`, also of somebody who is no longer in the configuration.
        #[arg(long, value_name = "SUB")]
        subject: String,
    },
    /// Read a client's secret from standard input and print its hash for `[[client]] secret_hashes`.
    HashSecret,
}

impl Options {
    /// What the flags change in the configuration.
    ///
    /// # Errors
    /// Never for the demo's origins, which are well-formed.
    pub fn overrides(&self) -> Result<Overrides, OriginError> {
        let seconds = |seconds: NonZeroU32| Duration::from_secs(u64::from(seconds.get()));
        let mut replaced_origins = self.replace_origin.clone();
        for (demo, replacement) in
            [("http://localhost:8080", &self.app_origin), ("http://localhost:3001", &self.silent_origin)]
        {
            if let Some(to) = replacement {
                let (from, to) = (demo.parse()?, to.clone());
                replaced_origins.push(OriginReplacement { from, to });
            }
        }
        Ok(Overrides {
            access_token_lifetime: self.access_token_lifetime.map(seconds),
            id_token_lifetime: self.id_token_lifetime.map(seconds),
            replaced_origins,
            ..self.database.overrides()
        })
    }
}

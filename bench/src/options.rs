//! The command line; `cargo xtask bench` fills it in.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures Evergrant beside its peers.
#[derive(Debug, Parser)]
#[command(name = "evergrant-bench", version)]
pub(crate) struct Options {
    /// What is measured.
    #[command(subcommand)]
    pub(crate) subject: Subject,
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// The issuer: refresh grants, silent authorizations, start and memory.
    Issuer(IssuerOptions),
    /// Access tokens checked per second of one core.
    Api(ApiOptions),
    /// What a visitor downloads.
    Size(BrowserOptions),
    /// From a navigation until the name is shown.
    App(BrowserOptions),
    /// A renewal, by iframe and by refresh token.
    Renewal(BrowserOptions),
    /// What a page holds after a thousand renewals.
    Memory(BrowserOptions),
    /// One session in many tabs.
    Tabs(BrowserOptions),
    /// What all parts found out, on one page.
    Summary(SummaryOptions),
}

/// What every part needs to know.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Where databases, logs and results go; the peers' scripts and packages are there.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) directory: PathBuf,

    /// Node, for the peers.
    #[arg(long, value_name = "FILE", default_value = "node")]
    pub(crate) node: PathBuf,

    /// A few seconds without the peers: whether everything runs, not how fast.
    #[arg(long)]
    pub(crate) quick: bool,
}

/// What is there, and how long it may take.
#[derive(Debug, clap::Args)]
pub(crate) struct IssuerOptions {
    #[command(flatten)]
    pub(crate) common: Common,

    /// The issuer's binary, built as it is shipped.
    #[arg(long, value_name = "FILE")]
    pub(crate) program: PathBuf,

    /// How often every server is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub(crate) rounds: u8,

    /// How long each time.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    pub(crate) seconds: u8,

    /// Live families in the large database.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub(crate) families: usize,
}

/// How much is checked.
#[derive(Debug, clap::Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    pub(crate) common: Common,

    /// How often every contender is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 9)]
    pub(crate) rounds: u8,

    /// How many tokens are checked each time; not more than a verifier remembers.
    #[arg(long, value_name = "NUMBER", default_value_t = 5000)]
    pub(crate) tokens: usize,
}

/// What is measured in a browser. Where everything lies is said by the environment, as for the end-to-end tests.
#[derive(Debug, clap::Args)]
pub(crate) struct BrowserOptions {
    #[command(flatten)]
    pub(crate) common: Common,

    /// How often every page is measured, where time is measured.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rounds: Option<u8>,
}

/// Where the results are, and where the summary goes.
#[derive(Debug, clap::Args)]
pub(crate) struct SummaryOptions {
    /// Where the results of all parts are.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) directory: PathBuf,

    /// A README that has a place for the table, with `docs/` beside it for the picture.
    #[arg(long, value_name = "FILE")]
    pub(crate) readme: Option<PathBuf>,
}

//! The configuration file: whose tokens count, which apps may call, and the expenses.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use evergrant_api::Settings;
use evergrant_server::Origin;
use serde::Deserialize;

use crate::expenses::{Expense, Expenses};

/// Whole seconds.
pub(crate) type Seconds = u32;

/// Everything the server can be told. An unknown key is an error that names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    #[serde(default)]
    pub(crate) app_origins: Vec<Origin>,
    #[serde(default)]
    public_origins: Vec<Origin>,
    pub(crate) clock_tolerance: Option<Seconds>,
    refresh_every: Option<Seconds>,
    /// ISO 4217.
    currency: String,
    #[serde(default)]
    expense: Vec<Expense>,
}

impl Config {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("the configuration {} cannot be used", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        if config.refresh_every == Some(0) {
            bail!("refresh_every must be at least 1 second");
        }
        Ok(config)
    }

    /// What there is to list.
    pub(crate) fn expenses(&self) -> Expenses {
        Expenses { currency: self.currency.clone(), list: self.expense.clone() }
    }

    /// How tokens are judged.
    pub(crate) fn settings(&self) -> Settings {
        let seconds = |seconds: Seconds| Duration::from_secs(seconds.into());
        let mut settings = Settings::new(&self.issuer, &self.audience);
        settings.clock_tolerance = self.clock_tolerance.map_or(settings.clock_tolerance, seconds);
        settings.public_origins.clone_from(&self.public_origins);
        settings.refresh_every = self.refresh_every.map_or(settings.refresh_every, seconds);
        settings
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LEAST: &str = "issuer = \"http://localhost:3000/\"\naudience = \"a\"\ncurrency = \"EUR\"\n";

    #[test]
    fn the_demo_is_read() {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.toml");
        let config = Config::read(&demo).unwrap();
        assert_eq!(config.settings().clock_tolerance, Duration::from_secs(60));
        assert_eq!(config.app_origins, ["http://localhost:8080".parse().unwrap()]);
    }

    #[test]
    fn what_is_left_out_has_defaults() {
        let config = Config::parse(LEAST).unwrap();
        assert_eq!(config.settings(), Settings::new("http://localhost:3000/", "a"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (line, named) in [
            ("isuer = \"x\"", "isuer"),
            ("app_origins = [\"http://localhost:8080/\"]", "http://localhost:8080"),
            ("refresh_every = 0", "refresh_every"),
            ("clock_tolerance = -1", "clock_tolerance"),
            ("[[expense]]\ndate = \"2026-02-30\"\nwho = \"a\"\nwhat = \"b\"\ncents = 1", "2026-02-30"),
            ("[[expense]]\ndate = \"2026-02-03\"\nwho = \"a\"\nwhat = \"b\"\ncents = 1\ncent = 2", "cent"),
        ] {
            let error = format!("{:#}", Config::parse(&format!("{LEAST}{line}")).unwrap_err());
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}

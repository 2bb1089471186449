//! The flags of `cargo xtask test`.

use std::{process::Command, str::FromStr};

use lexopt::{Arg::Long, Arg::Value, Parser, ValueExt};

/// What the person asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    only: Option<Kind>,
    filter: Option<String>,
}

/// A kind of test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Native,
    Wasm,
    Browser,
    EndToEnd,
    Interop,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("only") => options.only = Some(arguments.value()?.parse()?),
                Value(filter) if options.filter.is_none() => options.filter = Some(filter.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    pub(super) fn includes(&self, kind: Kind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }

    pub(super) fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// The command, for the tests whose names contain the filter.
    pub(super) fn by_test<'a>(&self, cargo_test: &'a mut Command) -> &'a mut Command {
        cargo_test.arg("--").args(&self.filter)
    }

    /// Two commands for the test files whose names contain the filter: one fails when there is none, the other runs those of their
    /// tests that [`by_test`](Self::by_test) does not.
    pub(super) fn by_file(&self, cargo_test: &Command) -> Option<(Command, Command)> {
        let filter = self.filter.as_deref()?;
        let (mut find, mut run) = (for_files(filter, cargo_test), for_files(filter, cargo_test));
        find.arg("--no-run");
        run.args(["--", "--skip", filter]);
        Some((find, run))
    }

    /// The end of a sentence about what was asked for.
    pub(super) fn narrowed(&self) -> String {
        match &self.filter {
            Some(filter) => format!(": \"{filter}\" is in the name of no test here, and of no file of tests"),
            None => String::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn filtered_by(filter: &str) -> Self {
        Self { only: None, filter: Some(filter.to_owned()) }
    }
}

/// The same command for some test files, with which `--tests` cannot stand.
fn for_files(filter: &str, cargo_test: &Command) -> Command {
    let mut cargo = Command::new(cargo_test.get_program());
    cargo.args(cargo_test.get_args().filter(|argument| *argument != "--tests"));
    cargo.arg("--test").arg(format!("*{filter}*"));
    for (name, value) in cargo_test.get_envs() {
        match value {
            Some(value) => cargo.env(name, value),
            None => cargo.env_remove(name),
        };
    }
    if let Some(directory) = cargo_test.get_current_dir() {
        cargo.current_dir(directory);
    }
    cargo
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "native" => Ok(Self::Native),
            "wasm" => Ok(Self::Wasm),
            "browser" => Ok(Self::Browser),
            "e2e" => Ok(Self::EndToEnd),
            "interop" => Ok(Self::Interop),
            _ => Err("--only takes native, wasm, browser, e2e or interop"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, lexopt::Error> {
        Options::parse(&mut Parser::from_args(arguments))
    }

    #[test]
    fn a_kind_and_a_filter_narrow_the_tests() {
        let options = parse(&["--only", "browser", "renewal"]).unwrap();
        assert!(options.includes(Kind::Browser) && !options.includes(Kind::Native));
        let mut command = Command::new("cargo");
        let arguments: Vec<_> = options.by_test(&mut command).get_args().collect();
        assert_eq!(arguments, ["--", "renewal"]);
        assert!(parse(&[]).unwrap().includes(Kind::EndToEnd));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(
            parse(&["--only", "firefox"]).unwrap_err().to_string().contains("native, wasm, browser, e2e or interop")
        );
        assert!(parse(&["one", "two"]).is_err());
        assert!(parse(&["--verbose"]).is_err());
    }
}

//! `cargo xtask fuzz`: every fuzz target for some seconds, one after the other.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};
use lexopt::{
    Arg::{Long, Value},
    Parser, ValueExt,
};

use crate::{process, stop::Stop, tools, workspace};

/// How long, and which.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    seconds: u32,
    target: Option<String>,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self { seconds: 30, target: None };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("seconds") => options.seconds = arguments.value()?.parse()?,
                Value(target) if options.target.is_none() => options.target = Some(target.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Runs what was asked for; fails with the first target that finds something.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    let targets = chosen(all_targets()?, options.target.as_deref())?;
    let cargo_fuzz = tools::cargo_fuzz(stop)?;
    for target in targets {
        println!("\n== {target}, {} s", options.seconds);
        let mut fuzz = Command::new(&cargo_fuzz);
        fuzz.current_dir(workspace::root()).args(["run", "--fuzz-dir", "fuzz", "--features", "fuzzer"]);
        fuzz.args(["--sanitizer", "none", &target, "--"]);
        fuzz.arg(format!("-max_total_time={}", options.seconds)).args(["-timeout=10", "-print_final_stats=1"]);
        fuzz.env("CARGO_TARGET_DIR", workspace::target_dir().join("fuzz"));
        process::run_to_success(tools::with_nightly(&mut fuzz), stop)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn all_targets() -> anyhow::Result<Vec<String>> {
    let directory = workspace::root().join("fuzz").join("fuzz_targets");
    let entries = fs::read_dir(&directory).with_context(|| format!("Cannot read {}", directory.display()))?;
    let names =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn chosen(all: Vec<String>, one: Option<&str>) -> anyhow::Result<Vec<String>> {
    match one {
        None => Ok(all),
        Some(name) if all.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("There is no fuzz target {name}. There are: {}.", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_targets_are_the_files_and_each_is_declared() {
        let targets = all_targets().unwrap();
        let manifest = fs::read_to_string(workspace::root().join("fuzz/Cargo.toml")).unwrap();
        assert!(targets.len() >= 7, "{targets:?}");
        for target in &targets {
            assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target} is not in fuzz/Cargo.toml");
        }
        assert_eq!(chosen(targets.clone(), None).unwrap(), targets);
        assert_eq!(chosen(targets.clone(), Some("issuer")).unwrap(), ["issuer"]);
        assert!(chosen(targets, Some("none")).unwrap_err().to_string().contains("id_token, issuer"));
    }

    #[test]
    fn seconds_and_a_target_may_be_given() {
        let parse = |arguments: &[&str]| Options::parse(&mut Parser::from_args(arguments));
        assert_eq!(parse(&[]).unwrap(), Options { seconds: 30, target: None });
        assert_eq!(
            parse(&["--seconds", "5", "issuer"]).unwrap(),
            Options { seconds: 5, target: Some("issuer".to_owned()) }
        );
        assert!(parse(&["--seconds", "many"]).is_err());
    }
}

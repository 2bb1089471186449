//! Developer commands: what each is called, and where it is done.

mod artifacts;
mod bench;
mod demo;
mod deny;
mod dist;
mod fuzz;
mod journeys;
mod process;
mod profile;
mod screenshots;
mod size;
mod stop;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::bail;
use lexopt::{Arg::Long, Arg::Short, Arg::Value, Parser, ValueExt};

use stop::Stop;
use tools::Tools;

const USAGE: &str = "\
cargo xtask demo     build and start the app, the issuer, the silent server and the API
    --app-port PORT --issuer-port PORT --silent-port PORT                     [8080, 3000, 3001]
    --api-port PORT --webapp-port PORT                                        [3002, 3003]
    --access-token-lifetime SECONDS --id-token-lifetime SECONDS
    --without-app    leave the app to `cargo xtask trunk serve`
    --no-build       start what was built last
cargo xtask test     run every test: native, wasm, in browsers, end to end, with software by others
    --only native|wasm|browser|e2e|interop
    FILTER           only tests whose names, or whose files' names, contain this
cargo xtask bench    measure everything beside its peers (about 15 minutes); results in target/bench
    size|app|renewal|memory|tabs|api|issuer     only this
    --quick          a few seconds each, beside no peer but the page by hand: whether it runs, not how fast
    readme           write what was measured into the README
cargo xtask size     build the app as strangers download it, and weigh it against its budget
cargo xtask profile  find out anew which functions the app's start needs: what is not among them is loaded after it
cargo xtask dist     build what is put on a server into target/dist: the app, finished, and the servers
    --smallest       with a nightly compiler that leaves more of the standard library out of the app
cargo xtask fuzz     throw everything at what reads it: every fuzz target, with a nightly compiler
    --seconds NUMBER for each target                        [30]
    TARGET           this one alone
cargo xtask deny     look at the dependencies: licences, duplicates, sources, and known holes where the network allows
cargo xtask screenshots DIRECTORY     a picture of every state, light and dark, at two sizes
cargo xtask trunk …  run Trunk with the tools of the right versions on its path
cargo xtask tools    install what the other commands need, and say where it is";

fn main() -> ExitCode {
    match run(Parser::from_env()) {
        Ok(code) => code,
        Err(error) => {
            // What is said of a wrong argument has its cause in it.
            match error.downcast_ref::<lexopt::Error>() {
                Some(wrong) => eprintln!("{wrong}"),
                None => eprintln!("{error:#}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Parser) -> anyhow::Result<ExitCode> {
    let command = match arguments.next()? {
        Some(Value(command)) => command.string()?,
        Some(Long("help") | Short('h')) | None => {
            println!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    // Trunk has a help of its own.
    if command != "trunk" && asks_for_help(&arguments)? {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let stop = Stop::on_signals()?;
    match command.as_str() {
        "demo" => demo::run(&demo::Options::parse(&mut arguments)?, &stop),
        "test" => test::run(&test::Options::parse(&mut arguments)?, &stop),
        "bench" => bench::run(&bench::Options::parse(&mut arguments)?, &stop),
        "size" => size::run(&stop),
        "fuzz" => fuzz::run(&fuzz::Options::parse(&mut arguments)?, &stop),
        "deny" => deny::run(&stop),
        "dist" => dist::run(&dist::Options::parse(&mut arguments)?, &stop),
        "profile" => profile::run(&stop),
        "screenshots" => screenshots::run(&mut arguments, &stop),
        "trunk" => {
            let mut trunk = Tools::for_building(&stop)?.trunk();
            let status = process::run(trunk.args(arguments.raw_args()?), &stop)?;
            Ok(if status.success() || stop.requested() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        "tools" => tools::install_everything(&stop),
        other => bail!("There is no `cargo xtask {other}`.\n\n{USAGE}"),
    }
}

/// Whether help is asked for anywhere in what is left.
fn asks_for_help(arguments: &Parser) -> Result<bool, lexopt::Error> {
    Ok(arguments.clone().raw_args()?.any(|argument| argument == "--help" || argument == "-h"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn help_may_be_asked_for_behind_a_command() {
        let asks = |arguments: &[&str]| asks_for_help(&Parser::from_args(arguments)).unwrap();
        assert!(asks(&["--help"]) && asks(&["--access-token-lifetime", "15", "-h"]));
        assert!(!asks(&[]) && !asks(&["--smallest"]));
    }
}

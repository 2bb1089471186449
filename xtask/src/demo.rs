//! `cargo xtask demo`: the app, the issuer, the silent server, the API and the web app, from source to the browser.

mod options;
mod ports;
mod ready;
mod server;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    thread,
};

use anyhow::{Context, bail};

use crate::{
    artifacts::{self, Profile, Servers},
    process::{Interrupted, TICK},
    stop::Stop,
    tools::{Compiler, Tools},
    workspace,
};
pub(crate) use options::Options;
use ports::Ports;
use server::Server;

/// Builds, starts, and stays until the person asks for an end.
pub(crate) fn run(options: &Options, stop: &Stop) -> anyhow::Result<ExitCode> {
    match serve(options, stop) {
        Err(error) if error.is::<Interrupted>() || stop.requested() => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn serve(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let ports = &options.ports;
    ports.check(!options.without_app)?;
    let directory = workspace::root().join("target").join("demo");
    let app = directory.join("app");
    fs::create_dir_all(&directory).with_context(|| format!("Cannot create {}", directory.display()))?;
    let binaries = build(options, &app, stop)?;

    let mut servers = Vec::new();
    let started = start(options, &binaries, &directory, &mut servers, stop)
        .and_then(|urls| ready::wait(&urls, &mut servers, stop))
        .and_then(|()| {
            announce(options);
            stay(&mut servers, stop)
        });
    server::end_all(servers);
    started
}

fn build(options: &Options, app: &Path, stop: &Stop) -> anyhow::Result<Servers> {
    if options.no_build {
        return Servers::built_before(Profile::Dev);
    }
    let tools = if options.without_app { None } else { Some(Tools::for_building(stop)?) };
    println!("Building the servers (about 2 minutes the first time) ...");
    // Nobody should wait for an optimizer before the first sign-in; what hashes passwords is optimized all the same.
    let servers = Servers::build(Profile::Dev, stop)?;
    if let Some(tools) = tools {
        println!("Building the app (about 2 minutes the first time) ...");
        artifacts::build_app(app, Compiler::Stable, &tools, stop)?;
    }
    Ok(servers)
}

/// Starts the servers, and says at which addresses they must answer.
fn start(
    options: &Options,
    binaries: &Servers,
    directory: &Path,
    servers: &mut Vec<Server>,
    stop: &Stop,
) -> anyhow::Result<Vec<String>> {
    let Ports { app, issuer, silent, api, web_app } = options.ports;
    let app_origin = ports::origin(app);
    let configuration = directory.join("issuer.toml");
    copy_configuration("issuer/demo.toml", &configuration, &options.ports)?;
    let mut command = issuer_command(options, &binaries.issuer, &configuration);
    servers.push(Server::start("issuer", command.arg("--database").arg(directory.join("issuer.sqlite")))?);
    // Those that ask it for its keys would only say that it is not there.
    let metadata = format!("{}/.well-known/openid-configuration", ports::origin(issuer));
    ready::wait(&[metadata, format!("{}/healthz", ports::origin(issuer))], servers, stop)?;
    servers.push(Server::start("silent", &mut silent_command(&binaries.silent, silent, &app_origin))?);
    let configuration = directory.join("api.toml");
    copy_configuration("api/demo.toml", &configuration, &options.ports)?;
    servers.push(Server::start("API", &mut configured_command(&binaries.api, api, &configuration))?);
    let configuration = directory.join("webapp.toml");
    copy_configuration("webapp/demo.toml", &configuration, &options.ports)?;
    servers.push(Server::start("web app", &mut configured_command(&binaries.web_app, web_app, &configuration))?);
    let mut urls = vec![
        format!("{}/healthz", ports::origin(silent)),
        format!("{}/healthz", ports::origin(api)),
        format!("{}/healthz", ports::origin(web_app)),
    ];
    if !options.without_app {
        let built = directory.join("app");
        if !built.join("index.html").is_file() {
            bail!("There is no built app in {}: run once without --no-build.", built.display());
        }
        copy_configuration("public/config.json", &built.join("config.json"), &options.ports)?;
        let mut command = silent_command(&binaries.silent, app, &app_origin);
        servers.push(Server::start("app", command.arg("--any-issuer").arg("--app-dir").arg(built))?);
        urls.push(format!("{app_origin}/"));
        urls.push(format!("{app_origin}/config.json"));
    }
    Ok(urls)
}

fn issuer_command(options: &Options, binary: &Path, configuration: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["--listen", &format!("localhost:{}", options.ports.issuer)]).arg("--config").arg(configuration);
    command.args(["--dev", "--exit-on-stdin-close"]);
    for (flag, lifetime) in
        [("--access-token-lifetime", options.access_token_lifetime), ("--id-token-lifetime", options.id_token_lifetime)]
    {
        if let Some(seconds) = lifetime {
            command.arg(flag).arg(seconds.to_string());
        }
    }
    command
}

fn silent_command(binary: &Path, port: u16, app_origin: &str) -> Command {
    let mut command = Command::new(binary);
    command.args(["--listen", &format!("localhost:{port}"), "--app-origin", app_origin, "--exit-on-stdin-close"]);
    command
}

fn configured_command(binary: &Path, port: u16, configuration: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["--listen", &format!("localhost:{port}"), "--exit-on-stdin-close"]);
    command.arg("--config").arg(configuration);
    command
}

/// The servers and the app are configured at run time, so other ports need no other build: only
/// a copy of the configuration that names them.
fn copy_configuration(from: &str, to: &Path, ports: &Ports) -> anyhow::Result<()> {
    let text = fs::read_to_string(workspace::root().join(from)).with_context(|| format!("Cannot read {from}"))?;
    fs::write(to, ports.replace_in(&text)).with_context(|| format!("Cannot write {}", to.display()))
}

fn announce(options: &Options) {
    let app = ports::origin(options.ports.app);
    if options.without_app {
        let serve = match options.ports.app {
            8080 => "cargo xtask trunk serve".to_owned(),
            port => format!("cargo xtask trunk serve --port {port}"),
        };
        println!("Evergrant is ready: open {app} once the app runs: {serve}");
        if options.ports != Ports::default() {
            println!("The ports differ from those in public/config.json: change them there too.");
        }
    } else {
        println!("Evergrant is ready: open {app}");
    }
    println!("The lab's web app, which keeps its tokens on the server: {}", ports::origin(options.ports.web_app));
    println!("Sign in as test with the password test. Ctrl-C ends everything.");
}

fn stay(servers: &mut [Server], stop: &Stop) -> anyhow::Result<()> {
    while !stop.requested() {
        server::check_all(servers)?;
        thread::sleep(TICK);
    }
    Ok(())
}

//! The process: from the command line to a server that ends when it is told to.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::serve::ListenerExt as _;
use evergrant_core::protocol::ClientId;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::config::{ClientSecretHash, Config};
use crate::keys::{KeyRing, Withdrawn};
use crate::listen;
use crate::options::{Command, Options};
use crate::provider::Provider;
use crate::store::SqliteStore;
use crate::{passwords, router};

/// How often rows that are over are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How often it is looked at what other processes did: a revocation or a withdrawn key counts everywhere this soon.
const NOTICE_INTERVAL: Duration = Duration::from_secs(1);

/// How long requests in flight may take after the signal to end.
const GRACE: Duration = Duration::from_secs(5);

/// Does what the command line says.
///
/// # Errors
/// One sentence about what cannot be done, for the person who started it.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.command {
        Some(Command::HashPassword) => println!("{}", passwords::hash(&read_secret("Password")?)?),
        Some(Command::HashSecret) => println!("{}", ClientSecretHash::of(&read_secret("Secret")?).to_text()),
        Some(Command::RotateKeys { config, database }) => rotate_keys(config, database.as_deref())?,
        Some(Command::WithdrawKey { config, database, client, kid }) => {
            let withdrawn = match (client, kid) {
                (Some(client_id), _) => Withdrawn::Client(ClientId::new(client_id)),
                (None, kid) => Withdrawn::Kid(kid.clone().unwrap_or_default()),
            };
            withdraw_key(config, database.as_deref(), &withdrawn)?;
        }
        None => {
            let config = read_config(options)?;
            if options.print_config {
                print!("{}", config.to_toml()?);
            } else if options.check_config {
                println!("The configuration is fine.");
            } else {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                runtime.block_on(serve(options, config))?;
                runtime.shutdown_timeout(GRACE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate_keys(config: &Path, database: Option<&Path>) -> anyhow::Result<()> {
    let (config, store) = opened(config, database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for kid in runtime.block_on(KeyRing::rotate(&store, &config, Clock::system().now()))? {
        println!("{kid}");
    }
    Ok(())
}

fn withdraw_key(config: &Path, database: Option<&Path>, withdrawn: &Withdrawn) -> anyhow::Result<()> {
    let (_, store) = opened(config, database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let kids = runtime.block_on(KeyRing::withdraw(&store, withdrawn))?;
    if kids.is_empty() {
        bail!("there is no such key: see the published ones at /.well-known/jwks.json");
    }
    kids.iter().for_each(|kid| println!("{kid}"));
    Ok(())
}

fn opened(config: &Path, database: Option<&Path>) -> anyhow::Result<(Config, SqliteStore)> {
    let config =
        Config::read(config).with_context(|| format!("the configuration {} cannot be used", config.display()))?;
    let store = open_store(database.unwrap_or(&config.database))?;
    Ok((config, store))
}

fn open_store(database: &Path) -> anyhow::Result<SqliteStore> {
    SqliteStore::open(database).with_context(|| format!("the database {} cannot be used", database.display()))
}

fn read_config(options: &Options) -> anyhow::Result<Config> {
    let path = options.config.as_deref().context("--config FILE is missing")?;
    let mut config =
        Config::read(path).with_context(|| format!("the configuration {} cannot be used", path.display()))?;
    options.overrides().map_err(anyhow::Error::msg)?.apply(&mut config);
    config.check()?;
    Ok(config)
}

async fn serve(options: &Options, mut config: Config) -> anyhow::Result<()> {
    let address = &options.listen;
    let listeners = listen::open(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} is taken by another program; choose another with --listen {}:PORT",
            address.port,
            address.host
        ),
        _ => anyhow::anyhow!("cannot listen on {}:{}: {error}", address.host, address.port),
    })?;
    let loopback = listen::are_loopback(&listeners);
    if options.dev && !loopback {
        bail!(
            "--dev lets anybody sign in as anyone, so it works only on a loopback address such as --listen localhost:3000"
        );
    }
    if !loopback && !config.is_https() {
        warn!("listening on a public address, and the issuer is not https: passwords and tokens travel in clear");
    }
    if config.uses_demo_secrets() && !loopback {
        warn!("passwords or secrets of the demo are in use on a public address: everybody knows them; set your own");
    } else if config.uses_demo_secrets() {
        info!("passwords or secrets of the demo are in use: everybody knows them, so keep this to this machine");
    }
    let port = listen::port(&listeners)?;
    if address.port == 0 && config.issuer_is_loopback() && config.issuer.set_port(Some(port)).is_err() {
        bail!("the issuer {} cannot have a port", config.issuer);
    }
    let store = open_store(&config.database)?;
    let provider = Arc::new(Provider::open(config, Arc::new(store), Clock::system(), options.dev).await?);
    let (stop, stopped) = watch::channel(());
    let mut servers = start(listeners, &router::router(Arc::clone(&provider)), &stopped);
    tokio::spawn(notice_regularly(Arc::clone(&provider)));
    tokio::spawn(sweep_regularly(provider));
    let signalled = signalled()?;
    announce(&address.host, port)?;
    tokio::select! {
        () = signalled => {}
        () = stdin_closed(), if options.exit_on_stdin_close => {}
    }
    drop(stop);
    let ended = async { while servers.join_next().await.is_some() {} };
    // Connections that stay open beyond the grace are cut.
    let _ = tokio::time::timeout(GRACE, ended).await;
    Ok(())
}

fn start(listeners: Vec<TcpListener>, router: &Router, stopped: &watch::Receiver<()>) -> JoinSet<io::Result<()>> {
    let mut servers = JoinSet::new();
    for listener in listeners {
        // Answers are small and whole: waiting to fill a packet only delays them.
        let listener = listener.tap_io(|stream| {
            if let Err(failure) = stream.set_nodelay(true) {
                warn!("TCP_NODELAY cannot be set: {failure}");
            }
        });
        let service = router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let mut stopped = stopped.clone();
        let server = axum::serve(listener, service).with_graceful_shutdown(async move {
            let _ = stopped.changed().await;
        });
        servers.spawn(server.into_future());
    }
    servers
}

/// The one line on standard output: whoever started this process waits for it.
fn announce(host: &str, port: u16) -> io::Result<()> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut output = io::stdout().lock();
    writeln!(output, "evergrant-issuer is listening on http://{host}:{port}")?;
    output.flush()
}

async fn notice_regularly(provider: Arc<Provider>) {
    let mut interval = tokio::time::interval(NOTICE_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut works = true;
    loop {
        interval.tick().await;
        match provider.notice().await {
            Ok(()) => works = true,
            Err(failure) if works => {
                error!("keys and revocations of other processes cannot be seen: {failure}");
                works = false;
            }
            // Said once, not every second.
            Err(_) => {}
        }
    }
}

async fn sweep_regularly(provider: Arc<Provider>) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(failure) = provider.sweep().await {
            error!("rows that are over cannot be removed: {failure}");
        }
    }
}

/// Ctrl-C or SIGTERM. It listens from the call on, so that whoever waits for the announcement can end the process at once.
#[cfg(unix)]
fn signalled() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signalled() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// On a thread of its own: a read from standard input cannot be given up.
async fn stdin_closed() {
    let (closed, seen) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(closed);
    });
    let _ = seen.await;
}

fn read_secret(what: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        eprintln!("{what}, then Enter and Ctrl-D (it will be visible):");
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("nothing came on standard input");
    }
    Ok(secret.to_owned())
}

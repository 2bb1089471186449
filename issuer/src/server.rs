//! The process: from the command line to a server that ends when it is told to.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use evergrant_core::protocol::{ClientId, Subject};
use evergrant_server::Server;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use crate::backchannel_logout;
use crate::clock::{Clock, Pace};
use crate::config::{ClientSecretHash, Config, DatabaseUrl, Overrides};
use crate::keys::{KeyRing, Withdrawn};
use crate::options::{Command, DatabaseOptions, Options};
use crate::provider::Provider;
use crate::store::{self, SignedOut, Store};
use crate::{passwords, router};

/// How often rows that are over are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How often it is looked at what other processes did: a revocation or a withdrawn key counts everywhere this soon.
const NOTICE_INTERVAL: Duration = Duration::from_secs(1);

/// How long work on other threads, such as the check of a password, may take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Does what the command line says.
///
/// # Errors
/// One sentence about what cannot be done, for the person who started it.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.command {
        Some(Command::HashPassword) => println!("{}", passwords::hash(&read_secret("Password")?)?),
        Some(Command::HashSecret) => println!("{}", ClientSecretHash::of(&read_secret("Secret")?).to_text()),
        Some(Command::RotateKeys { config, database }) => rotate_keys(config, database)?,
        Some(Command::WithdrawKey { config, database, client, kid }) => {
            let withdrawn = match (client, kid) {
                (Some(client_id), _) => Withdrawn::Client(ClientId::new(client_id)),
                (None, kid) => Withdrawn::Kid(kid.clone().unwrap_or_default()),
            };
            withdraw_key(config, database, &withdrawn)?;
        }
        Some(Command::SignOutPerson { config, database, subject }) => {
            sign_out_person(config, database, &Subject::new(subject))?;
        }
        None => {
            let path = options.config.as_deref().context("--config FILE is missing")?;
            let config = read_config(path, &options.overrides()?)?;
            if options.print_config {
                print!("{}", config.to_toml()?);
            } else if options.check_config {
                println!("The configuration is fine.");
                config.cautions().for_each(|caution| println!("But {caution}."));
            } else {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                runtime.block_on(serve(options, config))?;
                runtime.shutdown_timeout(GRACE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate_keys(config: &Path, database: &DatabaseOptions) -> anyhow::Result<()> {
    let config = read_config(config, &database.overrides())?;
    let rotated = on_this_thread(async {
        let store = open_store_of_an_issuer(&config).await?;
        Ok(KeyRing::rotate(&*store, &config, Clock::system().now()).await?)
    });
    for kid in rotated? {
        println!("{kid}");
    }
    Ok(())
}

fn withdraw_key(config: &Path, database: &DatabaseOptions, withdrawn: &Withdrawn) -> anyhow::Result<()> {
    let config = read_config(config, &database.overrides())?;
    let kids =
        on_this_thread(async { Ok(KeyRing::withdraw(&*open_store_of_an_issuer(&config).await?, withdrawn).await?) })?;
    if kids.is_empty() {
        bail!("there is no such key: see the published ones at /.well-known/jwks.json");
    }
    kids.iter().for_each(|kid| println!("{kid}"));
    Ok(())
}

fn sign_out_person(config: &Path, database: &DatabaseOptions, subject: &Subject) -> anyhow::Result<()> {
    let config = read_config(config, &database.overrides())?;
    let signed_out = on_this_thread(async {
        let store = open_store_of_an_issuer(&config).await?;
        Ok(store.sign_out_everywhere(subject, Clock::system().now()).await?)
    })?;
    let SignedOut { sessions, refresh_tokens } = signed_out;
    if sessions == 0 && refresh_tokens == 0 && config.user(subject.as_str()).is_none() {
        match config.user_named(subject.as_str()) {
            Some(person) => bail!("{subject} is what somebody signs in with: their sub is {}", person.sub),
            None => bail!("nobody has the sub {subject}, neither in the configuration nor in the database"),
        }
    }
    println!("{} and {} ended", counted(sessions, "session"), counted(refresh_tokens, "refresh token"));
    Ok(())
}

fn counted(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn on_this_thread<T>(step: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(step)
}

async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let name = match &config.database_url {
        Some(url) => url.to_string(),
        None => config.database.display().to_string(),
    };
    store::open(config).await.with_context(|| format!("the database {name} cannot be used"))
}

/// Opens the store that an issuer has made. Where there is none, a command would make one, and say that it is done.
async fn open_store_of_an_issuer(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    if config.database_url.is_none() && !config.database.exists() {
        bail!(
            "there is no database {}: name the one the issuer uses (a relative path counts from where one starts)",
            config.database.display()
        );
    }
    open_store(config).await
}

fn read_config(path: &Path, overrides: &Overrides) -> anyhow::Result<Config> {
    let mut config =
        Config::read(path).with_context(|| format!("the configuration {} cannot be used", path.display()))?;
    overrides.apply(&mut config);
    config.check()?;
    Ok(config)
}

async fn serve(options: &Options, mut config: Config) -> anyhow::Result<()> {
    let server = Server::bind(&options.listen).await?.with_max_connections(options.max_connections);
    warn_of_dangers(&config, server.is_loopback(), options.dev)?;
    if options.listen.is_any_port() && config.issuer_is_loopback() && !config.issuer.set_port(server.port()) {
        bail!("the issuer {} cannot have a port", config.issuer.as_str());
    }
    let store = open_store(&config).await?;
    if config.database_url.is_none() && may_be_read_by_others(&config.database) {
        warn!(
            "the database {} may be read by others on this machine, and the signing keys are in it: have its owner alone read it \
             (chmod 600)",
            config.database.display()
        );
    }
    let provider = Arc::new(Provider::open(config, store, Clock::system(), options.dev).await?);
    tokio::spawn(keep(Arc::clone(&provider)));
    server.announce_and_run("evergrant-issuer", router::router(provider), options.exit_on_stdin_close).await?;
    Ok(())
}

#[cfg(unix)]
fn may_be_read_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// Who may read a file is said in another way.
#[cfg(not(unix))]
fn may_be_read_by_others(_: &Path) -> bool {
    false
}

fn warn_of_dangers(config: &Config, loopback: bool, dev: bool) -> anyhow::Result<()> {
    if dev && !loopback {
        bail!(
            "--dev lets anybody sign in as anyone, so it works only on a loopback address such as --listen localhost:3000"
        );
    }
    if dev && !config.issuer_is_loopback() {
        warn!(
            "--dev lets anybody sign in as anyone, and {} is not on this machine: a proxy that hands on what comes from elsewhere \
             opens it to all",
            config.issuer.as_str()
        );
    }
    if !loopback && !config.is_https() {
        warn!("listening on a public address, and the issuer is not https: passwords and tokens travel in clear");
    }
    if config.is_https() && !config.limits.behind_proxy {
        warn!(
            "the issuer is https, so something in front of it ends TLS: set [limits] behind_proxy, or all people count as \
             one address"
        );
    }
    if config.uses_demo_secrets() && !loopback {
        warn!("passwords or secrets of the demo are in use on a public address: everybody knows them; set your own");
    } else if config.uses_demo_secrets() {
        info!("passwords or secrets of the demo are in use: everybody knows them, so keep this to this machine");
    }
    config.cautions().for_each(|caution| warn!("{caution}"));
    if config.database_url.as_ref().is_some_and(DatabaseUrl::is_exposed) {
        warn!("what is stored travels to the database in clear: add sslmode=verify-full to its address");
    }
    Ok(())
}

/// Does what has to be done again and again while the issuer serves.
pub(crate) async fn keep(provider: Arc<Provider>) {
    let senders = Arc::clone(&provider);
    let sends = backchannel_logout::send_regularly(senders);
    tokio::join!(notice_regularly(Arc::clone(&provider)), sweep_regularly(provider), sends);
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
    let mut pace = Pace::new(Instant::now(), provider.clock.now());
    loop {
        interval.tick().await;
        sweep(&provider, &mut pace, Instant::now()).await;
    }
}

/// Removes what is over, unless that only looks so, by a clock that is not to be believed yet.
async fn sweep(provider: &Provider, pace: &mut Pace, at: Instant) {
    provider.limits.forget_idle();
    if pace.is_kept(at, provider.clock.now())
        && let Err(failure) = provider.sweep().await
    {
        error!("rows that are over cannot be removed: {failure}");
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    const MINUTE: Duration = Duration::from_secs(60);
    const YEAR: i32 = 365 * 24 * 60 * 60;

    /// Sessions and revocations were gone for good: who was signed in had to sign in again, and tokens that were taken back
    /// counted again, when the clock had been set right.
    #[tokio::test]
    async fn a_clock_that_was_ahead_for_a_moment_had_everything_removed() {
        let config = Config::parse(include_str!("../demo.toml")).unwrap();
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let provider = Provider::open(config, store, Clock::system(), false).await.unwrap();
        let expires_at = provider.clock.now() + 120 * MINUTE;
        provider.store.revoke_access_token("revoked".to_owned(), expires_at).await.unwrap();
        let is_listed = async || provider.store.is_revoked("revoked", None).await.unwrap();
        let kids = async || {
            let keys = provider.store.signing_keys().await.unwrap();
            keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
        };
        let own_keys = kids().await;
        let mut at = Instant::now();
        let mut pace = Pace::new(at, provider.clock.now());
        let mut pass = async |minutes: u32| {
            for _ in 0..minutes {
                at += MINUTE;
                provider.clock.advance(MINUTE);
                provider.notice().await.unwrap();
                sweep(&provider, &mut pace, at).await;
            }
        };
        provider.clock.shift(YEAR);
        pass(2).await;
        assert!(is_listed().await, "at the start");
        provider.clock.shift(-YEAR);
        pass(10).await;
        provider.clock.shift(YEAR);
        pass(3).await;
        provider.clock.shift(-YEAR);
        pass(10).await;
        assert!(is_listed().await);
        assert_eq!(kids().await, own_keys, "and none was made for a day to come");
        provider.clock.shift(YEAR);
        pass(10).await;
        assert!(!is_listed().await, "a year has passed, after all");
        assert_ne!(kids().await, own_keys);
    }
}

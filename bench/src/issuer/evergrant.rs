//! Evergrant's issuer under measurement: its configuration, and a database in which people are signed in already.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use evergrant_issuer::Config;
use evergrant_issuer::secret::SecretHash;

use crate::cpus::Cpus;
use crate::issuer::server::{Server, free_address};

pub(crate) const CLIENT_ID: &str = "bench";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
pub(crate) const TOKEN_PATH: &str = "/oauth/token";
pub(crate) const AUTHORIZE_PATH: &str = "/authorize";
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";
pub(crate) const SUBJECT: &str = "user|bench";
pub(crate) const USERNAME: &str = "bench";
pub(crate) const PASSWORD: &str = "test";

/// ES256 by default. The password is that of the demo.
const CONFIGURATION: &str = r#"
issuer = "http://ADDRESS/"

[[client]]
client_id = "bench"
name = "Bench"
type = "public"
redirect_uris = ["https://app.example/callback"]
grants = ["authorization_code", "refresh_token", "password"]
require_consent = false

[[user]]
username = "bench"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$8XZx9+PD402/s77fK0m83A$l4+Zo4YQ6Ua0wwCVWEjMyGq1y9/jySEuoFSOSQ4gkgY"
sub = "user|bench"
"#;

/// What the issuer keeps of the password with whatever it brought.
pub(crate) fn fingerprint() -> anyhow::Result<SecretHash> {
    let config = Config::parse(&CONFIGURATION.replace("ADDRESS", "localhost"))?;
    let person = config.user(SUBJECT).context("nobody is in the configuration")?;
    Ok(person.password_hash.fingerprint())
}

/// Starts the program on a database, which it makes where there is none.
pub(crate) async fn start(program: &Path, database: &Path, cpus: &Cpus) -> anyhow::Result<Server> {
    let address = free_address()?;
    let file = database.with_extension("toml");
    fs::write(&file, configuration(address)).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&file).arg("--database").arg(database).args(["--listen", &address.to_string()]);
    // The peers write no line for each request either.
    command.env("RUST_LOG", "warn");
    Server::start(cpus, &mut command, address, JWKS_PATH, &database.with_extension("log")).await
}

/// A place for a database that does not exist yet.
pub(crate) fn fresh_database(directory: &Path, name: &str) -> PathBuf {
    let database = directory.join(name).with_extension("sqlite3");
    for ending in ["", "-wal", "-shm"] {
        // Fails where there is none, which is what is wanted.
        let _ = fs::remove_file(format!("{}{ending}", database.display()));
    }
    database
}

/// The configuration of an issuer at this address.
pub(crate) fn configuration(address: SocketAddr) -> String {
    CONFIGURATION.replace("ADDRESS", &address.to_string())
}

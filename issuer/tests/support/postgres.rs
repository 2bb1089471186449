//! A PostgreSQL of the tests' own, started once for all of them, with a database for each that asks.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use evergrant_issuer::PostgresStore;
use evergrant_issuer::store::StoreError;
use tokio_postgres::{Client, NoTls};

const SCRIPT: &str = include_str!("postgres.sh");

/// Somebody may take the port between its choice and its use.
const MOST_TRIES: usize = 3;

/// The server, which ends when this process does.
pub(crate) struct Postgres {
    directory: PathBuf,
    port: u16,
    certificate: String,
    _script: Child,
}

impl Postgres {
    /// The one of all tests.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            let mut failure = String::new();
            for _ in 0..MOST_TRIES {
                match Self::start() {
                    Ok(server) => return server,
                    Err(text) => failure = text,
                }
            }
            panic!("{failure}");
        })
    }

    /// A new database with nothing in it.
    pub(crate) async fn database(&'static self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database { server: self, name };
        self.execute("postgres", &format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    /// Where its socket is.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join(format!(".s.PGSQL.{}", self.port))
    }

    /// The certificate it shows, for the name `localhost`, in PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    async fn connect(&self, database: &str) -> Client {
        let address = format!("postgres://postgres@/{database}?host={}&port={}", self.directory.display(), self.port);
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn execute(&self, database: &str, sql: &str) {
        self.connect(database).await.batch_execute(sql).await.unwrap();
    }

    fn start() -> Result<Self, String> {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = pair.cert.pem();
        let mut script = shell()
            .args(["-c", SCRIPT])
            .env("PORT", port.to_string())
            .env("CERTIFICATE", &certificate)
            .env("KEY", pair.signing_key.serialize_pem())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        output.read_line(&mut said).unwrap();
        if said.starts_with('/') {
            return Ok(Self { directory: said.trim_end().into(), port, certificate, _script: script });
        }
        output.read_to_string(&mut said).unwrap();
        script.wait().unwrap();
        Err(said)
    }
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
fn shell() -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return Command::new("sh");
    }
    let mut shell = Command::new("setpriv");
    shell.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
    shell
}

/// A database of one test.
pub(crate) struct Database {
    server: &'static Postgres,
    name: String,
}

impl Database {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its address over the socket, without a password.
    pub(crate) fn url(&self) -> String {
        let directory = self.server.directory.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{directory}:{}/{}", self.server.port, self.name)
    }

    /// Its address over TCP, for a role that has to show its password.
    pub(crate) fn url_over_tcp(&self, credentials: &str, host: &str) -> String {
        format!("postgres://{credentials}@{host}:{}/{}", self.server.port, self.name)
    }

    /// Its address behind a port of another's.
    pub(crate) fn url_behind(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{}", self.name)
    }

    /// Makes a role that may create tables in it, and has a password; its name, which ends in the database's.
    pub(crate) async fn create_owner(&self, name: &str, password: &str) -> String {
        let role = format!("{name}_{}", self.name);
        self.execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{password}'; GRANT CREATE ON SCHEMA public TO {role}"
        ))
        .await;
        role
    }

    /// Does something in it, as its owner.
    pub(crate) async fn execute(&self, sql: &str) {
        self.server.execute(&self.name, sql).await;
    }

    /// A connection of its own to it, as its owner.
    pub(crate) async fn connect(&self) -> Client {
        self.server.connect(&self.name).await
    }

    /// Opens the store in it.
    pub(crate) async fn open(&self) -> Result<PostgresStore, StoreError> {
        PostgresStore::open(&self.url().parse().unwrap()).await
    }
}

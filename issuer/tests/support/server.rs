//! The issuer, served over real HTTP on a free port, with a clock that can be moved.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use argon2::password_hash::{PasswordHasher as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use evergrant_issuer::{Clock, Config, Provider, SqliteStore, Store, router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const PASSWORD: &str = "open sesame";

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) provider: Arc<Provider>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&config()).await
    }

    pub(crate) async fn with(config: &str) -> Self {
        Self::launch(config, Path::new(":memory:"), 0, false).await
    }

    pub(crate) async fn dev() -> Self {
        Self::launch(&config(), Path::new(":memory:"), 0, true).await
    }

    pub(crate) async fn launch(config: &str, database: &Path, port: u16, dev: bool) -> Self {
        Self::on(Arc::new(SqliteStore::open(database).unwrap()), config, port, dev).await
    }

    /// On a store that is there already.
    pub(crate) async fn on(store: Arc<dyn Store>, config: &str, port: u16, dev: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = Config::parse(config).unwrap();
        assert!(config.issuer.set_port(address.port()));
        let clock = Clock::system();
        let provider = Provider::open(config, store, clock.clone(), dev).await.unwrap();
        let provider = Arc::new(provider);
        let service = router(Arc::clone(&provider)).into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { url: format!("http://{address}"), clock, provider, task }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/", self.url)
    }

    fn port(&self) -> u16 {
        self.provider.config.issuer.url().port().unwrap()
    }

    /// Ends it as a crash would: nothing is asked, nothing is flushed.
    pub(crate) async fn kill(self) -> u16 {
        let port = self.port();
        self.task.abort();
        while !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
        port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Clients `app` (public), `trusted` (no consent), `server` (confidential, secret `s3cret`) and `tv` (a device), two APIs, two
/// people.
pub(crate) fn config() -> String {
    // The same each time: who has another is signed out.
    static HASH: LazyLock<String> = LazyLock::new(|| password_hash(PASSWORD));
    CONFIG.replace("HASH", &HASH)
}

/// The same, after Ann has set her password anew: it reads as before, and its hash has another salt.
pub(crate) fn config_with_another_password() -> String {
    let config = config();
    let (before, rest) = config.split_once("password_hash = \"").unwrap();
    let (_, rest) = rest.split_once('"').unwrap();
    format!("{before}password_hash = \"{}\"{rest}", password_hash(PASSWORD))
}

/// argon2id with the least work it allows: these tests are not about its slowness.
fn password_hash(password: &str) -> String {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let hash: phc::PasswordHash = cheap.hash_password(password.as_bytes()).unwrap();
    hash.to_string()
}

const CONFIG: &str = r#"
issuer = "http://127.0.0.1:1/"

[lifetimes]
authorization_code = 60
access_token = 5000
access_token_for_browser_flows = 600
id_token = 900
interaction = 300
session_idle = 3600
session_absolute = 36000

[secret_area]

[[api]]
identifier = "https://api.example/"
name = "Expenses API"
scopes = "read:reports write:reports"
descriptions = { "read:reports" = "see the <team's> expenses" }
allow_offline_access = true
token_lifetime = 4000
token_lifetime_for_browser_flows = 40

[[api]]
identifier = "https://other.example/"
name = "Other API"
scopes = "read:reports"

[[client]]
client_id = "app"
name = "Demo App"
type = "public"
redirect_uris = ["http://localhost:8080/callback", "http://localhost:3001/silent", "http://localhost:8080/q?x=1"]
post_logout_redirect_uris = ["http://localhost:8080/", "http://localhost:8080/?bye"]
origins = ["http://localhost:8080"]
response_types = ["code", "id_token token", "id_token", "token", "code id_token token"]
grants = ["authorization_code", "refresh_token"]
refresh_tokens = { idle_lifetime = 1000, absolute_lifetime = 5000 }

[[client]]
client_id = "trusted"
name = "House App"
type = "public"
redirect_uris = ["http://localhost:8080/callback"]
require_consent = false
id_token_lifetime = 123

[[client]]
client_id = "server"
name = "Server App"
type = "confidential"
secret_hashes = ["sha256:1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0"]
redirect_uris = ["http://localhost:8080/callback"]
require_consent = false
grants = ["authorization_code", "refresh_token", "password", "client_credentials"]
own_scope = "read:reports"
refresh_tokens = { rotation = false, idle_lifetime = 1000, absolute_lifetime = 5000 }

[[client]]
client_id = "tv"
name = "Demo TV"
type = "public"
grants = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]

[[user]]
username = "ann"
password_hash = "HASH"
sub = "user-ann"
email = "ann@example.com"
email_verified = true
[user.profile]
name = "Ann Example"
given_name = "Ann"

[[user]]
username = "bob"
password_hash = "HASH"
sub = "user-bob"
[user.profile]
name = "Bob Example"
"#;

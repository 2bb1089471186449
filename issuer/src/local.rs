//! An issuer within a test: started in its process, on a free port, with a clock to move and failures to order.

use std::sync::Arc;

use evergrant_core::protocol::{AccessToken, ClientId, Scope};
use evergrant_server::{ListenAddressError, ListenError, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::Config;
use crate::dev::failures::{ForcedFailure, OrderError, OrderedFailure};
use crate::dev::requests::LoggedRequest;
use crate::error::Failure;
use crate::provider::Provider;
use crate::store::SqliteStore;
use crate::{router, server, tokens};

/// An issuer in this process, for tests of what signs in at one, or checks its tokens. It is the whole issuer as with `--dev`,
/// over real HTTP, and remembers in memory alone, whatever its configuration says of a database. It ends when it is dropped.
///
/// Each test may have its own: it listens on a free port of the host that the configuration names.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use evergrant_issuer::{Config, LocalIssuer, OrderedFailure, passwords};
///
/// let config = Config::parse(&format!(r#"
///     issuer = "http://localhost/"
///
///     [[api]]
///     identifier = "https://api.example.com/"
///     name = "Expenses"
///     scopes = "read:reports"
///
///     [[client]]
///     client_id = "app"
///     name = "App"
///     type = "public"
///     redirect_uris = ["http://localhost:8080/callback"]
///
///     [[user]]
///     username = "ann"
///     password_hash = "{}"
///     sub = "user|ann"
/// "#, passwords::hash("open sesame")?))?;
/// let issuer = LocalIssuer::start(config).await?;
/// // What is tested is pointed to `issuer.url()`. A token for it, as if Ann had signed in:
/// let token = issuer.access_token("ann", "app", Some("https://api.example.com/"), "read:reports").await?;
/// assert_eq!(token.secret().split('.').count(), 3);
/// // It has expired now, by the issuer's clock:
/// issuer.clock().advance(Duration::from_secs(86_400));
/// // And the next renewal fails:
/// issuer.fail_next("/oauth/token", OrderedFailure { status: Some(503), retry_after: Some(2), ..Default::default() })?;
/// assert!(issuer.requests().is_empty(), "nobody has asked it anything yet");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalIssuer {
    provider: Arc<Provider>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl LocalIssuer {
    /// Starts it, on the runtime that this is awaited on. The issuer identifier in `config` says host and scheme, and whether a
    /// slash ends it; its port is replaced.
    ///
    /// # Errors
    /// [`LocalError`]: the identifier is not `http` on this machine, no port can be had, or keys cannot be made.
    pub async fn start(mut config: Config) -> Result<Self, LocalError> {
        let host = config.issuer.url().host_str().unwrap_or_default();
        if config.is_https() || !config.issuer_is_loopback() {
            return Err(LocalError::NotLocal(config.issuer.as_str().to_owned()));
        }
        let server = Server::bind(&format!("{host}:0").parse()?).await?;
        if !config.issuer.set_port(server.port()) {
            return Err(LocalError::NotLocal(config.issuer.as_str().to_owned()));
        }
        let store = Arc::new(SqliteStore::in_memory().map_err(Failure::from)?);
        let provider = Arc::new(Provider::open(config, store, Clock::system(), true).await?);
        let (stop, stopped) = oneshot::channel::<()>();
        let (serves, keeps) = (Arc::clone(&provider), Arc::clone(&provider));
        let serving = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            tokio::select! {
                () = server.run_until(router(serves), stopped) => {}
                () = server::keep(keeps) => {}
            }
        });
        Ok(Self { provider, stop, serving })
    }

    /// The issuer identifier, `http://localhost:41234/`: where discovery begins, and what `iss` is.
    pub fn url(&self) -> &str {
        self.provider.config.issuer.as_str()
    }

    /// The time by which it judges everything. Whoever checks its tokens has a clock of their own.
    pub fn clock(&self) -> &Clock {
        &self.provider.clock
    }

    /// An access token as `username` would have it after signing in at `client_id`, on the issuer's word alone: no page is shown,
    /// no password asked for, and it is bound to no key. `scope` is cut down to what the API `audience` knows, and without one to OpenID Connect's own.
    ///
    /// # Errors
    /// [`LocalError::Unknown`] when the configuration has no such person, client or API.
    pub async fn access_token(
        &self,
        username: &str,
        client_id: &str,
        audience: Option<&str>,
        scope: &str,
    ) -> Result<AccessToken, LocalError> {
        let Provider { config, clock, store, .. } = &*self.provider;
        let unknown = |what, name: &str| LocalError::Unknown { what, name: name.to_owned() };
        let person = config.users.iter().find(|user| user.username == username);
        let person = person.ok_or_else(|| unknown("person", username))?;
        let client = config.client(&ClientId::new(client_id)).ok_or_else(|| unknown("client", client_id))?;
        let api = match audience {
            Some(name) => Some(config.api(name).ok_or_else(|| unknown("API", name))?),
            None => None,
        };
        let now = clock.now();
        let scope = crate::authorize::grantable(&Scope::parse(scope), api, false);
        let grant = tokens::grant_without_browser(&self.provider, client, person, api, scope, now)?;
        // What is revoked is found by its grant.
        store.add_grant(grant.clone()).await.map_err(Failure::from)?;
        Ok(tokens::access_token(&self.provider, client, &grant, client.is_browser_app(), None, now)?.token)
    }

    /// Orders a failure of the next request to `endpoint`, a path such as `/oauth/token`; several for one endpoint happen in turn.
    ///
    /// # Errors
    /// [`OrderError`], and nothing is ordered.
    pub fn fail_next(&self, endpoint: &str, failure: OrderedFailure) -> Result<(), OrderError> {
        self.provider.dev_controls.failures.order(ForcedFailure::new(endpoint, failure)?)
    }

    /// Ends the session of everybody who is signed in here: silent renewals are answered by `login_required` then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_sessions(&self) -> Result<(), LocalError> {
        Ok(self.provider.store.end_every_session().await.map_err(Failure::from)?)
    }

    /// The latest 200 requests, the oldest first, secrets masked.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.provider.dev_controls.requests.all()
    }

    /// Ends it, and returns when it has: answers under way are given first, for up to five seconds.
    pub async fn stop(self) {
        let Self { stop, serving, .. } = self;
        // Whoever does not listen has ended.
        let _ = stop.send(());
        let _ = serving.await;
    }
}

/// Why there is no issuer, or not what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The issuer identifier is not one of this machine, or is `https`, which needs something in front of the issuer.
    #[error("{0:?} is not http on this machine, as http://localhost/ is")]
    NotLocal(String),
    /// The host of the identifier cannot be listened on.
    #[error(transparent)]
    Address(#[from] ListenAddressError),
    /// No port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The configuration has none of this name.
    #[error("there is no {what} {name:?} in the configuration")]
    Unknown {
        /// Person, client or API.
        what: &'static str,
        /// The name that was given.
        name: String,
    },
    /// Something inside.
    #[error(transparent)]
    Inside(#[from] Failure),
}

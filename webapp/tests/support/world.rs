//! An issuer and a web app on free ports, each as its own binary would serve it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use evergrant_issuer::{Clock, Config as IssuerConfig, Provider, SqliteStore, router as issuer_router};
use evergrant_server::Server;
use evergrant_webapp::{Config, WebApp, router};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const WEB_APP: &str = include_str!("../../demo.toml");
const ISSUER: &str = include_str!("../../../issuer/demo.toml");

const CLIENTS: &str = "[[client]]\nrequire_consent = false\nrefresh_tokens = { reuse_interval = 0 }\n";

/// Both servers; they end with it.
pub(crate) struct World {
    pub(crate) issuer: String,
    pub(crate) web_app: String,
    /// The issuer's inside.
    pub(crate) provider: Arc<Provider>,
    issuer_task: JoinHandle<()>,
    web_app_task: JoinHandle<()>,
}

impl World {
    /// The demo's servers, apart from the ports; nobody is asked for consent, and a used refresh token is never taken twice.
    pub(crate) async fn start() -> Self {
        Self::with(|issuer| issuer, |web_app| web_app).await
    }

    /// Access tokens live for one second.
    pub(crate) async fn with_short_tokens() -> Self {
        Self::with(|config| config.replace("token_lifetime = 86400", "token_lifetime = 1"), |web_app| web_app).await
    }

    /// The app of the cookie mode is a confidential client, whose secret this server keeps.
    pub(crate) async fn with_confidential_app() -> Self {
        let issuer = |config: String| {
            let secret = config.lines().find(|line| line.starts_with("secret_hashes")).unwrap().to_owned();
            config.replace("type = \"public\"", &format!("type = \"confidential\"\n{secret}"))
        };
        let web_app = |config: String| format!("{config}client_secret = \"secret\"\n");
        Self::with(issuer, web_app).await
    }

    /// Access tokens live for one second, a used refresh token brings its successor for three, and the first answer to a refresh token is lost on its way
    /// back.
    pub(crate) async fn with_first_refresh_lost() -> Self {
        let issuer = |config: String| {
            let config = config.replace("token_lifetime = 86400", "token_lifetime = 1");
            config.replace("reuse_interval = 0", "reuse_interval = 3")
        };
        let is_first = Arc::new(AtomicBool::new(true));
        Self::of(issuer, |router| router.layer(from_fn_with_state(Arc::clone(&is_first), lose_first)), |app| app).await
    }

    /// The issuer does not answer revocations before it is told to.
    pub(crate) async fn with_held_revocations() -> (Self, Arc<Held>) {
        let held = Arc::new(Held { arrived: Semaphore::new(0), let_go: Semaphore::new(0) });
        let hold = |router: Router| router.layer(from_fn_with_state(Arc::clone(&held), hold));
        (Self::of(|issuer| issuer, hold, |app| app).await, held)
    }

    /// How many refresh tokens of the demo's person are good at the issuer.
    pub(crate) async fn refresh_tokens(&self) -> usize {
        let Provider { config, store, clock, .. } = &*self.provider;
        store.refresh_families_of(&config.user_named("test").unwrap().sub, clock.now()).await.unwrap().len()
    }

    async fn with(change_issuer: impl Fn(String) -> String, change_web_app: impl Fn(String) -> String) -> Self {
        Self::of(change_issuer, |router| router, change_web_app).await
    }

    async fn of(
        change_issuer: impl Fn(String) -> String,
        change_router: impl Fn(Router) -> Router,
        change_web_app: impl Fn(String) -> String,
    ) -> Self {
        let (issuer_server, web_app_server) = (free_port().await, free_port().await);
        let (issuer, web_app) = (issuer_server.url(), web_app_server.url());
        let placed =
            |text: &str| text.replace("http://localhost:3000", &issuer).replace("http://localhost:3003", &web_app);

        let config = placed(ISSUER).replace("[[client]]\n", CLIENTS);
        let config = IssuerConfig::parse(&change_issuer(config)).unwrap();
        let store = Arc::new(SqliteStore::open(Path::new(":memory:")).unwrap());
        let provider = Arc::new(Provider::open(config, store, Clock::system(), true).await.unwrap());
        let issuers_router = change_router(issuer_router(Arc::clone(&provider)));
        let issuer_task = tokio::spawn(issuer_server.run_until(issuers_router, std::future::pending()));

        // Nobody answers at port 9, the discard service: an API that is down.
        let config = placed(WEB_APP).replace("http://localhost:3002/expenses", "http://127.0.0.1:9/expenses");
        let app = WebApp::new(Config::parse(&change_web_app(config)).unwrap()).unwrap();
        let web_app_task = tokio::spawn(web_app_server.run_until(router(app), std::future::pending()));
        Self { issuer, web_app, provider, issuer_task, web_app_task }
    }

    /// Ends the issuer as a crash would.
    pub(crate) async fn kill_issuer(&self) {
        self.issuer_task.abort();
        while !self.issuer_task.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.issuer_task.abort();
        self.web_app_task.abort();
    }
}

/// Has the issuer answer the first refresh token, and the answer never arrive.
async fn lose_first(State(is_first): State<Arc<AtomicBool>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let is_refresh = str::from_utf8(&body).unwrap().contains("grant_type=refresh_token");
    let response = next.run(Request::from_parts(head, body.into())).await;
    if is_refresh && is_first.swap(false, Ordering::Relaxed) {
        return std::future::pending().await;
    }
    response
}

/// Revocations on their way.
pub(crate) struct Held {
    /// One permit for each that came.
    pub(crate) arrived: Semaphore,
    /// One permit for each that may go on.
    pub(crate) let_go: Semaphore,
}

async fn hold(State(held): State<Arc<Held>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/oauth/revoke" {
        held.arrived.add_permits(1);
        held.let_go.acquire().await.unwrap().forget();
    }
    next.run(request).await
}

async fn free_port() -> Server {
    Server::bind(&"localhost:0".parse().unwrap()).await.unwrap()
}

//! Keeps what is believed of the issuer new: its keys and its revocations, every few seconds, and its keys at once when a
//! token names one that is unknown.

mod requests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use evergrant_core::address::Address;
use evergrant_core::protocol::Issuer;
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::metadata::{self, MetadataError, ProviderMetadata, is_safe_to_use};
use evergrant_core::protocol::revoked::RevokedTokens;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use self::requests::{Answer, Requests};
use crate::settings::Settings;
use crate::trust::Trust;

/// How often strangers' tokens may make this server ask for keys, per second and at once. Anybody can invent a `kid`.
const ASKED_PER_SECOND: NonZeroU32 = NonZeroU32::new(1).unwrap();
const ASKED_AT_ONCE: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Follows an issuer until it is dropped.
#[derive(Debug)]
pub(crate) struct Follower {
    inner: Arc<Inner>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Inner {
    issuer: Issuer,
    requests: Requests,
    trust: Arc<Trust>,
    clock_tolerance: Duration,
    asked: DefaultDirectRateLimiter,
    /// How many times the keys have been asked for.
    fetches: AtomicU64,
    /// Whoever holds it is asking; all others wait for that answer.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Where the issuer's documents are, once it has said so.
    metadata: Option<ProviderMetadata>,
    revoked_etag: Option<String>,
    /// Whether the last look failed: an outage is logged once, and not every two seconds.
    in_trouble: bool,
}

impl Follower {
    pub(crate) fn start(settings: &Settings, trust: Arc<Trust>) -> Result<Self, FollowError> {
        let address = Address::parse(settings.issuer.as_str()).ok().filter(is_safe_to_use);
        let address = address.ok_or_else(|| FollowError::Issuer(settings.issuer.clone()))?;
        let inner = Arc::new(Inner {
            issuer: settings.issuer.clone(),
            requests: Requests::to(&address)?,
            trust,
            clock_tolerance: settings.clock_tolerance,
            asked: RateLimiter::direct(Quota::per_second(ASKED_PER_SECOND).allow_burst(ASKED_AT_ONCE)),
            fetches: AtomicU64::default(),
            state: Mutex::default(),
        });
        let following = Arc::clone(&inner);
        let mut ticks = interval(settings.refresh_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let task = tokio::spawn(async move {
            loop {
                ticks.tick().await;
                following.refresh().await;
            }
        });
        Ok(Self { inner, task: task.abort_handle() })
    }

    /// Asks for the issuer's keys now, unless that happened too often of late. Whoever comes while they are being fetched
    /// shares the answer.
    pub(crate) async fn ask_for_keys(&self) {
        let inner = &self.inner;
        let arrived = inner.fetches.load(Ordering::Relaxed);
        let mut state = inner.state.lock().await;
        // An answer that somebody else asked for since is new enough.
        let answered = inner.fetches.load(Ordering::Relaxed) > arrived;
        if !answered && inner.asked.check().is_ok() {
            let outcome = match inner.trust.keys() {
                Some(_) => inner.fetch_keys(&mut state).await,
                None => inner.fetch_all(&mut state).await,
            };
            inner.note(&mut state, &outcome);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inner {
    async fn refresh(&self) {
        let mut state = self.state.lock().await;
        let outcome = self.fetch_all(&mut state).await;
        self.note(&mut state, &outcome);
    }

    /// What was revoked comes first, and the first keys not without it: as soon as there are keys, tokens count.
    async fn fetch_all(&self, state: &mut State) -> Result<(), Trouble> {
        let revoked = self.fetch_revoked(state).await;
        if revoked.is_err() && self.trust.keys().is_none() {
            return revoked;
        }
        self.fetch_keys(state).await.and(revoked)
    }

    async fn fetch_keys(&self, state: &mut State) -> Result<(), Trouble> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let jwks_uri = self.metadata(state).await?.jwks_uri;
        let body = self.requests.document("its keys", &jwks_uri).await?;
        let keys = JwkSet::parse(&body).map_err(|error| Trouble::Unusable("its keys", error.to_string()))?;
        self.trust.take_keys(keys);
        Ok(())
    }

    async fn fetch_revoked(&self, state: &mut State) -> Result<(), Trouble> {
        const WHAT: &str = "its list of revoked tokens";
        let Some(endpoint) = self.metadata(state).await?.revoked_tokens_endpoint else { return Ok(()) };
        if !is_safe_to_use(&endpoint) {
            return Err(MetadataError::NotHttps(endpoint).into());
        }
        match self.requests.changed(WHAT, &endpoint, state.revoked_etag.as_deref()).await? {
            Answer::Unchanged => {}
            Answer::Document { body, etag } => {
                let said: RevokedTokens =
                    serde_json::from_slice(&body).map_err(|error| Trouble::Unusable(WHAT, error.to_string()))?;
                self.trust.take_revoked(said, evergrant_native::now() - self.clock_tolerance);
                state.revoked_etag = etag;
            }
        }
        Ok(())
    }

    async fn metadata(&self, state: &mut State) -> Result<ProviderMetadata, Trouble> {
        if let Some(known) = &state.metadata {
            return Ok(known.clone());
        }
        let url = metadata::discovery_url(&self.issuer);
        let (status, body) = self.requests.get("its metadata", &url).await?;
        let metadata = metadata::judge(&self.issuer, status, &body)?;
        state.metadata = Some(metadata.clone());
        Ok(metadata)
    }

    /// Says once when the issuer goes and once when it is back. What it said last counts meanwhile.
    fn note(&self, state: &mut State, outcome: &Result<(), Trouble>) {
        match (state.in_trouble, outcome) {
            (false, Err(trouble)) => match self.trust.keys() {
                Some(_) => warn!("{trouble}: tokens are judged by what it said last"),
                None => warn!("{trouble}: no token can be judged until it answers"),
            },
            (true, Err(trouble)) => debug!("{trouble}, still"),
            (true, Ok(())) => info!("the issuer {} answers again", self.issuer),
            (false, Ok(())) => {}
        }
        if outcome.is_err() {
            // Its endpoints may have moved.
            state.metadata = None;
        }
        state.in_trouble = outcome.is_err();
    }
}

/// Why an issuer cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Keys that came in clear over a network could be anybody's.
    #[error("the issuer {0} is no address that begins with https:// (http:// only on this machine)")]
    Issuer(Issuer),
    /// No request can be made from here.
    #[error("no requests can be made to the issuer: {0}")]
    Requests(#[from] reqwest::Error),
}

/// What went wrong with the issuer this time.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the issuer cannot be asked for {0} ({1})")]
    Unreachable(&'static str, String),
    #[error("the issuer answers {1} when asked for {0}")]
    Status(&'static str, u16),
    #[error("what the issuer sends when asked for {0} cannot be used: {1}")]
    Unusable(&'static str, String),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

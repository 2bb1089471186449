//! `GET /healthz`: whether this process can do its work, for whoever hands out requests; and `GET /livez`: whether it
//! answers at all, for whoever would start it anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::Mutex;
use tracing::error;

use crate::provider::Provider;

/// For how long it is known whether the store can be written, since anybody may ask: a write for each question would cost as much
/// as a sign-in.
const KNOWN_FOR: Duration = Duration::from_secs(5);

/// What was last found when the store was written to see whether it can be.
#[derive(Debug, Default)]
pub(crate) struct Writing(Mutex<Option<(Instant, bool)>>);

impl Writing {
    /// Whether the store can be written, as was seen a moment ago, or is now. Those who ask meanwhile wait for the same answer.
    async fn works(&self, provider: &Provider) -> bool {
        let mut seen = self.0.lock().await;
        if let Some((at, works)) = *seen
            && at.elapsed() < KNOWN_FOR
        {
            return works;
        }
        let written = provider.store.try_to_write(provider.clock.now()).await;
        let works = written.inspect_err(|failure| error!("the store cannot be written: {failure}")).is_ok();
        *seen = Some((Instant::now(), works));
        works
    }
}

pub(crate) async fn health(State(provider): State<Arc<Provider>>) -> (StatusCode, &'static str) {
    if let Err(failure) = provider.store.signing_keys().await {
        error!("{failure}");
        return (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n");
    }
    match provider.writing.works(&provider).await {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be written\n"),
    }
}

/// Nothing is looked at: a new process would find the same store.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

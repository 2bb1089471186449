//! Waiting for something to become true, in place of sleeping.

use std::time::{Duration, Instant};

/// "Within seconds" is what is promised; a slow machine gets more.
const LIMIT: Duration = Duration::from_secs(20);

/// Looks again and again until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LIMIT, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

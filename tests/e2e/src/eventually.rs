//! Waiting for something to become true, in place of sleeping.

use std::time::{Duration, Instant};

use anyhow::Context;

/// Longer than anything here takes on a slow machine, apart from what waits for a token to expire.
const LIMIT: Duration = Duration::from_secs(20);

/// How soon it is looked at again.
const INTERVAL: Duration = Duration::from_millis(40);

/// Looks again and again until `look` succeeds; its error says why it is not so yet.
///
/// # Errors
/// When 20 seconds have passed, with the last reason.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eventually_within(LIMIT, what, look).await
}

/// [`eventually`] with a limit of its own.
///
/// # Errors
/// When `limit` has passed, with the last reason.
pub async fn eventually_within<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match look().await {
            Err(reason) if Instant::now() > deadline => {
                return Err(reason).with_context(|| format!("waited {} s in vain: {what}", limit.as_secs()));
            }
            Err(_) => tokio::time::sleep(INTERVAL).await,
            found => return found,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use anyhow::ensure;

    use super::*;

    #[tokio::test]
    async fn it_looks_until_it_is_so() {
        let mut looks = 0;
        let found = eventually("three looks", async || {
            looks += 1;
            ensure!(looks == 3, "{looks} looks");
            Ok(looks)
        });
        assert_eq!(found.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn in_vain_it_says_what_was_missing_and_why() {
        let nothing = eventually_within::<()>(Duration::ZERO, "a wonder", async || anyhow::bail!("only dust"));
        let error = nothing.await.unwrap_err();
        assert_eq!(format!("{error:#}"), "waited 0 s in vain: a wonder: only dust");
    }
}

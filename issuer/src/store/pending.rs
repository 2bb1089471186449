//! What a step has decided while its commit is still on the way to the disk.

use std::fmt;

use tokio::sync::oneshot;

use super::StoreError;

/// A decision whose commit may not have reached the disk yet. It can be worked on meanwhile, and only leaves when it lasts.
#[must_use = "a decision counts once it is committed"]
pub struct Pending<T> {
    decided: T,
    commit: Option<oneshot::Receiver<Result<(), StoreError>>>,
}

impl<T> Pending<T> {
    /// One that lasts already.
    pub(super) fn lasting(decided: T) -> Self {
        Self { decided, commit: None }
    }

    /// One that lasts when `commit` says so.
    pub(super) fn until(commit: oneshot::Receiver<Result<(), StoreError>>, decided: T) -> Self {
        Self { decided, commit: Some(commit) }
    }

    /// What was decided, once it lasts.
    ///
    /// # Errors
    /// When it could not be committed.
    pub async fn committed(self) -> Result<T, StoreError> {
        self.and_then(|decided| decided).await
    }

    /// What `work` makes of the decision, once that lasts: the work is done while the disk is waited for.
    ///
    /// # Errors
    /// When it could not be committed: what was made is thrown away.
    pub async fn and_then<U>(self, work: impl FnOnce(T) -> U) -> Result<U, StoreError> {
        let made = work(self.decided);
        if let Some(commit) = self.commit {
            commit.await.unwrap_or(Err(StoreError::Closed))?;
        }
        Ok(made)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pending").finish_non_exhaustive()
    }
}

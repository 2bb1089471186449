//! How a request fails when it is nobody's fault but ours. What the caller did wrong has types of its own: `OAuthRefusal`
//! for programs, `PageError` for people.

use crate::keys::KeyError;
use crate::passwords::PasswordError;
use crate::secret::NoEntropy;
use crate::store::StoreError;

/// Something inside does not work. The text is for the log; callers get none of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The password queue.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The source of randomness.
    #[error(transparent)]
    Randomness(#[from] NoEntropy),
    /// A page that cannot be rendered.
    #[error("a page cannot be rendered: {0}")]
    Page(#[from] askama::Error),
}

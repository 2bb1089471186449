//! Passwords: argon2id, behind a queue that is short on purpose, because each check takes 19 MiB and tens of milliseconds.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use tokio::sync::Semaphore;

use crate::config::PasswordHash;

/// Checks that wait beyond those that run: a crowd beyond it is told to come back.
const LONGEST_QUEUE: usize = 64;

/// Longer ones are refused unhashed: nobody types them.
const LONGEST_PASSWORD: usize = 1024;

/// The hash of 256 random bits that were thrown away: checked when the person is unknown, so that both cases take the
/// same time.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$wtGmQYDWBJDeTccqM3g59g$U/T1KPEZiIq5k5zb/yGy2s2s9YwABjP0tn40yO0PN1s";

/// Checks passwords, a few at a time.
#[derive(Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    /// A queue for this machine.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { running: Arc::new(Semaphore::new(cores)), waiting: Arc::new(Semaphore::new(cores + LONGEST_QUEUE)) }
    }
}

impl Passwords {
    /// Whether `password` is the one behind `hash`. Without a hash (nobody of that name) it takes as long, and is `false`.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many checks wait already.
    pub async fn check(&self, password: String, hash: Option<&PasswordHash>) -> Result<bool, PasswordError> {
        if password.len() > LONGEST_PASSWORD {
            return Ok(false);
        }
        let _place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        // Owned, and dropped where the work ends: a request that is given up does not free its place early.
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordError::Unavailable)?;
        let known = hash.is_some();
        let hash = hash.map_or(NOBODY, PasswordHash::as_phc).to_owned();
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            Argon2::default().verify_password(password.as_bytes(), &*hash).is_ok()
        });
        let matches = checked.await.map_err(|_| PasswordError::Unavailable)?;
        Ok(matches && known)
    }
}

/// The PHC string of a new hash of `password` (argon2id, the parameters OWASP names as its floor: 19 MiB, 2 passes).
///
/// # Errors
/// When the password is too long or no randomness can be had.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.len() > LONGEST_PASSWORD {
        return Err(PasswordError::TooLong);
    }
    let hash: phc::PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(|_| PasswordError::Unavailable)?;
    Ok(hash.to_string())
}

/// Why a password was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many checks wait.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// The password is longer than any that can be set.
    #[error("a password has at most {LONGEST_PASSWORD} bytes")]
    TooLong,
    /// The machine could not do it.
    #[error("passwords cannot be checked here")]
    Unavailable,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_of_a_known_person_alone() {
        let passwords = Passwords::default();
        let hash = PasswordHash::try_from(hash("open sesame").unwrap()).unwrap();
        assert_eq!(passwords.check("open sesame".into(), Some(&hash)).await, Ok(true));
        assert_eq!(passwords.check("open barley".into(), Some(&hash)).await, Ok(false));
        assert_eq!(passwords.check("open sesame".into(), None).await, Ok(false));
        assert_eq!(passwords.check("x".repeat(5000), Some(&hash)).await, Ok(false));
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let parameters = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(NOBODY), parameters(&hash("any").unwrap()));
    }

    #[tokio::test]
    async fn a_full_queue_sheds_load() {
        let passwords = Passwords::default();
        let places = u32::try_from(passwords.waiting.available_permits()).unwrap();
        let _all = passwords.waiting.acquire_many(places).await.unwrap();
        assert_eq!(passwords.check("any".into(), None).await, Err(PasswordError::Busy));
    }
}

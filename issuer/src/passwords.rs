//! Passwords: argon2id, behind a queue that is short on purpose, because each check takes 19 MiB and tens of milliseconds.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use tokio::sync::Semaphore;

use crate::config::User;

/// Checks that wait beyond those that run: a crowd beyond it is told to come back.
const LONGEST_QUEUE: usize = 64;

/// Longer ones are refused unhashed: nobody types them.
const LONGEST_PASSWORD: usize = 1024;

/// The hash of 256 random bits that were thrown away: checked where there is nobody at all.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$wtGmQYDWBJDeTccqM3g59g$U/T1KPEZiIq5k5zb/yGy2s2s9YwABjP0tn40yO0PN1s";

/// Checks passwords, a few at a time.
#[derive(Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Chooses who stands in for people that do not exist, and that no caller can foretell.
    stand_ins: RandomState,
}

impl Default for Passwords {
    /// A queue for this machine.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + LONGEST_QUEUE)),
            stand_ins: RandomState::new(),
        }
    }
}

impl Passwords {
    /// Whoever of `people` has this name and this password.
    ///
    /// Where nobody has the name, the password of somebody else is checked, always of the same one: so it takes as long as
    /// for a name that somebody has, also where what hashes cost differs from person to person.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many checks wait already, for every name alike.
    pub async fn check<'a>(
        &self,
        people: &'a [User],
        username: &str,
        password: &str,
    ) -> Result<Option<&'a User>, PasswordError> {
        let person = people.iter().find(|person| person.username == username);
        if password.len() > LONGEST_PASSWORD {
            return Ok(None);
        }
        let _place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        // Owned, and dropped where the work ends: a request that is given up does not free its place early.
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordError::Unavailable)?;
        let checked = person.or_else(|| self.stand_in(people, username));
        let hash = checked.map_or(NOBODY, |checked| checked.password_hash.as_phc()).to_owned();
        let password = password.to_owned();
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            Argon2::default().verify_password(password.as_bytes(), &*hash).is_ok()
        });
        let matches = checked.await.map_err(|_| PasswordError::Unavailable)?;
        Ok(person.filter(|_| matches))
    }

    fn stand_in<'a>(&self, people: &'a [User], username: &str) -> Option<&'a User> {
        let chosen = self.stand_ins.hash_one(username).checked_rem(u64::try_from(people.len()).ok()?)?;
        people.get(usize::try_from(chosen).ok()?)
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
    use argon2::{Algorithm, Params, Version};

    use super::*;

    /// Somebody of this name, with a password that is named after them, and a hash that costs as much as `work` says.
    fn person(name: &str, work: Params) -> User {
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, work);
        let hash: phc::PasswordHash = hasher.hash_password(name.as_bytes()).unwrap();
        toml::from_str(&format!("username = {name:?}\nsub = {name:?}\npassword_hash = \"{hash}\"")).unwrap()
    }

    fn people() -> [User; 2] {
        [person("ann", Params::new(8, 1, 1, None).unwrap()), person("bob", Params::new(16, 2, 1, None).unwrap())]
    }

    #[tokio::test]
    async fn the_right_password_of_a_known_person_alone() {
        let (passwords, people) = (Passwords::default(), people());
        let name = async |username: &str, password: &str| {
            passwords.check(&people, username, password).await.unwrap().map(|person| person.username.clone())
        };
        assert_eq!(name("ann", "ann").await.as_deref(), Some("ann"));
        for (username, password) in [("ann", "bob"), ("eve", "ann"), ("eve", "bob"), ("ann", ""), ("", "")] {
            assert_eq!(name(username, password).await, None, "{username} {password}");
        }
        assert_eq!(name("ann", &"x".repeat(5000)).await, None);
        assert_eq!(passwords.check(&[], "ann", "ann").await.unwrap().map(|person| &person.username), None);
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let parameters = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(NOBODY), parameters(&hash("any").unwrap()));
    }

    /// Whose hashes were made elsewhere, and cost more or less than ours, was known by the time that an answer took.
    #[test]
    fn nobody_costs_as_much_as_one_of_those_who_are_there_and_always_the_same() {
        let (passwords, people) = (Passwords::default(), people());
        let stand_in = |name: &str| passwords.stand_in(&people, name).unwrap().username.clone();
        let strangers: Vec<String> = (0..100).map(|number| format!("stranger-{number}")).collect();
        assert!(strangers.iter().all(|name| stand_in(name) == stand_in(name)));
        assert!(["ann", "bob"].iter().all(|who| strangers.iter().any(|name| stand_in(name) == *who)));
        assert!(passwords.stand_in(&[], "stranger").is_none());
    }

    #[tokio::test]
    async fn a_full_queue_sheds_load_and_says_so_of_everybody() {
        let (passwords, people) = (Passwords::default(), people());
        let places = u32::try_from(passwords.waiting.available_permits()).unwrap();
        let _all = passwords.waiting.acquire_many(places).await.unwrap();
        for name in ["ann", "eve"] {
            assert!(matches!(passwords.check(&people, name, "any").await, Err(PasswordError::Busy)), "{name}");
        }
    }
}

//! Whether what a person once signed in for still counts: they have an account, and the password that they had then.

use evergrant_core::protocol::Subject;

use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::SecretHash;

/// What became of the account that somebody signed in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// It is there, as it was.
    Same,
    /// The person was taken out of the configuration.
    Gone,
    /// The person has another password.
    Changed,
}

/// Whether this person is there, and has the password they signed in with: by the configuration alone, which may not be the
/// newest ([`find`]).
pub(crate) fn is_same_here(provider: &Provider, subject: &Subject, password: Option<SecretHash>) -> bool {
    let person = provider.config.user(subject.as_str());
    person.is_some_and(|person| password.is_none_or(|password| password == person.password_hash.fingerprint()))
}

/// What became of this person's account since they signed in with this password.
///
/// While several issuers are started anew one after the other, with another password for somebody, what that one brings counts
/// also where the configuration is still the old one: the store knows what the last of them found. It is asked only where the
/// configuration has another password.
pub(crate) async fn find(
    provider: &Provider,
    subject: &Subject,
    password: Option<SecretHash>,
) -> Result<Account, Failure> {
    if is_same_here(provider, subject, password) {
        return Ok(Account::Same);
    }
    if provider.config.user(subject.as_str()).is_none() {
        return Ok(Account::Gone);
    }
    let noted = provider.store.noted_password(subject).await?;
    Ok(if noted == password { Account::Same } else { Account::Changed })
}

//! Everything a request handler works with.

use std::sync::Arc;

use evergrant_core::time::UnixTime;
use tracing::info;

use crate::backchannel_logout::BackchannelLogout;
use crate::clock::Clock;
use crate::config::Config;
use crate::dev::DevControls;
use crate::dpop::Proofs;
use crate::error::Failure;
use crate::interactions::Opened;
use crate::keys::KeyRing;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::revocations::RevokedList;
use crate::routes::health::Writing;
use crate::store::Store;

/// The OpenID provider: its configuration, its memory, its clock and its keys.
#[derive(Debug)]
pub struct Provider {
    /// What it was told.
    pub config: Config,
    /// What it remembers.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Clock,
    /// What it signs with.
    pub keys: KeyRing,
    /// Whether developers' shortcuts are on: only ever on a loopback address.
    pub dev: bool,
    pub(crate) passwords: Passwords,
    pub(crate) limits: Limits,
    pub(crate) opened_interactions: Opened,
    pub(crate) opened_devices: Opened,
    pub(crate) revoked: RevokedList,
    pub(crate) proofs: Proofs,
    pub(crate) backchannel_logout: BackchannelLogout,
    pub(crate) metrics: Metrics,
    pub(crate) writing: Writing,
    pub(crate) dev_controls: DevControls,
}

impl Provider {
    /// Makes the provider ready: takes its keys from the store, or makes them, and ends what was signed in with passwords that
    /// people have no longer.
    ///
    /// # Errors
    /// When the store fails or keys cannot be made.
    pub async fn open(config: Config, store: Arc<dyn Store>, clock: Clock, dev: bool) -> Result<Self, Failure> {
        note_passwords(&*store, &config, clock.now()).await?;
        let keys = KeyRing::open(&*store, &config, clock.now()).await?;
        let revoked = RevokedList::open(&*store).await?;
        Ok(Self {
            limits: Limits::new(&config.limits),
            config,
            store,
            clock,
            keys,
            dev,
            passwords: Passwords::default(),
            opened_interactions: Opened::default(),
            opened_devices: Opened::default(),
            revoked,
            proofs: Proofs::default(),
            backchannel_logout: BackchannelLogout::default(),
            metrics: Metrics::default(),
            writing: Writing::default(),
            dev_controls: DevControls::default(),
        })
    }

    /// Notices what other processes on the same store did: keys they made or withdrew, tokens they revoked. Keys that are missing
    /// are made.
    ///
    /// # Errors
    /// When the store fails; then what failed stays as it was known.
    pub async fn notice(&self) -> Result<(), Failure> {
        let keys = self.keys.refresh(&*self.store, &self.config, self.clock.now()).await;
        // Whatever became of the keys: one that a newer version made may be none for this.
        self.revoked.refresh(&*self.store).await?;
        Ok(keys?)
    }

    /// Removes what is over, in small batches, and has keys change that are due. For good, so where the database has a clock of
    /// its own, it goes by the one that is behind.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self) -> Result<(), Failure> {
        let at_the_store = self.store.time().await?.map(|time| self.clock.when(time));
        let now = self.clock.now().min(at_the_store.unwrap_or(UnixTime::from_millis(i64::MAX)));
        let keys = KeyRing::change(&*self.store, &self.config, now).await;
        let noticed = self.notice().await;
        while self.store.sweep(now).await? {
            tokio::task::yield_now().await;
        }
        keys?;
        noticed
    }
}

async fn note_passwords(store: &dyn Store, config: &Config, now: UnixTime) -> Result<(), Failure> {
    let passwords = config.users.iter().map(|person| (person.sub.clone(), person.password_hash.fingerprint()));
    let people = store.note_passwords(passwords.collect(), now).await?;
    if people > 0 {
        info!(
            people,
            "have another password than when an issuer last started: what was signed in with the old one is over"
        );
    }
    Ok(())
}

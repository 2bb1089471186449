//! What the issuer remembers, as a trait: every method is one durable step, and every security decision one conditional
//! write, so that two requests at once (or two issuers on one database) cannot both win.

mod device;
mod logout;
mod migrations;
mod pending;
mod postgres;
mod records;
mod rotation;
mod sqlite;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;

use crate::config::Config;
use crate::secret::SecretHash;

pub use device::{DeviceAuthorization, DevicePoll, DeviceRoom};
use logout::SESSION_BEGINS_WITHIN;
pub use logout::{DueLogout, LoggedInRp};
pub use pending::Pending;
pub use postgres::PostgresStore;
pub use records::{
    Code, CodeUse, Consent, ConsentKey, ConsentUse, Grant, Interaction, Overtaken, RefreshFamily, RefreshOutcome,
    RefreshUse, RevokedMark, RevokedRead, Room, Session, SignedOut, StoredKey, Successor,
};
pub use sqlite::SqliteStore;

/// Opens the store that the configuration names, and brings its schema up to date.
///
/// # Errors
/// When the database cannot be reached or used, or a newer version wrote it.
pub async fn open(config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match &config.database_url {
        Some(url) => Arc::new(PostgresStore::open(url).await?),
        None => Arc::new(SqliteStore::open(&config.database)?),
    })
}

/// The issuer's memory. What a method returns `Ok` for has reached the disk, unless it is [`Pending`].
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Every signing key, the newest first.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds a key, unless one for the same algorithm and client was made after `unless_after`: of several issuers that find a
    /// key missing or too old, one adds it.
    async fn add_signing_key(&self, key: StoredKey, unless_after: UnixTime) -> Result<(), StoreError>;

    /// Removes a key.
    async fn remove_signing_key(&self, kid: &str) -> Result<(), StoreError>;

    /// Notes the fingerprint of each person's password hash. Where another was noted before, it ends in the same step every
    /// session and every grant of that person that was not made with this one. How many people have another.
    async fn note_passwords(&self, passwords: Vec<(Subject, SecretHash)>, now: UnixTime) -> Result<u64, StoreError>;

    /// What was noted last of a person's password.
    async fn noted_password(&self, subject: &Subject) -> Result<Option<SecretHash>, StoreError>;

    /// Begins a session, and ends the one it replaces (a new id at every sign-in, RFC 9700 §4.15 and OWASP alike). In the same
    /// step, what was granted in that one without `offline_access` goes over to this one, if it is the same person's, and
    /// otherwise ends. One of the same id goes on, as of now.
    async fn start_session(&self, session: Session, replaces: Option<SecretHash>) -> Result<(), StoreError>;

    /// The session with this id, unless it is over at `now`.
    async fn session(&self, id: SecretHash, now: UnixTime) -> Result<Option<Session>, StoreError>;

    /// Moves the idle limit of a session that is not over; an ended one is not woken.
    async fn extend_session(&self, id: SecretHash, now: UnixTime, idle_until: UnixTime) -> Result<(), StoreError>;

    /// Ends a session, and in the same step every grant that came from it without `offline_access`: with that, a grant outlives
    /// its session (OIDC Core §11). Whether there was one.
    async fn end_session(&self, id: SecretHash, now: UnixTime) -> Result<bool, StoreError>;

    /// Does as [`Store::end_session`] with the session that ID tokens call `sid`, if it is this person's. Where that is over by
    /// time, its grants end all the same. Whether there was one.
    async fn end_session_called(&self, sid: &str, subject: &Subject, now: UnixTime) -> Result<bool, StoreError>;

    /// Ends everybody's session, and no grant.
    async fn end_every_session(&self) -> Result<(), StoreError>;

    /// Keeps an authorization request while a person signs in or decides. Others make room for it where there are too many.
    async fn open_interaction(&self, interaction: Interaction, room: Room) -> Result<(), StoreError>;

    /// Notes that the browser of an interaction came to its page.
    async fn note_shown(&self, id: SecretHash) -> Result<(), StoreError>;

    /// With what the session of an interaction is derived: `salt`, or the one that was given after `again_since`, since who
    /// presses twice signs in once. `None` when the interaction is not there.
    async fn salt_interaction(
        &self,
        id: SecretHash,
        salt: [u8; 32],
        now: UnixTime,
        again_since: UnixTime,
    ) -> Result<Option<[u8; 32]>, StoreError>;

    /// Gives up a batch of those that are more than `most` in all: first those that nobody was shown.
    async fn trim_interactions(&self, most: u32) -> Result<(), StoreError>;

    /// The interaction, unless it is over, for the browser it was opened in and for no other.
    async fn interaction(
        &self,
        id: SecretHash,
        browser: SecretHash,
        now: UnixTime,
    ) -> Result<Option<Interaction>, StoreError>;

    /// Notes that an interaction was answered; from the first answer on it expires at `until` at the latest. Whether it was
    /// still there to be answered.
    async fn answer_interaction(&self, id: SecretHash, now: UnixTime, until: UnixTime) -> Result<bool, StoreError>;

    /// The scopes this person has allowed this client before.
    async fn consent(&self, key: ConsentKey) -> Result<Scope, StoreError>;

    /// Remembers what a person allowed, beside what was allowed before.
    async fn remember_consent(&self, key: ConsentKey, scope: Scope, now: UnixTime) -> Result<(), StoreError>;

    /// What a person has allowed whom, the newest first.
    async fn consents_of(&self, subject: &Subject) -> Result<Vec<Consent>, StoreError>;

    /// Forgets what a person allowed a client, ends every grant they gave it, and has it hear of that, in one step.
    async fn withdraw_consent(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError>;

    /// Stores a grant and the code that stands for it, in one step, if the session and the consent that they come from are still
    /// there: whoever ends one of these meanwhile ends them as well.
    async fn add_code(
        &self,
        grant: Grant,
        code: Code,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError>;

    /// Uses a code, once. "If an authorization code is used more than once, the authorization server MUST deny the
    /// request and SHOULD revoke all tokens previously issued based on that code" (RFC 6749 §4.1.2): a second use ends
    /// the grant in the same step.
    async fn use_code(&self, code: SecretHash, client_id: &ClientId, now: UnixTime) -> Result<CodeUse, StoreError>;

    /// Keeps a device authorization until a person has answered and the device has come for the answer. Others make room for it
    /// where there are too many. Whether it is kept: not when its user code is another's.
    async fn open_device_authorization(
        &self,
        device: DeviceAuthorization,
        room: DeviceRoom,
    ) -> Result<bool, StoreError>;

    /// Gives up a batch of those that are more than `most` in all: first those that nobody has answered.
    async fn trim_device_authorizations(&self, most: u32) -> Result<(), StoreError>;

    /// The device authorization that a person names by its user code; for a while after it is over as well.
    async fn device_authorization(&self, user_code: SecretHash) -> Result<Option<DeviceAuthorization>, StoreError>;

    /// Notes that a person allows a device what `grant` says, once, and remembers that, in one step. Whether it counts: not when it
    /// is over, or was answered by somebody else or otherwise, nor when the session in which they allow it has ended meanwhile.
    async fn allow_device(
        &self,
        user_code: SecretHash,
        grant: Grant,
        allowed_in: SecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError>;

    /// Notes that a person refuses a device, once. Whether it counts, as for [`Store::allow_device`].
    async fn deny_device(&self, user_code: SecretHash, subject: &Subject, now: UnixTime) -> Result<bool, StoreError>;

    /// Asks for what was answered. What was granted is handed out once, in one conditional write (RFC 8628 §3.5).
    async fn poll_device(
        &self,
        device_code: SecretHash,
        client_id: &ClientId,
        now: UnixTime,
    ) -> Result<DevicePoll, StoreError>;

    /// Stores a grant for which no code stands, as its access tokens go out at once, and which comes from no browser's session.
    async fn add_grant(&self, grant: Grant) -> Result<(), StoreError>;

    /// Does as [`Store::add_code`] with a grant for which no code stands.
    async fn add_grant_of_session(
        &self,
        grant: Grant,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError>;

    /// Begins a family of refresh tokens, and stores its grant unless a code stood for it before. If that grant has ended
    /// meanwhile, the family is over from the start.
    async fn add_refresh_family(&self, grant: Grant, family: RefreshFamily) -> Result<(), StoreError>;

    /// The family of this name, unless it is over at `now`.
    async fn refresh_family(&self, id: SecretHash, now: UnixTime)
    -> Result<Option<(Grant, RefreshFamily)>, StoreError>;

    /// Uses a refresh token. The good one of its family is exchanged for its successor in one conditional write; any
    /// other of that family ends the family in the same step, unless it is the one just used. Where the family is bound to a key
    /// that was not shown, nothing happens at all: no thief's try is taken for a replay.
    ///
    /// It answers as soon as that is decided, so that tokens can be signed while the disk is waited for.
    async fn use_refresh_token(&self, usage: RefreshUse) -> Result<Pending<RefreshOutcome>, StoreError>;

    /// Ends a grant, and with it every code and refresh token that stands for it. In the same step, as whenever a grant
    /// ends, it is put on the list of what was revoked, until its last access token has expired.
    async fn end_grant(&self, id: String, now: UnixTime) -> Result<(), StoreError>;

    /// Where a person is signed in, the newest sign-in first.
    async fn sessions_of(&self, subject: &Subject, now: UnixTime) -> Result<Vec<Session>, StoreError>;

    /// Which refresh tokens stand for a person, the one used last first.
    async fn refresh_families_of(
        &self,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<Vec<(Grant, RefreshFamily)>, StoreError>;

    /// Ends the session that is called `sid`, if it is this person's, and every grant that came from it, in one step.
    async fn sign_out_of_session(&self, subject: &Subject, sid: &str, now: UnixTime) -> Result<(), StoreError>;

    /// Ends every grant this person gave a client, and has it hear of that, in one step.
    async fn end_grants_to(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError>;

    /// Ends a grant if it is this person's, and has the client hear of that, in one step. Whether there was one to end.
    async fn end_grant_of(&self, subject: &Subject, id: &str, now: UnixTime) -> Result<bool, StoreError>;

    /// Ends every session and every grant of a person, in one step. What there was to end.
    async fn sign_out_everywhere(&self, subject: &Subject, now: UnixTime) -> Result<SignedOut, StoreError>;

    /// Notes that a client has an ID token of a session, so that it hears when that ends by anything but time: whoever ends a
    /// session puts that down in the same step. Where it has ended already, the client hears soon.
    async fn note_logged_in_rp(&self, rp: LoggedInRp, now: UnixTime) -> Result<(), StoreError>;

    /// Clients that are to hear now that a session is over, those that wait longest first. Each is put off by the pause that
    /// follows this try, in the same step, so that nobody else tries at once, and somebody does if this process dies.
    async fn take_due_logouts(&self, now: UnixTime, most: u32) -> Result<Vec<DueLogout>, StoreError>;

    /// Forgets one that has heard, or will not hear any more.
    async fn remove_logout(&self, due: &DueLogout) -> Result<(), StoreError>;

    /// Puts an access token's `jti` on the list of what was revoked, until the token expires.
    async fn revoke_access_token(&self, jti: String, expires_at: UnixTime) -> Result<(), StoreError>;

    /// Whether an access token is on the list, by itself or by its grant.
    async fn is_revoked(&self, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError>;

    /// What was put on the list of what was revoked, or lasts longer there, since the look that brought `mark`. All of it without
    /// one, and where the store has gone back behind it, as one does that was restored from a copy.
    async fn revoked(&self, mark: Option<RevokedMark>) -> Result<RevokedRead, StoreError>;

    /// What a clock says that is the store's own, where it has one beside the machine's.
    async fn time(&self) -> Result<Option<UnixTime>, StoreError>;

    /// Writes something small, as durably as everything else: whether that can be.
    async fn try_to_write(&self, now: UnixTime) -> Result<(), StoreError>;

    /// Removes a batch of rows that are over; whether there may be more.
    async fn sweep(&self, now: UnixTime) -> Result<bool, StoreError>;
}

/// The most rows a page of the issuer's lists.
const LONGEST_LIST: u32 = 200;

/// Rows per table and sweep: small enough that a sign-in never waits for it.
const SWEEP_BATCH: u32 = 200;

/// Interactions or device authorizations that are given up at once where there are too many in all.
const TRIM_BATCH: u32 = 1000;

/// A used code is kept this long past its expiry, so that a replay is recognised as one; a device's, so that it is told that it
/// came too late.
const REPLAY_MEMORY: Duration = Duration::from_secs(10 * 60);

/// The store cannot answer. What was asked for did not happen, or is not known to have happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(String),
    /// A row holds what this version cannot read.
    #[error("the database holds a {0} this version cannot read")]
    Unreadable(&'static str),
    /// The database was written by a newer version.
    #[error("the database has schema {found}, and this version knows {known}: a newer version wrote it")]
    Newer {
        /// What the file says.
        found: i64,
        /// What this version knows.
        known: i64,
    },
    /// The server of the database is too old.
    #[error("PostgreSQL {0} is too old: version 13 or a newer one is needed")]
    OldServer(String),
    /// The store has been closed.
    #[error("the database is closed")]
    Closed,
}

/// The stored thumbprint of a key, read back.
pub(crate) fn thumbprint(text: Option<&str>) -> Result<Option<JwkThumbprint>, StoreError> {
    text.map(|text| JwkThumbprint::parse(text).ok_or(StoreError::Unreadable("thumbprint"))).transpose()
}

/// The stored name of an algorithm, read back.
pub(crate) fn algorithm_named(name: &str) -> Result<Algorithm, StoreError> {
    Algorithm::from_name(name).ok_or(StoreError::Unreadable("signing algorithm"))
}

//! The store in one SQLite file: no set-up, and durable before the answer leaves.
//!
//! One thread writes, so that no write waits for a lock; those that wait meanwhile share one transaction, and each is
//! answered after its commit. Reads run beside it on connections of their own (WAL).

mod codes;
mod connections;
mod devices;
mod file;
mod grants;
mod interactions;
mod keys;
mod logged_in_rps;
mod passwords;
mod refresh;
mod revocations;
mod row;
mod schema;
mod sessions;

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use rusqlite::Connection;

use self::connections::Connections;
use self::file::File;
use super::{
    Code, CodeUse, Consent, ConsentKey, ConsentUse, DeviceAuthorization, DevicePoll, DeviceRoom, DueLogout, Grant,
    Interaction, LONGEST_LIST, LoggedInRp, Overtaken, Pending, RefreshFamily, RefreshOutcome, RefreshUse, RevokedMark,
    RevokedRead, Room, Session, SignedOut, Store, StoreError, StoredKey,
};
use crate::secret::SecretHash;

/// A store in one SQLite file, or in memory.
pub struct SqliteStore {
    connections: Connections,
    /// None when it is in memory.
    file: Option<File>,
}

impl SqliteStore {
    /// Opens or creates a file, readable by its owner alone, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened or a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path == Path::new(":memory:") {
            return Self::in_memory();
        }
        file::make_private(path)?;
        let mut writer = Connection::open(path)?;
        schema::prepare(&mut writer)?;
        let readers: Result<Vec<_>, _> = (0..READERS).map(|_| schema::reader(path)).collect();
        Ok(Self { connections: Connections::start(writer, readers?)?, file: Some(File::at(path)?) })
    }

    /// A store that is gone when it is dropped.
    ///
    /// # Errors
    /// When SQLite cannot be started.
    pub fn in_memory() -> Result<Self, StoreError> {
        let mut writer = Connection::open_in_memory()?;
        schema::prepare(&mut writer)?;
        // A database in memory belongs to its connection: the writer reads, too.
        Ok(Self { connections: Connections::start(writer, Vec::new())?, file: None })
    }

    async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.connections.write(step).await
    }

    async fn read<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.connections.read(step).await
    }
}

/// Enough to use a small machine's cores; reads take microseconds.
const READERS: usize = 4;

#[async_trait]
impl Store for SqliteStore {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        // Asked for every second, and by whoever wants to know how the store is.
        self.file.as_ref().map_or(Ok(()), File::is_there)?;
        self.read(keys::all).await
    }

    async fn add_signing_key(&self, key: StoredKey, unless_after: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| keys::add(db, &key, unless_after)).await
    }

    async fn remove_signing_key(&self, kid: &str) -> Result<(), StoreError> {
        let kid = kid.to_owned();
        self.write(move |db| keys::remove(db, &kid)).await
    }

    async fn note_passwords(&self, passwords: Vec<(Subject, SecretHash)>, now: UnixTime) -> Result<u64, StoreError> {
        self.write(move |db| passwords::note(db, &passwords, now)).await
    }

    async fn noted_password(&self, subject: &Subject) -> Result<Option<SecretHash>, StoreError> {
        let subject = subject.clone();
        self.read(move |db| passwords::noted(db, &subject)).await
    }

    async fn start_session(&self, session: Session, replaces: Option<SecretHash>) -> Result<(), StoreError> {
        self.write(move |db| sessions::start(db, &session, replaces)).await
    }

    async fn session(&self, id: SecretHash, now: UnixTime) -> Result<Option<Session>, StoreError> {
        self.read(move |db| sessions::find(db, id, now)).await
    }

    async fn extend_session(&self, id: SecretHash, now: UnixTime, idle_until: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| sessions::extend(db, id, now, idle_until)).await
    }

    async fn end_session(&self, id: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
        self.write(move |db| sessions::end(db, id, now)).await
    }

    async fn end_session_called(&self, sid: &str, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        let (sid, subject) = (sid.to_owned(), subject.clone());
        self.write(move |db| {
            grants::end_with_session(db, &subject, &sid, now)?;
            sessions::end_called(db, &sid, &subject)
        })
        .await
    }

    async fn end_every_session(&self) -> Result<(), StoreError> {
        self.write(sessions::end_every).await
    }

    async fn open_interaction(&self, interaction: Interaction, room: Room) -> Result<(), StoreError> {
        self.write(move |db| interactions::open(db, &interaction, room)).await
    }

    async fn note_shown(&self, id: SecretHash) -> Result<(), StoreError> {
        self.write(move |db| interactions::note_shown(db, id)).await
    }

    async fn salt_interaction(
        &self,
        id: SecretHash,
        salt: [u8; 32],
        now: UnixTime,
        again_since: UnixTime,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        self.write(move |db| interactions::salt(db, id, salt, now, again_since)).await
    }

    async fn trim_interactions(&self, most: u32) -> Result<(), StoreError> {
        self.write(move |db| interactions::trim(db, most)).await
    }

    async fn interaction(
        &self,
        id: SecretHash,
        browser: SecretHash,
        now: UnixTime,
    ) -> Result<Option<Interaction>, StoreError> {
        self.read(move |db| interactions::find(db, id, browser, now)).await
    }

    async fn answer_interaction(&self, id: SecretHash, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
        self.write(move |db| interactions::answer(db, id, now, until)).await
    }

    async fn consent(&self, key: ConsentKey) -> Result<Scope, StoreError> {
        self.read(move |db| interactions::consent(db, &key)).await
    }

    async fn remember_consent(&self, key: ConsentKey, scope: Scope, now: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| interactions::remember_consent(db, &key, &scope, now)).await
    }

    async fn consents_of(&self, subject: &Subject) -> Result<Vec<Consent>, StoreError> {
        let subject = subject.clone();
        self.read(move |db| interactions::consents_of(db, &subject)).await
    }

    async fn withdraw_consent(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError> {
        let (subject, client_id) = (subject.clone(), client_id.clone());
        self.write(move |db| {
            interactions::forget_consent(db, &subject, &client_id)?;
            end_at_client(db, &subject, &client_id, now)
        })
        .await
    }

    async fn add_code(
        &self,
        grant: Grant,
        code: Code,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError> {
        self.write(move |db| codes::add(db, &grant, &code, consent)).await
    }

    async fn use_code(&self, code: SecretHash, client_id: &ClientId, now: UnixTime) -> Result<CodeUse, StoreError> {
        let client_id = client_id.clone();
        self.write(move |db| codes::redeem(db, code, &client_id, now)).await
    }

    async fn open_device_authorization(
        &self,
        device: DeviceAuthorization,
        room: DeviceRoom,
    ) -> Result<bool, StoreError> {
        self.write(move |db| devices::open(db, &device, room)).await
    }

    async fn trim_device_authorizations(&self, most: u32) -> Result<(), StoreError> {
        self.write(move |db| devices::trim(db, most)).await
    }

    async fn device_authorization(&self, user_code: SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
        self.read(move |db| devices::find(db, user_code)).await
    }

    async fn allow_device(
        &self,
        user_code: SecretHash,
        grant: Grant,
        allowed_in: SecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        self.write(move |db| devices::allow(db, user_code, &grant, allowed_in, now)).await
    }

    async fn deny_device(&self, user_code: SecretHash, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        let subject = subject.clone();
        self.write(move |db| devices::answer(db, user_code, &subject, None, now)).await
    }

    async fn poll_device(
        &self,
        device_code: SecretHash,
        client_id: &ClientId,
        now: UnixTime,
    ) -> Result<DevicePoll, StoreError> {
        let client_id = client_id.clone();
        self.write(move |db| devices::poll(db, device_code, &client_id, now)).await
    }

    async fn add_grant(&self, grant: Grant) -> Result<(), StoreError> {
        self.write(move |db| grants::add(db, &grant, grant.tokens_until)).await
    }

    async fn add_grant_of_session(
        &self,
        grant: Grant,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError> {
        self.write(move |db| grants::add_of_session(db, &grant, grant.tokens_until, consent)).await
    }

    async fn add_refresh_family(&self, grant: Grant, family: RefreshFamily) -> Result<(), StoreError> {
        self.write(move |db| refresh::add(db, &grant, &family)).await
    }

    async fn refresh_family(
        &self,
        id: SecretHash,
        now: UnixTime,
    ) -> Result<Option<(Grant, RefreshFamily)>, StoreError> {
        self.read(move |db| refresh::find(db, id, now)).await
    }

    async fn use_refresh_token(&self, usage: RefreshUse) -> Result<Pending<RefreshOutcome>, StoreError> {
        self.connections.decide(move |db| refresh::present(db, &usage)).await
    }

    async fn end_grant(&self, id: String, now: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| grants::end(db, &id, now)).await
    }

    async fn sessions_of(&self, subject: &Subject, now: UnixTime) -> Result<Vec<Session>, StoreError> {
        let subject = subject.clone();
        self.read(move |db| sessions::of_person(db, &subject, now)).await
    }

    async fn refresh_families_of(
        &self,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<Vec<(Grant, RefreshFamily)>, StoreError> {
        let subject = subject.clone();
        self.read(move |db| refresh::of_person(db, &subject, now)).await
    }

    async fn sign_out_of_session(&self, subject: &Subject, sid: &str, now: UnixTime) -> Result<(), StoreError> {
        let (subject, sid) = (subject.clone(), sid.to_owned());
        self.write(move |db| {
            sessions::end_called(db, &sid, &subject)?;
            grants::end_of_session(db, &subject, &sid, now)
        })
        .await
    }

    async fn end_grants_to(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError> {
        let (subject, client_id) = (subject.clone(), client_id.clone());
        self.write(move |db| end_at_client(db, &subject, &client_id, now)).await
    }

    async fn end_grant_of(&self, subject: &Subject, id: &str, now: UnixTime) -> Result<bool, StoreError> {
        let (subject, id) = (subject.clone(), id.to_owned());
        self.write(move |db| {
            let has_ended = grants::end_own(db, &id, &subject, now)?;
            if has_ended {
                logged_in_rps::end_with_grant(db, &id)?;
            }
            Ok(has_ended)
        })
        .await
    }

    async fn sign_out_everywhere(&self, subject: &Subject, now: UnixTime) -> Result<SignedOut, StoreError> {
        let subject = subject.clone();
        self.write(move |db| {
            let signed_out = SignedOut {
                sessions: sessions::count(db, &subject, now)?,
                refresh_tokens: refresh::count(db, &subject, now)?,
            };
            sessions::end_all(db, &subject)?;
            grants::end_all(db, &subject, now)?;
            Ok(signed_out)
        })
        .await
    }

    async fn note_logged_in_rp(&self, rp: LoggedInRp, now: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| logged_in_rps::add(db, &rp, now)).await
    }

    async fn take_due_logouts(&self, now: UnixTime, most: u32) -> Result<Vec<DueLogout>, StoreError> {
        // Mostly there are none, and a write would have the disk flushed.
        if !self.read(move |db| logged_in_rps::are_due(db, now)).await? {
            return Ok(Vec::new());
        }
        self.write(move |db| logged_in_rps::take_due(db, now, most)).await
    }

    async fn remove_logout(&self, due: &DueLogout) -> Result<(), StoreError> {
        let due = due.clone();
        self.write(move |db| logged_in_rps::remove(db, &due)).await
    }

    async fn revoke_access_token(&self, jti: String, expires_at: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| revocations::add(db, &jti, expires_at)).await
    }

    async fn is_revoked(&self, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError> {
        let (jti, grant_id) = (jti.to_owned(), grant_id.map(str::to_owned));
        self.read(move |db| revocations::names(db, &jti, grant_id.as_deref())).await
    }

    async fn revoked(&self, mark: Option<RevokedMark>) -> Result<RevokedRead, StoreError> {
        self.read(move |db| revocations::read(db, mark.as_ref())).await
    }

    async fn time(&self) -> Result<Option<UnixTime>, StoreError> {
        Ok(None)
    }

    async fn try_to_write(&self, now: UnixTime) -> Result<(), StoreError> {
        self.write(move |db| schema::try_to_write(db, now)).await
    }

    async fn sweep(&self, now: UnixTime) -> Result<bool, StoreError> {
        self.write(move |db| schema::sweep(db, now)).await
    }
}

/// What this person has at this client, and what the client has of them.
fn end_at_client(db: &Connection, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError> {
    logged_in_rps::end_at_client(db, subject, client_id)?;
    grants::end_to_client(db, subject, client_id, now)
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // SQLite's own message names tables and columns, never values.
        Self::Database(error.to_string())
    }
}

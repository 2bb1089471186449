//! The store in a PostgreSQL database: what several issuers share, and so how they become more than one machine.
//!
//! Every step is one statement (two where a refusal has to be told from a replay), committed before it is answered. Rows
//! decide between issuers as they do between requests: whoever changes the row has won.

mod codes;
mod connections;
mod devices;
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
mod tls;

use std::fmt;

use async_trait::async_trait;
use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;

use self::connections::Connections;
use super::{
    Code, CodeUse, Consent, ConsentKey, ConsentUse, DeviceAuthorization, DevicePoll, DeviceRoom, DueLogout, Grant,
    Interaction, LONGEST_LIST, LoggedInRp, Overtaken, Pending, RefreshFamily, RefreshOutcome, RefreshUse, RevokedMark,
    RevokedRead, Room, Session, SignedOut, Store, StoreError, StoredKey,
};
use crate::config::DatabaseUrl;
use crate::secret::SecretHash;

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    connections: Connections,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or used, or a newer version wrote it.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let connections = Connections::to(url)?;
        schema::prepare(&connections).await?;
        Ok(Self { connections })
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        keys::all(&self.connections).await
    }

    async fn add_signing_key(&self, key: StoredKey, unless_after: UnixTime) -> Result<(), StoreError> {
        keys::add(&self.connections, &key, unless_after).await
    }

    async fn remove_signing_key(&self, kid: &str) -> Result<(), StoreError> {
        keys::remove(&self.connections, kid).await
    }

    async fn note_passwords(&self, passwords: Vec<(Subject, SecretHash)>, now: UnixTime) -> Result<u64, StoreError> {
        passwords::note(&self.connections, &passwords, now).await
    }

    async fn noted_password(&self, subject: &Subject) -> Result<Option<SecretHash>, StoreError> {
        passwords::noted(&self.connections, subject).await
    }

    async fn start_session(&self, session: Session, replaces: Option<SecretHash>) -> Result<(), StoreError> {
        sessions::start(&self.connections, &session, replaces).await
    }

    async fn session(&self, id: SecretHash, now: UnixTime) -> Result<Option<Session>, StoreError> {
        sessions::find(&self.connections, id, now).await
    }

    async fn extend_session(&self, id: SecretHash, now: UnixTime, idle_until: UnixTime) -> Result<(), StoreError> {
        sessions::extend(&self.connections, id, now, idle_until).await
    }

    async fn end_session(&self, id: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
        sessions::end(&self.connections, id, now).await
    }

    async fn end_session_called(&self, sid: &str, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        sessions::end_called(&self.connections, sid, subject, now).await
    }

    async fn end_every_session(&self) -> Result<(), StoreError> {
        sessions::end_every(&self.connections).await
    }

    async fn open_interaction(&self, interaction: Interaction, room: Room) -> Result<(), StoreError> {
        interactions::open(&self.connections, &interaction, room).await
    }

    async fn note_shown(&self, id: SecretHash) -> Result<(), StoreError> {
        interactions::note_shown(&self.connections, id).await
    }

    async fn salt_interaction(
        &self,
        id: SecretHash,
        salt: [u8; 32],
        now: UnixTime,
        again_since: UnixTime,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        interactions::salt(&self.connections, id, salt, now, again_since).await
    }

    async fn trim_interactions(&self, most: u32) -> Result<(), StoreError> {
        interactions::trim(&self.connections, most).await
    }

    async fn interaction(
        &self,
        id: SecretHash,
        browser: SecretHash,
        now: UnixTime,
    ) -> Result<Option<Interaction>, StoreError> {
        interactions::find(&self.connections, id, browser, now).await
    }

    async fn answer_interaction(&self, id: SecretHash, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
        interactions::answer(&self.connections, id, now, until).await
    }

    async fn consent(&self, key: ConsentKey) -> Result<Scope, StoreError> {
        interactions::consent(&self.connections, &key).await
    }

    async fn remember_consent(&self, key: ConsentKey, scope: Scope, now: UnixTime) -> Result<(), StoreError> {
        interactions::remember_consent(&self.connections, &key, &scope, now).await
    }

    async fn consents_of(&self, subject: &Subject) -> Result<Vec<Consent>, StoreError> {
        interactions::consents_of(&self.connections, subject).await
    }

    async fn withdraw_consent(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError> {
        interactions::withdraw_consent(&self.connections, subject, client_id, now).await
    }

    async fn add_code(
        &self,
        grant: Grant,
        code: Code,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError> {
        codes::add(&self.connections, &grant, &code, consent).await
    }

    async fn use_code(&self, code: SecretHash, client_id: &ClientId, now: UnixTime) -> Result<CodeUse, StoreError> {
        codes::redeem(&self.connections, code, client_id, now).await
    }

    async fn open_device_authorization(
        &self,
        device: DeviceAuthorization,
        room: DeviceRoom,
    ) -> Result<bool, StoreError> {
        devices::open(&self.connections, &device, room).await
    }

    async fn trim_device_authorizations(&self, most: u32) -> Result<(), StoreError> {
        devices::trim(&self.connections, most).await
    }

    async fn device_authorization(&self, user_code: SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
        devices::find(&self.connections, user_code).await
    }

    async fn allow_device(
        &self,
        user_code: SecretHash,
        grant: Grant,
        allowed_in: SecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        devices::allow(&self.connections, user_code, &grant, allowed_in, now).await
    }

    async fn deny_device(&self, user_code: SecretHash, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        devices::deny(&self.connections, user_code, subject, now).await
    }

    async fn poll_device(
        &self,
        device_code: SecretHash,
        client_id: &ClientId,
        now: UnixTime,
    ) -> Result<DevicePoll, StoreError> {
        devices::poll(&self.connections, device_code, client_id, now).await
    }

    async fn add_grant(&self, grant: Grant) -> Result<(), StoreError> {
        grants::add(&self.connections, &grant).await
    }

    async fn add_grant_of_session(
        &self,
        grant: Grant,
        consent: ConsentUse,
    ) -> Result<Result<(), Overtaken>, StoreError> {
        grants::add_of_session(&self.connections, &grant, consent).await
    }

    async fn add_refresh_family(&self, grant: Grant, family: RefreshFamily) -> Result<(), StoreError> {
        refresh::add(&self.connections, &grant, &family).await
    }

    async fn refresh_family(
        &self,
        id: SecretHash,
        now: UnixTime,
    ) -> Result<Option<(Grant, RefreshFamily)>, StoreError> {
        refresh::find(&self.connections, id, now).await
    }

    async fn use_refresh_token(&self, usage: RefreshUse) -> Result<Pending<RefreshOutcome>, StoreError> {
        refresh::present(&self.connections, &usage).await.map(Pending::lasting)
    }

    async fn end_grant(&self, id: String, now: UnixTime) -> Result<(), StoreError> {
        grants::end(&self.connections, &id, now).await
    }

    async fn sessions_of(&self, subject: &Subject, now: UnixTime) -> Result<Vec<Session>, StoreError> {
        sessions::of_person(&self.connections, subject, now).await
    }

    async fn refresh_families_of(
        &self,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<Vec<(Grant, RefreshFamily)>, StoreError> {
        refresh::of_person(&self.connections, subject, now).await
    }

    async fn sign_out_of_session(&self, subject: &Subject, sid: &str, now: UnixTime) -> Result<(), StoreError> {
        sessions::end_with_grants(&self.connections, subject, sid, now).await
    }

    async fn end_grants_to(&self, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Result<(), StoreError> {
        grants::end_to_client(&self.connections, subject, client_id, now).await
    }

    async fn end_grant_of(&self, subject: &Subject, id: &str, now: UnixTime) -> Result<bool, StoreError> {
        grants::end_own(&self.connections, id, subject, now).await
    }

    async fn sign_out_everywhere(&self, subject: &Subject, now: UnixTime) -> Result<SignedOut, StoreError> {
        sessions::end_all_with_grants(&self.connections, subject, now).await
    }

    async fn note_logged_in_rp(&self, rp: LoggedInRp, now: UnixTime) -> Result<(), StoreError> {
        logged_in_rps::add(&self.connections, &rp, now).await
    }

    async fn take_due_logouts(&self, now: UnixTime, most: u32) -> Result<Vec<DueLogout>, StoreError> {
        logged_in_rps::take_due(&self.connections, now, most).await
    }

    async fn remove_logout(&self, due: &DueLogout) -> Result<(), StoreError> {
        logged_in_rps::remove(&self.connections, due).await
    }

    async fn revoke_access_token(&self, jti: String, expires_at: UnixTime) -> Result<(), StoreError> {
        revocations::add(&self.connections, &jti, expires_at).await
    }

    async fn is_revoked(&self, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError> {
        revocations::names(&self.connections, jti, grant_id).await
    }

    async fn revoked(&self, mark: Option<RevokedMark>) -> Result<RevokedRead, StoreError> {
        revocations::read(&self.connections, mark.as_ref()).await
    }

    async fn time(&self) -> Result<Option<UnixTime>, StoreError> {
        schema::time(&self.connections).await.map(Some)
    }

    async fn try_to_write(&self, now: UnixTime) -> Result<(), StoreError> {
        schema::try_to_write(&self.connections, now).await
    }

    async fn sweep(&self, now: UnixTime) -> Result<bool, StoreError> {
        schema::sweep(&self.connections, now).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

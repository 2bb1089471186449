//! Devices that wait for a person (RFC 8628).

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::{grants, row};
use crate::secret::SecretHash;
use crate::store::device::{SLOWED_BY, Unredeemed};
use crate::store::{DeviceAuthorization, DevicePoll, DeviceRoom, Grant, StoreError, TRIM_BATCH};

pub(super) async fn open(db: &Connections, device: &DeviceAuthorization, room: DeviceRoom) -> Result<bool, StoreError> {
    let sql = "WITH given_up AS
                   (DELETE FROM device_authorization WHERE device_code = ANY (ARRAY
                       (SELECT device_code FROM device_authorization WHERE device_code = ANY
                           (ARRAY (SELECT device_code FROM device_authorization WHERE address = $3
                                   ORDER BY answered_at IS NOT NULL DESC, created_at DESC OFFSET $10))
                        FOR UPDATE SKIP LOCKED)))
               INSERT INTO device_authorization
                   (device_code, user_code, address, client_id, scope, audience, poll_interval, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1";
    let values = [
        &device.device_code.as_bytes() as _,
        &device.user_code.as_bytes() as _,
        &room.address.as_bytes() as _,
        &device.client_id.as_str() as _,
        &device.scope.to_string() as _,
        &device.audience as _,
        &row::millis(device.interval) as _,
        &device.created_at.as_millis() as _,
        &device.expires_at.as_millis() as _,
        &i64::from(room.per_address.saturating_sub(1)) as _,
    ];
    Ok(db.row(sql, &values).await?.is_some())
}

pub(super) async fn trim(db: &Connections, most: u32) -> Result<(), StoreError> {
    let sql = "DELETE FROM device_authorization WHERE device_code = ANY (ARRAY
                   (SELECT device_code FROM device_authorization WHERE device_code = ANY (ARRAY
                       (SELECT device_code FROM device_authorization
                        ORDER BY answered_at IS NOT NULL DESC, created_at DESC LIMIT $1 OFFSET $2))
                    FOR UPDATE SKIP LOCKED))";
    db.rows(sql, &[&i64::from(TRIM_BATCH), &i64::from(most)]).await?;
    Ok(())
}

pub(super) async fn find(db: &Connections, user_code: SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
    let sql =
        "SELECT device_code, user_code, client_id, scope, audience, poll_interval, created_at, expires_at, answered_at
               FROM device_authorization WHERE user_code = $1";
    db.row(sql, &[&user_code.as_bytes()]).await?.as_ref().map(read).transpose()
}

pub(super) async fn allow(
    db: &Connections,
    user_code: SecretHash,
    grant: &Grant,
    allowed_in: SecretHash,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let sql = "WITH there_is_session AS (SELECT 1 FROM session WHERE id = $14 AND subject = $3 FOR KEY SHARE),
               answered AS
                   (UPDATE device_authorization SET answered_at = $13, answered_by = $3, grant_id = $1 FROM there_is_session
                    WHERE user_code = $12 AND answered_at IS NULL AND expires_at > $13 RETURNING 1),
               consented AS
                   (INSERT INTO consent (subject, client_id, audience, scope, granted_at)
                    SELECT $3, $2, coalesce($7, ''), word, $10 FROM answered, unnest($15::text[]) AS word ORDER BY word
                    ON CONFLICT (subject, client_id, audience, scope) DO UPDATE SET granted_at = consent.granted_at)
               INSERT INTO grants (id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at,
                   granted_until, keep_until)
               SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11 FROM answered RETURNING 1";
    let words: Vec<&str> = grant.scope.words().collect();
    let values = [
        &grant.id as _,
        &grant.client_id.as_str() as _,
        &grant.subject.as_str() as _,
        &grant.sid as _,
        &grant.device as _,
        &grant.scope.to_string() as _,
        &grant.audience as _,
        &grant.password.as_ref().map(SecretHash::as_bytes) as _,
        &grant.auth_time.as_millis() as _,
        &grant.created_at.as_millis() as _,
        &grant.tokens_until.as_millis() as _,
        &user_code.as_bytes() as _,
        &now.as_millis() as _,
        &allowed_in.as_bytes() as _,
        &words as _,
    ];
    Ok(db.row(sql, &values).await?.is_some() || was_answered_so(db, user_code, &grant.subject, true).await?)
}

pub(super) async fn deny(
    db: &Connections,
    user_code: SecretHash,
    subject: &Subject,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let sql = "UPDATE device_authorization SET answered_at = $2, answered_by = $3
               WHERE user_code = $1 AND answered_at IS NULL AND expires_at > $2 RETURNING 1";
    let answered = db.row(sql, &[&user_code.as_bytes(), &now.as_millis(), &subject.as_str()]).await?;
    Ok(answered.is_some() || was_answered_so(db, user_code, subject, false).await?)
}

/// Whether this person gave the same answer before: who presses twice is told the same.
async fn was_answered_so(
    db: &Connections,
    user_code: SecretHash,
    subject: &Subject,
    is_allowed: bool,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM device_authorization
               WHERE user_code = $1 AND answered_by = $2 AND (grant_id IS NOT NULL) = $3";
    Ok(db.row(sql, &[&user_code.as_bytes(), &subject.as_str(), &is_allowed]).await?.is_some())
}

pub(super) async fn poll(
    db: &Connections,
    device_code: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<DevicePoll, StoreError> {
    // The decision is this one statement: whoever changes the row has the grant.
    let sql = "UPDATE device_authorization AS device SET used_at = $3 FROM grants
               WHERE device_code = $1 AND device.client_id = $2 AND used_at IS NULL AND expires_at > $3
                 AND grants.id = grant_id AND ended_at IS NULL
               RETURNING grant_id, grants.client_id, subject, sid, grants.device, grants.scope, grants.audience, password,
                   auth_time, granted_at, granted_until";
    let used = db.row(sql, &[&device_code.as_bytes(), &client_id.as_str(), &now.as_millis()]).await?;
    match used {
        Some(row) => Ok(DevicePoll::Granted(Box::new(grants::read(&row)?))),
        None => note_poll(db, device_code, client_id, now).await,
    }
}

/// What was answered between the statement before and this one is for the next poll.
async fn note_poll(
    db: &Connections,
    device_code: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<DevicePoll, StoreError> {
    let sql = "WITH before AS
                   (SELECT device_code, coalesce(polled_at + poll_interval > $3, false) AS is_too_fast
                    FROM device_authorization WHERE device_code = $1 AND client_id = $2 FOR UPDATE)
               UPDATE device_authorization AS device SET polled_at = $3,
                   poll_interval = poll_interval + CASE WHEN is_too_fast THEN $4::bigint ELSE 0 END
               FROM before WHERE device.device_code = before.device_code
               RETURNING is_too_fast, poll_interval, expires_at, used_at IS NOT NULL AS is_used,
                   answered_at IS NOT NULL AND (grant_id IS NULL
                       OR EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND ended_at IS NOT NULL)) AS is_denied";
    let values =
        [&device_code.as_bytes() as _, &client_id.as_str() as _, &now.as_millis() as _, &row::millis(SLOWED_BY) as _];
    match db.row(sql, &values).await? {
        Some(row) => Ok(read_unredeemed(&row)?.outcome(now)),
        None => Ok(DevicePoll::Refused),
    }
}

fn read_unredeemed(row: &Row) -> Result<Unredeemed, StoreError> {
    Ok(Unredeemed {
        is_too_fast: row.try_get("is_too_fast")?,
        interval: row::duration(row, "poll_interval")?,
        is_used: row.try_get("is_used")?,
        is_denied: row.try_get("is_denied")?,
        expires_at: row::time(row, "expires_at")?,
    })
}

fn read(row: &Row) -> Result<DeviceAuthorization, StoreError> {
    Ok(DeviceAuthorization {
        device_code: row::hash(row, "device_code")?,
        user_code: row::hash(row, "user_code")?,
        client_id: ClientId::new(row::text(row, "client_id")?),
        scope: Scope::parse(&row::text(row, "scope")?),
        audience: row.try_get("audience")?,
        interval: row::duration(row, "poll_interval")?,
        created_at: row::time(row, "created_at")?,
        expires_at: row::time(row, "expires_at")?,
        answered_at: row.try_get::<_, Option<i64>>("answered_at")?.map(UnixTime::from_millis),
    })
}

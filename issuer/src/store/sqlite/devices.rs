//! Devices that wait for a person (RFC 8628).

use std::time::Duration;

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::{grants, interactions, row};
use crate::secret::SecretHash;
use crate::store::device::{SLOWED_BY, Unredeemed};
use crate::store::{DeviceAuthorization, DevicePoll, DeviceRoom, Grant, StoreError, TRIM_BATCH};

pub(super) fn open(db: &Connection, device: &DeviceAuthorization, room: DeviceRoom) -> Result<bool, StoreError> {
    db.prepare_cached(
        "DELETE FROM device_authorization WHERE device_code IN
            (SELECT device_code FROM device_authorization WHERE address = ?1
             ORDER BY answered_at IS NOT NULL DESC, created_at DESC LIMIT -1 OFFSET ?2)",
    )?
    .execute(params![room.address.as_bytes(), room.per_address.saturating_sub(1)])?;
    let opened = db
        .prepare_cached(
            "INSERT INTO device_authorization
                 (device_code, user_code, address, client_id, scope, audience, poll_interval, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            device.device_code.as_bytes(),
            device.user_code.as_bytes(),
            room.address.as_bytes(),
            device.client_id.as_str(),
            device.scope.to_string(),
            device.audience,
            row::millis(device.interval),
            device.created_at.as_millis(),
            device.expires_at.as_millis(),
        ])?;
    Ok(opened > 0)
}

pub(super) fn trim(db: &Connection, most: u32) -> Result<(), StoreError> {
    db.prepare_cached(
        "DELETE FROM device_authorization WHERE device_code IN
            (SELECT device_code FROM device_authorization
             ORDER BY answered_at IS NOT NULL DESC, created_at DESC LIMIT ?1 OFFSET ?2)",
    )?
    .execute([TRIM_BATCH, most])?;
    Ok(())
}

pub(super) fn find(db: &Connection, user_code: SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
    db.prepare_cached(
        "SELECT device_code, user_code, client_id, scope, audience, poll_interval, created_at, expires_at, answered_at
         FROM device_authorization WHERE user_code = ?1",
    )?
    .query_row([user_code.as_bytes()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// In a session, if it is still there.
pub(super) fn allow(
    db: &Connection,
    user_code: SecretHash,
    grant: &Grant,
    allowed_in: SecretHash,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM session WHERE id = ?1 AND subject = ?2";
    if db.prepare_cached(sql)?.exists(params![allowed_in.as_bytes(), grant.subject.as_str()])? {
        return answer(db, user_code, &grant.subject, Some(grant), now);
    }
    was_answered_so(db, user_code, &grant.subject, true)
}

/// With a grant where the person allows it.
pub(super) fn answer(
    db: &Connection,
    user_code: SecretHash,
    subject: &Subject,
    grant: Option<&Grant>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let answered = db
        .prepare_cached(
            "UPDATE device_authorization SET answered_at = ?2, answered_by = ?3, grant_id = ?4
             WHERE user_code = ?1 AND answered_at IS NULL AND expires_at > ?2",
        )?
        .execute(params![user_code.as_bytes(), now.as_millis(), subject.as_str(), grant.map(|grant| &grant.id)])?;
    if answered == 0 {
        return was_answered_so(db, user_code, subject, grant.is_some());
    }
    if let Some(grant) = grant {
        interactions::remember_consent_to(db, grant)?;
        grants::add(db, grant, grant.tokens_until)?;
    }
    Ok(true)
}

/// Whether this person gave the same answer before: who presses twice is told the same.
fn was_answered_so(
    db: &Connection,
    user_code: SecretHash,
    subject: &Subject,
    is_allowed: bool,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM device_authorization
               WHERE user_code = ?1 AND answered_by = ?2 AND (grant_id IS NOT NULL) = ?3";
    Ok(db.prepare_cached(sql)?.exists(params![user_code.as_bytes(), subject.as_str(), is_allowed])?)
}

pub(super) fn poll(
    db: &Connection,
    device_code: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<DevicePoll, StoreError> {
    // The decision is this one statement: whoever changes the row has the grant.
    let used: Option<String> = db
        .prepare_cached(
            "UPDATE device_authorization SET used_at = :now
             WHERE device_code = :device_code AND client_id = :client AND used_at IS NULL AND expires_at > :now
               AND EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND ended_at IS NULL)
             RETURNING grant_id",
        )?
        .query_row(
            named_params! {
                ":device_code": device_code.as_bytes(), ":client": client_id.as_str(), ":now": now.as_millis(),
            },
            |row| row.get(0),
        )
        .optional()?;
    match used {
        Some(grant_id) => Ok(DevicePoll::Granted(Box::new(grants::find(db, &grant_id)?))),
        None => note_poll(db, device_code, client_id, now),
    }
}

fn note_poll(
    db: &Connection,
    device_code: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<DevicePoll, StoreError> {
    let is_too_fast: Option<bool> = db
        .prepare_cached(
            "SELECT coalesce(polled_at + poll_interval > ?3, false) FROM device_authorization
             WHERE device_code = ?1 AND client_id = ?2",
        )?
        .query_row(params![device_code.as_bytes(), client_id.as_str(), now.as_millis()], |row| row.get(0))
        .optional()?;
    let Some(is_too_fast) = is_too_fast else { return Ok(DevicePoll::Refused) };
    let slowed_by = if is_too_fast { SLOWED_BY } else { Duration::ZERO };
    let unredeemed = db
        .prepare_cached(
            "UPDATE device_authorization SET polled_at = ?2, poll_interval = poll_interval + ?3 WHERE device_code = ?1
             RETURNING poll_interval, expires_at, used_at IS NOT NULL AS is_used,
                 answered_at IS NOT NULL AND (grant_id IS NULL
                     OR EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND ended_at IS NOT NULL)) AS is_denied",
        )?
        .query_row(params![device_code.as_bytes(), now.as_millis(), row::millis(slowed_by)], |row| {
            Ok(read_unredeemed(row, is_too_fast))
        })??;
    Ok(unredeemed.outcome(now))
}

fn read_unredeemed(row: &Row<'_>, is_too_fast: bool) -> Result<Unredeemed, StoreError> {
    Ok(Unredeemed {
        is_too_fast,
        interval: row::duration(row, "poll_interval")?,
        is_used: row.get("is_used")?,
        is_denied: row.get("is_denied")?,
        expires_at: row::time(row, "expires_at")?,
    })
}

fn read(row: &Row<'_>) -> Result<DeviceAuthorization, StoreError> {
    Ok(DeviceAuthorization {
        device_code: row::hash(row, "device_code")?,
        user_code: row::hash(row, "user_code")?,
        client_id: ClientId::new(row::text(row, "client_id")?),
        scope: Scope::parse(&row::text(row, "scope")?),
        audience: row.get("audience")?,
        interval: row::duration(row, "poll_interval")?,
        created_at: row::time(row, "created_at")?,
        expires_at: row::time(row, "expires_at")?,
        answered_at: row.get::<_, Option<i64>>("answered_at")?.map(UnixTime::from_millis),
    })
}

//! What was revoked before its time: a list that stays short, because each entry goes when the tokens it names have expired.
//! Grants come onto it by a trigger of the schema, however they end.

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, Row, params};

use super::row;
use crate::store::{RevokedMark, RevokedRead, StoreError};

pub(super) fn add(db: &Connection, jti: &str, expires_at: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO revoked (kind, id, expires_at) VALUES ('jti', ?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![jti, expires_at.as_millis()])?;
    Ok(())
}

pub(super) fn names(db: &Connection, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError> {
    let named = db
        .prepare_cached("SELECT 1 FROM revoked WHERE (kind = 'jti' AND id = ?1) OR (kind = 'grant_id' AND id = ?2)")?
        .exists(params![jti, grant_id])?;
    Ok(named)
}

/// One thread of one process writes at a time, so a row that is committed later has a higher number.
pub(super) fn read(db: &Connection, mark: Option<&RevokedMark>) -> Result<RevokedRead, StoreError> {
    let highest = db
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'revoked'")?
        .query_row([], |row| row.get(0))?;
    let known = match mark {
        Some(RevokedMark::Row(number)) if *number <= highest => Some(*number),
        _ => None,
    };
    let mut last = highest;
    let entries = db
        .prepare_cached("SELECT number, kind, id, expires_at FROM revoked WHERE number > ?1")?
        .query_and_then([known.unwrap_or_default()], |row| {
            // It may have been written since the highest number was asked for.
            last = last.max(row.get("number")?);
            entry(row)
        })?
        .collect::<Result<_, _>>()?;
    Ok(RevokedRead { entries, is_whole: known.is_none(), mark: RevokedMark::Row(last) })
}

fn entry(row: &Row<'_>) -> Result<RevokedEntry, StoreError> {
    let id = row::text(row, "id")?;
    let what = match row::text(row, "kind")?.as_str() {
        "jti" => Revoked::AccessToken(id),
        "grant_id" => Revoked::Grant(id),
        _ => return Err(StoreError::Unreadable("kind of revocation")),
    };
    Ok(RevokedEntry { what, exp: row::time(row, "expires_at")?.as_seconds() })
}

//! What was revoked before its time: a list that stays short, because each entry goes when the tokens it names have expired.
//! Grants come onto it by a trigger of the schema, however they end.

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, params};

use super::row;
use crate::store::StoreError;

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

pub(super) fn all(db: &Connection, after: UnixTime) -> Result<Vec<RevokedEntry>, StoreError> {
    db.prepare_cached("SELECT kind, id, expires_at FROM revoked WHERE expires_at > ?1 ORDER BY expires_at, id")?
        .query_and_then([after.as_millis()], |row| {
            let id = row::text(row, "id")?;
            let what = match row::text(row, "kind")?.as_str() {
                "jti" => Revoked::AccessToken(id),
                "grant_id" => Revoked::Grant(id),
                _ => return Err(StoreError::Unreadable("kind of revocation")),
            };
            Ok(RevokedEntry { what, exp: row::time(row, "expires_at")?.as_seconds() })
        })?
        .collect()
}
